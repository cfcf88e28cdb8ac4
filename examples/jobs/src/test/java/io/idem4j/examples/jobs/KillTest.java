package io.idem4j.examples.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Idempotency;
import io.idem4j.KeyAdmin;
import io.idem4j.examples.jobs.Watched.Point;
import io.idem4j.spi.KeyState;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nodes that are killed with SIGKILL, over partners that live on. */
@Timeout(90)
final class KillTest {
  @TempDir private Path directory;

  private FakePartners partners;

  @BeforeEach
  void start() throws Exception {
    partners = new FakePartners(directory.resolve("ledger"));
  }

  @AfterEach
  void stop() {
    partners.close();
  }

  /** Where a job is killed next that was killed at a point; this one is not killed again. */
  private static Point next(Point point) {
    return switch (point) {
      case BEFORE_RESERVE -> Point.RESERVED;
      case RESERVED -> Point.CHARGED;
      case BEFORE_CHARGE -> Point.BEFORE_MAIL;
      case CHARGED, BEFORE_MAIL -> Point.MAILED;
      case MAILED, MAIL_RECORDED, COMPLETED -> Point.COMPLETED;
    };
  }

  @ParameterizedTest
  @EnumSource
  void row44_killedAtEachPlaceTwice_resumesAtTheRightStepInANewProcess(TestDatabase database)
      throws Exception {
    String url = database.create(directory);
    Map<String, Point> first = new HashMap<>();
    Map<String, Point> second = new HashMap<>();
    for (Point point : Point.values()) {
      first.put("order-" + point, point);
      // What is completed already comes to no point any more.
      if (point != Point.COMPLETED) {
        second.put("order-" + point, next(point));
      }
    }
    schedule(url, first.keySet());
    killAt(url, first);
    killAt(url, second);
    finish(url);

    for (Point point : Point.values()) {
      assertLedger(url, "order-" + point, EnumSet.of(point, next(point)));
    }
  }

  /** The step that was under way runs again, once for each kill inside of it; no other does. */
  private void assertLedger(String url, String order, Set<Point> kills) throws Exception {
    assertCount(order, "reserve", kills, kills.contains(Point.RESERVED) ? 2 : 1);
    assertCount(order, "charge", kills, kills.contains(Point.CHARGED) ? 2 : 1);
    // Here the recovery was asked, and no second request was sent.
    assertCount(order, "mail", kills, 1);
    long unfinished = kills.stream().filter(point -> point != Point.COMPLETED).count();
    // The lease of the mail may outlast that of the order: an attempt that meets it is put back.
    long inMail =
        kills.stream().filter(EnumSet.of(Point.BEFORE_MAIL, Point.MAILED)::contains).count();
    assertThat((long) attempts(url, order))
        .as("killed at %s", kills)
        .isBetween(1 + unfinished, 1 + unfinished + inMail);
  }

  private void assertCount(String order, String service, Set<Point> kills, long requests)
      throws Exception {
    assertThat(partners.count("effect", service, order))
        .as("effects of %s, killed at %s", service, kills)
        .isEqualTo(1);
    assertThat(partners.count("request", service, order))
        .as("requests to %s, killed at %s", service, kills)
        .isEqualTo(requests);
  }

  private static void schedule(String url, Collection<String> orders) throws Exception {
    try (HikariDataSource database = JobDatabase.open(url)) {
      Scheduler client = Node.scheduler(database, "client", Bench.BEAT, List.of()).build();
      for (String order : orders) {
        Bench.schedule(client, "order", order, order);
      }
    }
  }

  /** Runs a node until each of these jobs is where it stops, and kills it then. */
  private void killAt(String url, Map<String, Point> stops) throws Exception {
    try (Child child = start(url, stops)) {
      child.awaitStops(stops);
    }
  }

  private void finish(String url) throws Exception {
    try (Child child = start(url, Map.of())) {
      assertThat(child.line()).isEqualTo("done");
    }
  }

  private Child start(String url, Map<String, Point> stops) throws Exception {
    return Child.start(WorkerChild.class, url, partners.uri().toString(), stops);
  }

  private int attempts(String url, String order) throws Exception {
    try (HikariDataSource database = JobDatabase.open(url)) {
      Idempotency idempotency = Idempotency.builder(JobDatabase.store(database)).build();
      OrderNode node =
          new OrderNode(
              idempotency,
              new HttpPartners(partners.uri(), Bench.TIMEOUT),
              Bench.TIMEOUT,
              Bench.PAUSE,
              (id, reason) -> {});
      KeyAdmin.Inspection record = node.inspect(order);
      assertThat(record.state()).isEqualTo(KeyState.COMPLETED);
      return record.attempt();
    }
  }
}
