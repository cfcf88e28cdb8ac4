package io.idem4j.jdbc;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;

/** Records, and ways to write them that are not the store's. */
final class Rows {
  /** A key under which {@link #justRefused} calls. */
  static final IdempotencyKey HOT = IdempotencyKey.of(Scope.single(), "op", "hot");

  private Rows() {}

  /** Returns the first claim of a fresh key. */
  static KeyRecord claim() {
    return Samples.locked(Samples.keyId(), Samples.stamp()).build();
  }

  /** Returns the completion of a claim. */
  static KeyRecord completed(KeyRecord claim) {
    return Samples.completed(claim.keyId(), claim.stamp().next())
        .fingerprint(claim.fingerprint())
        .build();
  }

  /** Returns another caller's claim of the same key. */
  static KeyRecord duplicate(KeyRecord first) {
    return Samples.locked(first.keyId(), Samples.stamp()).build();
  }

  /** Claims and completes a fresh key. */
  static KeyRecord done(JdbcKeyStore store) {
    KeyRecord claim = claim();
    KeyRecord done = completed(claim);
    if (!(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim) instanceof CasResult.Applied)
        || !(store.compareAndSet(done.keyId(), claim.stamp(), done) instanceof CasResult.Applied)) {
      throw new AssertionError("a fresh key was refused");
    }
    return done;
  }

  /** Calls under {@link #HOT} until it was refused, and has an answer. */
  static Operation<String> justRefused(Idempotency idempotency) {
    Operation<String> operation =
        idempotency.operation("op", Codec.text(), OperationPolicy.rerun());
    for (int call = 0; call < 2; call++) {
      String answer = operation.execute(HOT, Fingerprint.none(), context -> "x").orElseThrow();
      if (!"x".equals(answer)) {
        throw new AssertionError("the answer of another");
      }
    }
    return operation;
  }

  /** Writes on a connection of the test's, inside whatever transaction it has open. */
  static CasResult write(Connection connection, String table, Stamp expected, KeyRecord next)
      throws SQLException {
    Dialect dialect = Dialect.of(connection);
    Statements statements = dialect.statements(new TableName(table), Duration.ofMillis(200));
    return new RecordTable(dialect, statements)
        .compareAndSet(connection, next.keyId(), expected, next);
  }

  /** Inserts a claim inside whatever transaction a connection of MariaDB has open. */
  static int insert(Connection connection, String table, KeyRecord claim) throws SQLException {
    String sql =
        new MySqlDialect(MySqlServer.of(connection), false)
            .statements(new TableName(table), Duration.ofMillis(200))
            .claim();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      new RecordBinder(statement).keyId(claim.keyId()).record(claim, true).keyId(claim.keyId());
      return statement.executeUpdate();
    }
  }

  /** Builds a store on a table of its own. */
  static JdbcKeyStore store(DataSource dataSource, String table) {
    return JdbcKeyStore.builder(dataSource).table(table).createTableIfMissing().build();
  }
}
