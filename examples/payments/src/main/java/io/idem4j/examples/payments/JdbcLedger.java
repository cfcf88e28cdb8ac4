package io.idem4j.examples.payments;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** A ledger in H2 or PostgreSQL, in the database of the keys. Safe for use by many threads. */
final class JdbcLedger implements Ledger {
  private static final String UNIQUE_VIOLATION = "23505";

  private static final String INSERT_PAYMENT =
      """
      INSERT INTO payment (id, tenant, amount, amount_scale, currency, deleted)
      VALUES (?, ?, ?, ?, ?, FALSE)
      """;
  private static final String SELECT_PAYMENT =
      """
      SELECT amount, amount_scale, currency, deleted FROM payment WHERE id = ? AND tenant = ?
      """;
  private static final String DELETE_PAYMENT =
      """
      UPDATE payment SET deleted = TRUE WHERE id = ? AND tenant = ?
      """;
  private static final String INSERT_ACCOUNT =
      """
      INSERT INTO account (tenant, name, balance) VALUES (?, ?, 0)
      """;
  private static final String SELECT_BALANCE =
      """
      SELECT balance FROM account WHERE tenant = ? AND name = ?
      """;
  private static final String LOCK_BALANCE =
      """
      SELECT balance FROM account WHERE tenant = ? AND name = ? FOR UPDATE
      """;
  private static final String UPDATE_BALANCE =
      """
      UPDATE account SET balance = ? WHERE tenant = ? AND name = ?
      """;
  private static final String SELECT_INCREMENT =
      """
      SELECT balance FROM increment
      WHERE id = ? AND tenant = ? AND account = ? AND increment_by = ?
      """;
  private static final String COUNT_INCREMENT =
      """
      SELECT COUNT(*) FROM increment WHERE id = ?
      """;
  private static final String INSERT_INCREMENT =
      """
      INSERT INTO increment (id, tenant, account, increment_by, balance) VALUES (?, ?, ?, ?, ?)
      """;
  private static final String COUNT_EFFECTS =
      """
      SELECT (SELECT COUNT(*) FROM payment WHERE tenant = ?),
             (SELECT COUNT(*) FROM increment WHERE tenant = ?)
      """;

  private final DataSource dataSource;

  /** Uses the tables in the data source's default schema. See {@link LedgerTables}. */
  JdbcLedger(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  @Override
  public Payment pay(String tenant, Payment payment) throws SQLException, IdTaken {
    try (Connection connection = dataSource.getConnection()) {
      // One statement in auto-commit is a transaction, and id is the primary key.
      if (insert(
          connection,
          INSERT_PAYMENT,
          payment.id(),
          tenant,
          payment.amount(),
          payment.amount().scale(),
          payment.currency())) {
        return payment;
      }
      try (PreparedStatement select = prepare(connection, SELECT_PAYMENT, payment.id(), tenant);
          ResultSet rows = select.executeQuery()) {
        if (!rows.next() || !read(rows, payment.id()).equals(payment)) {
          throw new IdTaken();
        }
        return payment;
      }
    }
  }

  @Override
  public Optional<Payment> payment(String tenant, UUID id) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select = prepare(connection, SELECT_PAYMENT, id, tenant);
        ResultSet rows = select.executeQuery()) {
      return rows.next() && !rows.getBoolean("deleted")
          ? Optional.of(read(rows, id))
          : Optional.empty();
    }
  }

  @Override
  public boolean delete(String tenant, UUID id) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement delete = prepare(connection, DELETE_PAYMENT, id, tenant)) {
      return delete.executeUpdate() == 1;
    }
  }

  @Override
  public long increment(String tenant, String account, UUID id, long by)
      throws SQLException, IdTaken, BalanceOutOfRange {
    try (Connection connection = dataSource.getConnection()) {
      if (number(connection, SELECT_BALANCE, tenant, account).isEmpty()) {
        // Whoever loses this race finds the other's row, which is as good.
        insert(connection, INSERT_ACCOUNT, tenant, account);
      }
      connection.setAutoCommit(false);
      try {
        long balance = incrementOnce(connection, tenant, account, id, by);
        connection.commit();
        return balance;
      } catch (SQLException | IdTaken | BalanceOutOfRange | RuntimeException e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
    }
  }

  /** The row lock makes increments of one account wait for each other, an attempt's re-run too. */
  private static long incrementOnce(
      Connection connection, String tenant, String account, UUID id, long by)
      throws SQLException, IdTaken, BalanceOutOfRange {
    long before =
        number(connection, LOCK_BALANCE, tenant, account)
            .orElseThrow(() -> new SQLException("the account has vanished"));
    Optional<Long> first = number(connection, SELECT_INCREMENT, id, tenant, account, by);
    if (first.isPresent()) {
      return first.get();
    }
    if (number(connection, COUNT_INCREMENT, id).orElse(0L) > 0) {
      throw new IdTaken();
    }
    long balance = Balance.add(before, by);
    requireOne(connection, INSERT_INCREMENT, id, tenant, account, by, balance);
    requireOne(connection, UPDATE_BALANCE, balance, tenant, account);
    return balance;
  }

  @Override
  public long balance(String tenant, String account) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return number(connection, SELECT_BALANCE, tenant, account).orElse(0L);
    }
  }

  @Override
  public Effects effects(String tenant) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement count = prepare(connection, COUNT_EFFECTS, tenant, tenant);
        ResultSet rows = count.executeQuery()) {
      rows.next();
      return new Effects(rows.getLong(1), rows.getLong(2));
    }
  }

  private static Payment read(ResultSet row, UUID id) throws SQLException {
    BigDecimal amount = row.getBigDecimal("amount").setScale(row.getInt("amount_scale"));
    return new Payment(id, amount, row.getString("currency"));
  }

  /** Returns whether the row was inserted; if not, there is one with its key. */
  private static boolean insert(Connection connection, String sql, Object... values)
      throws SQLException {
    try {
      requireOne(connection, sql, values);
      return true;
    } catch (SQLException e) {
      if (UNIQUE_VIOLATION.equals(e.getSQLState())) {
        return false;
      }
      throw e;
    }
  }

  private static Optional<Long> number(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement select = prepare(connection, sql, values);
        ResultSet rows = select.executeQuery()) {
      return rows.next() ? Optional.of(rows.getLong(1)) : Optional.empty();
    }
  }

  private static void requireOne(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, values)) {
      int rows = statement.executeUpdate();
      if (rows != 1) {
        throw new SQLException(rows + " rows were written instead of one");
      }
    }
  }

  private static PreparedStatement prepare(Connection connection, String sql, Object... values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    return statement;
  }
}
