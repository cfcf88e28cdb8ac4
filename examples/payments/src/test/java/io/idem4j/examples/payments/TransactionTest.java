package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.examples.payments.Ledger.Effects;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Half an increment is none, whatever ends it. */
class TransactionTest {
  private final JdbcDataSource h2 = new JdbcDataSource();
  private Connection keeper;
  private boolean isRollbackBroken;

  @BeforeEach
  void open() throws SQLException {
    h2.setURL("jdbc:h2:mem:" + UUID.randomUUID());
    keeper = h2.getConnection();
    LedgerTables.create(keeper);
  }

  @AfterEach
  void close() throws SQLException {
    keeper.close();
  }

  /** The driver's connections, which run out of stack between the two writes of an increment. */
  private DataSource failing() {
    return proxy(
        DataSource.class,
        (method, arguments) -> {
          Connection real = h2.getConnection();
          return proxy(
              Connection.class,
              (name, values) -> {
                if (name.equals("prepareStatement")
                    && values[0].toString().contains("UPDATE acc")) {
                  throw new StackOverflowError();
                }
                if (name.equals("rollback") && isRollbackBroken) {
                  throw new SQLException("broken");
                }
                return call(real, name, values);
              });
        });
  }

  @FunctionalInterface
  private interface Handler {
    Object handle(String method, Object[] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Handler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                handler.handle(method.getName(), arguments == null ? new Object[0] : arguments)));
  }

  private static Object call(Connection real, String name, Object[] values) throws Throwable {
    for (var method : Connection.class.getMethods()) {
      if (method.getName().equals(name)
          && method.getParameterCount() == values.length
          && (values.length != 1 || !method.getParameterTypes()[0].isArray())) {
        try {
          return method.invoke(real, values);
        } catch (InvocationTargetException e) {
          throw e.getCause();
        }
      }
    }
    throw new AssertionError(name);
  }

  private void assertNothingWasAdded() throws Exception {
    Ledger ledger = new JdbcLedger(h2);
    assertThat(ledger.effects("t")).isEqualTo(new Effects(0, 0));
    assertThat(ledger.balance("t", "till")).isZero();
  }

  @Test
  void increment_errorBetweenItsWrites_isRolledBack() throws Exception {
    UUID id = UUID.randomUUID();
    Ledger ledger = new JdbcLedger(failing());
    assertThatThrownBy(() -> ledger.increment("t", "till", id, 5))
        .isInstanceOf(StackOverflowError.class);
    assertNothingWasAdded();
    assertThat(new JdbcLedger(h2).increment("t", "till", id, 5)).isEqualTo(5);
  }

  @Test
  void increment_rollbackFailsToo_isNotCommitted() throws Exception {
    isRollbackBroken = true;
    Ledger ledger = new JdbcLedger(failing());
    assertThatThrownBy(() -> ledger.increment("t", "till", UUID.randomUUID(), 5))
        .isInstanceOf(SQLException.class)
        .hasMessage("broken");
    assertNothingWasAdded();
  }
}
