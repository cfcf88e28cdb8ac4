package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyAdmin;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.RecordedFailure;
import io.idem4j.Scope;
import io.idem4j.spi.KeyState;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** A store, an operation on it, and a business table in which effects are counted. */
final class TransactionScene {
  static final Fingerprint REQUEST = Fingerprint.sha256().part("body", new byte[0]).build();

  /** A failure that is declared to be an answer. */
  static final class Declined extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** A failure that is declared to be a doubt. */
  static final class Doubtful extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** A failure about which nothing is declared. */
  static final class Broken extends Exception {
    private static final long serialVersionUID = 1L;
  }

  final TransactionWay way;
  final String table = Sql.freshTable();
  final String effects = "effects_" + table;
  final DataSource dataSource;
  final JdbcKeyStore store;
  final JdbcTransactions transactions;
  final Idempotency idempotency;
  final Operation<String> operation;

  /** On the way's shared pool. */
  TransactionScene(TransactionWay way) {
    this(way, way.pool(), policy());
  }

  TransactionScene(TransactionWay way, DataSource dataSource, OperationPolicy policy) {
    this.way = way;
    this.dataSource = dataSource;
    this.store = way.store(dataSource, table);
    this.transactions = store.transactions();
    this.idempotency = Idempotency.builder(store).build();
    this.operation = idempotency.operation("book", Codec.text(), policy);
    Sql.run(
        way.pool(),
        "CREATE TABLE " + effects + " (id VARCHAR(40) PRIMARY KEY, about VARCHAR(60) NOT NULL)");
  }

  static OperationPolicy policy() {
    return OperationPolicy.rerun()
        .withLease(Duration.ofSeconds(20))
        .withStoreDeadline(Duration.ofMillis(600))
        .withClassifier(TransactionScene::classify);
  }

  private static Verdict classify(Throwable failure) {
    if (failure instanceof Declined) {
      return Verdict.isFinal(
          new RecordedFailure("declined", "no".getBytes(StandardCharsets.UTF_8)));
    }
    return failure instanceof Doubtful ? Verdict.inDoubt() : Verdict.retryable();
  }

  /** Returns a pool of its own. */
  static HikariDataSource pool(TransactionWay way, int size) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(way.plain());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    // By it a closing pool waits for what it still connects, too.
    config.setConnectionTimeout(1_500);
    return new HikariDataSource(config);
  }

  IdempotencyKey key() {
    return operation.key(Scope.single(), UUID.randomUUID().toString());
  }

  /** Makes the effect of a key, once more. */
  String book(Connection connection, IdempotencyKey key) throws SQLException {
    insert(connection, about(key));
    return "booked";
  }

  void insert(Connection connection, String about) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("INSERT INTO " + effects + " VALUES (?, ?)")) {
      statement.setString(1, UUID.randomUUID().toString());
      statement.setString(2, about);
      statement.executeUpdate();
    }
  }

  static String about(IdempotencyKey key) {
    return key.id().shortDigest();
  }

  /** Counts the committed effects of a key. */
  int effects(IdempotencyKey key) {
    return effects(about(key));
  }

  int effects(String about) {
    return Integer.parseInt(
        Sql.ask(way.pool(), "SELECT count(*) FROM " + effects + " WHERE about = '" + about + "'"));
  }

  /** Returns the committed state of a key, or NEW. */
  KeyState state(IdempotencyKey key) {
    return operation.admin().inspect(key.id()).map(KeyAdmin.Inspection::state).orElse(KeyState.NEW);
  }

  /** Opens a transaction as a caller does. */
  Connection begin() throws SQLException {
    Connection connection = way.pool().getConnection();
    Dialect.of(connection).isolation(connection, Connection.TRANSACTION_READ_COMMITTED);
    connection.setAutoCommit(false);
    return connection;
  }

  Optional<String> lockTimeout(Connection connection) throws SQLException {
    return Dialect.ask(connection, way.lockTimeout());
  }

  /** Asks the server: MariaDB's driver only tells what it last heard. */
  boolean isReadCommitted(Connection connection) throws SQLException {
    return Dialect.of(connection).isolation(connection) == Connection.TRANSACTION_READ_COMMITTED;
  }
}
