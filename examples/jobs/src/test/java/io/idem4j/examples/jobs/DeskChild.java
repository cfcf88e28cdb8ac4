package io.idem4j.examples.jobs;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Idempotency;
import io.idem4j.Outcome;
import io.idem4j.examples.jobs.OrderDesk.Mode;
import io.idem4j.jdbc.JdbcKeyStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * A process that places the same orders as its predecessor, each by a thread of its own, and sends
 * what is in the outbox.
 */
final class DeskChild {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final int RELAYS = 3;

  /** Where an order may be stopped. */
  enum Point {
    /** The order is written, the message is not. */
    HALF_WRITTEN,
    /** Order, message and completion are written, and not committed. */
    WRITTEN,
    /** They are committed, and nobody knows. */
    COMMITTED,
    /** The message is sent, and that is not noted. */
    SENT
  }

  private DeskChild() {}

  static List<String> orders() {
    List<String> orders = new ArrayList<>();
    for (Mode mode : Mode.values()) {
      for (Point point : Point.values()) {
        orders.add(mode + "-" + point);
      }
    }
    return orders;
  }

  /** Works until it is killed, or its parent is gone. */
  public static void main(String[] arguments) throws Exception {
    Child.haltWithParent();
    Map<String, String> stops = Child.stops(arguments);
    HikariDataSource pool = JobDatabase.open(arguments[0]);
    ThreadLocal<String> order = new ThreadLocal<>();
    DataSource database = watched(pool, point -> Child.stopAt(stops, point, order.get()));
    JdbcKeyStore store = JobDatabase.store(database);
    OrderDesk desk = new OrderDesk(store, Idempotency.builder(store).build(), Bench.SHOP, LEASE);

    ExecutorService threads = Executors.newCachedThreadPool();
    List<Future<?>> placed = new ArrayList<>();
    for (String number : orders()) {
      placed.add(
          threads.submit(
              () -> {
                order.set(number);
                Mode mode = Mode.valueOf(number.split("-", 2)[0]);
                System.out.println(number + " " + place(desk, mode, number));
                return null;
              }));
    }
    Partners warehouse = new HttpPartners(URI.create(arguments[1]), Bench.TIMEOUT);
    for (int relay = 0; relay < RELAYS; relay++) {
      threads.execute(() -> relayAll(pool, warehouse, stops));
    }
    for (Future<?> each : placed) {
      each.get();
    }
    Bench.await("messages are left", () -> Outboxes.unsent(pool) == 0);
    System.out.println("done");
    while (true) {
      LockSupport.park();
    }
  }

  private static String place(OrderDesk desk, Mode mode, String number) throws Exception {
    Outcome<String> outcome = desk.place(mode, number);
    while (outcome instanceof Outcome.InFlight<String> inFlight) {
      Thread.sleep(Math.min(100, inFlight.retryAfter().toMillis()));
      outcome = desk.place(mode, number);
    }
    return outcome.getClass().getSimpleName();
  }

  private static void relayAll(DataSource pool, Partners warehouse, Map<String, String> stops) {
    Outbox.Sender sender =
        (id, text) -> {
          warehouse.reserve(id.toString(), text);
          Child.stopAt(stops, Point.SENT, text);
        };
    try {
      while (true) {
        if (!Outbox.relay(pool, sender)) {
          Thread.sleep(20);
        }
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Told where a thread is. */
  private interface Watcher {
    void at(Point point);
  }

  private static DataSource watched(DataSource pool, Watcher watcher) {
    return proxy(
        DataSource.class,
        (method, arguments, target) -> {
          Object result = target.run();
          return result instanceof Connection connection ? watched(connection, watcher) : result;
        },
        pool);
  }

  private static Connection watched(Connection connection, Watcher watcher) {
    return proxy(
        Connection.class,
        (method, arguments, target) -> {
          if (method.equals("prepareStatement")
              && arguments[0].toString().startsWith("INSERT INTO outbox")) {
            watcher.at(Point.HALF_WRITTEN);
          } else if (method.equals("commit")) {
            watcher.at(Point.WRITTEN);
          }
          Object result = target.run();
          if (method.equals("commit")) {
            watcher.at(Point.COMMITTED);
          }
          return result;
        },
        connection);
  }

  private interface Target {
    Object run() throws Throwable;
  }

  private interface Around {
    Object call(String method, Object[] arguments, Target target) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Around around, T delegate) {
    return type.cast(
        Proxy.newProxyInstance(
            DeskChild.class.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                around.call(
                    method.getName(),
                    arguments,
                    () -> {
                      try {
                        return method.invoke(delegate, arguments);
                      } catch (InvocationTargetException e) {
                        throw e.getCause();
                      }
                    })));
  }
}
