package io.idem4j.examples.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Idempotency;
import io.idem4j.Outcome;
import io.idem4j.examples.jobs.DeskChild.Point;
import io.idem4j.examples.jobs.FakePartners.Fault;
import io.idem4j.examples.jobs.OrderDesk.Mode;
import io.idem4j.jdbc.JdbcKeyStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An order, its message and the completion are committed together, in both modes. */
@Timeout(60)
final class OutboxTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void row45_killedAtEachPlace_oneMessageRowPerKeyAndOneTaken(TestDatabase database)
      throws Exception {
    String url = database.create(directory);
    try (FakePartners partners = new FakePartners(directory.resolve("ledger"))) {
      Map<String, Point> stops = new HashMap<>();
      for (String order : DeskChild.orders()) {
        stops.put(order, point(order));
      }
      // One at a time: H2's SKIP LOCKED passes over all messages while one is being sent.
      stops.remove("JOINED-SENT");
      try (Child child = Child.start(DeskChild.class, url, partners.uri().toString(), stops)) {
        awaitStops(child, stops);
      }
      Map<String, String> outcomes = new HashMap<>();
      try (Child child = Child.start(DeskChild.class, url, partners.uri().toString(), Map.of())) {
        for (String line = child.line(); !line.equals("done"); line = child.line()) {
          String[] words = line.split(" ", 2);
          outcomes.put(words[0], words[1]);
        }
      }

      try (HikariDataSource pool = JobDatabase.open(url)) {
        for (String order : DeskChild.orders()) {
          assertThat(Outboxes.orders(pool, order)).as("orders %s", order).isEqualTo(1);
          assertThat(Outboxes.messages(pool, order)).as("messages %s", order).isEqualTo(1);
          assertThat(partners.count("effect", "reserve", order)).as("taken %s", order).isEqualTo(1);
          assertThat(outcomes.get(order))
              .as(order)
              .isEqualTo(isCommitted(point(order)) ? "Replayed" : "Executed");
        }
        // The relay that died had sent it: sent again, with the same id.
        assertThat(partners.count("request", "reserve", "ATOMIC-SENT")).isEqualTo(2);
      }
    }
  }

  private static Point point(String order) {
    return Point.valueOf(order.split("-", 2)[1]);
  }

  private static boolean isCommitted(Point point) {
    return point == Point.COMMITTED || point == Point.SENT;
  }

  /** Those that do not stop on their way say that they are placed. */
  private static void awaitStops(Child child, Map<String, Point> stops) throws IOException {
    List<String> awaited = new ArrayList<>(List.of("ATOMIC-SENT Executed", "JOINED-SENT Executed"));
    stops.forEach((order, point) -> awaited.add(order + "=" + point));
    while (!awaited.isEmpty()) {
      String line = child.line();
      assertThat(awaited.remove(line)).as(line).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void row45_manyAtOnceUnderOneKey_oneOrderAndOneMessage(TestDatabase database) throws Exception {
    try (HikariDataSource pool = JobDatabase.open(database.create(directory))) {
      JdbcKeyStore store = JobDatabase.store(pool);
      int callers = 4;
      ExecutorService threads = Executors.newFixedThreadPool(callers);
      for (Mode mode : Mode.values()) {
        CyclicBarrier together = new CyclicBarrier(callers);
        List<Future<Outcome<String>>> calls = new ArrayList<>();
        for (int caller = 0; caller < callers; caller++) {
          calls.add(
              threads.submit(
                  () -> {
                    together.await(20, TimeUnit.SECONDS);
                    return desk(store).place(mode, mode.name());
                  }));
        }
        int executed = 0;
        for (Future<Outcome<String>> call : calls) {
          executed += call.get(20, TimeUnit.SECONDS) instanceof Outcome.Executed ? 1 : 0;
        }
        assertThat(executed).as("%s", mode).isEqualTo(1);
        assertThat(Outboxes.orders(pool, mode.name())).as("%s", mode).isEqualTo(1);
        assertThat(Outboxes.messages(pool, mode.name())).as("%s", mode).isEqualTo(1);
      }
      threads.shutdown();
    }
  }

  @ParameterizedTest
  @EnumSource(names = "H2")
  void relay_answerIsLost_theMessageIsSentAgainAndTakenOnce(TestDatabase database)
      throws Exception {
    try (HikariDataSource pool = JobDatabase.open(database.create(directory));
        FakePartners partners = new FakePartners(directory.resolve("ledger"))) {
      desk(JobDatabase.store(pool)).place(Mode.ATOMIC, "order-1");
      partners.fail(Fault.LOSE_REPLY, "POST reserve", 1);
      Partners warehouse = new HttpPartners(partners.uri(), Bench.TIMEOUT);
      Outbox.Sender sender = (id, text) -> warehouse.reserve(id.toString(), text);

      assertThatThrownBy(() -> Outbox.relay(pool, sender)).isInstanceOf(IOException.class);
      assertThat(Outbox.relay(pool, sender)).isTrue();
      assertThat(Outbox.relay(pool, sender)).isFalse();
      assertThat(partners.count("request", "reserve", "order-1")).isEqualTo(2);
      assertThat(partners.count("effect", "reserve", "order-1")).isEqualTo(1);
    }
  }

  private static OrderDesk desk(JdbcKeyStore store) {
    return new OrderDesk(
        store, Idempotency.builder(store).build(), Bench.SHOP, Duration.ofSeconds(3));
  }
}
