package io.idem4j.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import javax.sql.DataSource;

/**
 * A data source in front of a real one that notes what reaches the driver and may let it fail: a
 * fault of the driver or the network, at a known place. Safe for use by many threads while its
 * script does not change.
 */
final class ScriptedDataSource extends BareDataSource {
  /** Something that happens before or after a call reaches the driver. */
  @FunctionalInterface
  interface Script {
    void run(String call) throws SQLException;
  }

  private volatile DataSource target;
  private volatile Script before = call -> {};
  private volatile Script after = call -> {};
  private volatile Consumer<Connection> onCheckout = connection -> {};
  private final List<String> calls = Collections.synchronizedList(new ArrayList<>());

  ScriptedDataSource(DataSource target) {
    this.target = target;
  }

  /** Leads new connections elsewhere. */
  void leadTo(DataSource elsewhere) {
    this.target = elsewhere;
  }

  /** Runs before each call that talks to the database; a throw keeps it from being sent. */
  void before(Script script) {
    this.before = script;
  }

  /** Runs after each call that talked to the database; a throw loses its answer. */
  void after(Script script) {
    this.after = script;
  }

  /** Runs on each connection before it is handed out: a pool that does not clean. */
  void onCheckout(Consumer<Connection> change) {
    this.onCheckout = change;
  }

  /** Returns the calls that talked to the database since the last time, and forgets them. */
  List<String> takeCalls() {
    synchronized (calls) {
      List<String> taken = List.copyOf(calls);
      calls.clear();
      return taken;
    }
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = target.getConnection();
    onCheckout.accept(connection);
    return wrap(Connection.class, connection);
  }

  private <T> T wrap(Class<T> type, Object real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              String name = method.getName();
              boolean talks =
                  real instanceof Statement
                      ? name.startsWith("execute")
                      : switch (name) {
                        case "commit",
                            "rollback",
                            "abort",
                            "setSavepoint",
                            "releaseSavepoint",
                            "getTransactionIsolation",
                            "setTransactionIsolation" ->
                            true;
                        default -> false;
                      };
              try {
                if (talks) {
                  calls.add(name);
                  before.run(name);
                }
                Object result = method.invoke(real, arguments);
                if (talks) {
                  after.run(name);
                }
                return result instanceof Statement ? wrap(method.getReturnType(), result) : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
