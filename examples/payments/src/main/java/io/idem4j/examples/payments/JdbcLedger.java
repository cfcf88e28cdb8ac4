package io.idem4j.examples.payments;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** A ledger in H2, PostgreSQL or MariaDB. Safe for use by many threads. */
final class JdbcLedger implements Ledger {
  private static final String INSERT_PAYMENT =
      """
      INSERT INTO payment (id, tenant, amount, amount_scale, currency, deleted)
      VALUES (?, ?, ?, ?, ?, FALSE)
      """;
  private static final String SELECT_PAYMENT =
      """
      SELECT amount, amount_scale, currency, deleted FROM payment WHERE id = ? AND tenant = ?
      """;
  private static final String COUNT_PAYMENT =
      """
      SELECT COUNT(*) FROM payment WHERE id = ? AND tenant = ?
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
      if (Sql.insert(
          connection,
          INSERT_PAYMENT,
          payment.id(),
          tenant,
          payment.amount(),
          payment.amount().scale(),
          payment.currency())) {
        return payment;
      }
      if (!isMade(connection, tenant, payment)) {
        throw new IdTaken();
      }
      return payment;
    }
  }

  @Override
  public void check(String tenant, Payment payment) throws SQLException, IdTaken {
    try (Connection connection = dataSource.getConnection()) {
      isMade(connection, tenant, payment);
    }
  }

  private static boolean isMade(Connection connection, String tenant, Payment payment)
      throws SQLException, IdTaken {
    try (PreparedStatement select = Sql.prepare(connection, SELECT_PAYMENT, payment.id(), tenant);
        ResultSet rows = select.executeQuery()) {
      if (!rows.next()) {
        return false;
      }
      if (!read(rows, payment.id()).equals(payment)) {
        throw new IdTaken();
      }
      return true;
    }
  }

  @Override
  public Optional<Payment> payment(String tenant, UUID id) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select = Sql.prepare(connection, SELECT_PAYMENT, id, tenant);
        ResultSet rows = select.executeQuery()) {
      return rows.next() && !rows.getBoolean("deleted")
          ? Optional.of(read(rows, id))
          : Optional.empty();
    }
  }

  @Override
  public boolean delete(String tenant, UUID id) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement delete = Sql.prepare(connection, DELETE_PAYMENT, id, tenant)) {
      // With useAffectedRows=true, MariaDB does not count a row that was marked before.
      return delete.executeUpdate() == 1
          || Sql.number(connection, COUNT_PAYMENT, id, tenant).orElse(0L) == 1;
    }
  }

  @Override
  public long increment(String tenant, String account, UUID id, long by)
      throws SQLException, IdTaken, BalanceOutOfRange {
    try (Connection connection = dataSource.getConnection()) {
      if (Sql.number(connection, SELECT_BALANCE, tenant, account).isEmpty()) {
        // Whoever loses this race finds the other's row, which is as good.
        Sql.insert(connection, INSERT_ACCOUNT, tenant, account);
      }
      return Sql.<Long, IdTaken, BalanceOutOfRange>inTransaction(
          connection, () -> incrementOnce(connection, tenant, account, id, by));
    }
  }

  @Override
  public void checkIncrement(String tenant, String account, UUID id, long by)
      throws SQLException, IdTaken {
    try (Connection connection = dataSource.getConnection()) {
      made(connection, tenant, account, id, by);
    }
  }

  /** Returns the balance right after an increment that was made before; empty if it was not. */
  private static Optional<Long> made(
      Connection connection, String tenant, String account, UUID id, long by)
      throws SQLException, IdTaken {
    Optional<Long> balance = Sql.number(connection, SELECT_INCREMENT, id, tenant, account, by);
    if (balance.isEmpty() && Sql.number(connection, COUNT_INCREMENT, id).orElse(0L) > 0) {
      throw new IdTaken();
    }
    return balance;
  }

  /** The row lock makes increments of one account wait for each other, an attempt's re-run too. */
  private static long incrementOnce(
      Connection connection, String tenant, String account, UUID id, long by)
      throws SQLException, IdTaken, BalanceOutOfRange {
    long before =
        Sql.number(connection, LOCK_BALANCE, tenant, account)
            .orElseThrow(() -> new SQLException("the account has vanished"));
    Optional<Long> first = made(connection, tenant, account, id, by);
    if (first.isPresent()) {
      return first.get();
    }
    long balance = Balance.add(before, by);
    Sql.requireOne(connection, INSERT_INCREMENT, id, tenant, account, by, balance);
    if (balance != before) {
      Sql.requireOne(connection, UPDATE_BALANCE, balance, tenant, account);
    }
    return balance;
  }

  @Override
  public long balance(String tenant, String account) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return Sql.number(connection, SELECT_BALANCE, tenant, account).orElse(0L);
    }
  }

  @Override
  public Effects effects(String tenant) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement count = Sql.prepare(connection, COUNT_EFFECTS, tenant, tenant);
        ResultSet rows = count.executeQuery()) {
      rows.next();
      return new Effects(rows.getLong(1), rows.getLong(2));
    }
  }

  private static Payment read(ResultSet row, UUID id) throws SQLException {
    BigDecimal amount = row.getBigDecimal("amount").setScale(row.getInt("amount_scale"));
    return new Payment(id, amount, row.getString("currency"));
  }
}
