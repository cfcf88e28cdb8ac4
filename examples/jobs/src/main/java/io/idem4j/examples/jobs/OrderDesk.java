package io.idem4j.examples.jobs;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.jdbc.JdbcKeyStore;
import io.idem4j.jdbc.JdbcTransactions;
import io.idem4j.jdbc.TransactionalAction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Takes orders: the order, a message that says so, and the completion of the key are committed
 * together, or none of them is. So neither table needs a unique key to keep retries apart, and they
 * have none here.
 */
final class OrderDesk {
  /** In which transactions: see {@link JdbcTransactions}. */
  enum Mode {
    /** One, with the claim: for what is done at once. */
    ATOMIC,
    /** The claim in one before: for what takes its time, such as a question to somebody else. */
    JOINED
  }

  private final JdbcTransactions transactions;
  private final Operation<String> operation;
  private final Scope scope;

  OrderDesk(JdbcKeyStore store, Idempotency idempotency, Scope scope, Duration lease) {
    this.transactions = store.transactions();
    this.scope = scope;
    this.operation =
        idempotency.operation(
            "place order", Codec.text(), OperationPolicy.rerun().withLease(lease));
  }

  /**
   * Places an order, once per number.
   *
   * @throws SQLException if it could not be placed; nothing of it was committed
   */
  Outcome<String> place(Mode mode, String number) throws SQLException {
    IdempotencyKey key = operation.key(scope, number);
    Fingerprint fingerprint = Fingerprint.sha256().part("number", number).build();
    TransactionalAction<String, SQLException> action =
        (connection, context) -> {
          insert(connection, number);
          Outbox.add(connection, number);
          return "placed " + number;
        };
    return mode == Mode.ATOMIC
        ? transactions.atomic(operation, key, fingerprint, action)
        : transactions.joined(operation, key, fingerprint, action);
  }

  private static void insert(Connection connection, String number) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO orders (number) VALUES (?)")) {
      insert.setString(1, number);
      insert.executeUpdate();
    }
  }
}
