package io.idem4j.examples.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.ScheduledExecution;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.TaskInstanceId;
import io.idem4j.Fingerprint;
import io.idem4j.Outcome;
import io.idem4j.examples.jobs.FakePartners.Fault;
import io.idem4j.examples.jobs.Watched.Point;
import io.idem4j.spi.KeyState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An order in three steps, on nodes that live. */
@Timeout(60)
final class OrderJobTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final TaskInstanceId JOB = TaskInstanceId.of("order", "order-1");

  @TempDir private Path directory;

  /** Lets nobody past the charge before it is opened. */
  private static final class Gate implements Watched.Watcher {
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch open = new CountDownLatch(1);
    final AtomicInteger runs = new AtomicInteger();

    @Override
    public void at(Point point, String order) {
      if (point == Point.BEFORE_RESERVE) {
        runs.incrementAndGet();
      } else if (point == Point.BEFORE_CHARGE) {
        reached.countDown();
        try {
          if (!open.await(30, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody opened the gate");
          }
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  private static OrderNode node(Bench bench, Partners partners) {
    return new OrderNode(
        bench.idempotency(),
        partners,
        LEASE,
        Bench.PAUSE,
        (id, reason) -> bench.parked.add(id + " " + reason));
  }

  private static void assertOnce(Bench bench) throws Exception {
    for (String service : List.of("reserve", "charge", "mail")) {
      assertThat(bench.partners.count("request", service, "order-1")).as(service).isEqualTo(1);
      assertThat(bench.partners.count("effect", service, "order-1")).as(service).isEqualTo(1);
    }
  }

  /** The heartbeats of a node do not come through, so that another takes its job for abandoned. */
  @ParameterizedTest
  @EnumSource
  void row01_jobRunTwiceInParallel_takesEffectOnce(TestDatabase database) throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Gate gate = new Gate();
      OrderNode first = node(bench, new Watched(bench.client(), gate));
      Scheduler a =
          bench.start(bench.node("a", first.task()).heartbeatInterval(Duration.ofHours(1)));
      Bench.schedule(a, "order", "order-1", "order-1");
      assertThat(gate.reached.await(20, TimeUnit.SECONDS)).isTrue();
      a.pause(); // It takes no other job.

      AtomicInteger secondRuns = new AtomicInteger();
      OrderNode second =
          node(bench, new Watched(bench.client(), (point, order) -> secondRuns.incrementAndGet()));
      Scheduler b = bench.start(bench.node("b", second.task()));
      // Revived, run, and put back: to be run when the first holder's lease is over, were it dead.
      Bench.await("not put back", () -> isPutBack(b));
      assertThat(first.inspect("order-1").state()).isEqualTo(KeyState.LOCKED);
      assertThat(a.getCurrentlyExecuting()).hasSize(1);

      gate.open.countDown();
      Bench.awaitDone(b);
      assertOnce(bench);
      assertThat(secondRuns).hasValue(0);
      assertThat(first.inspect("order-1").attempt()).isEqualTo(1);
      assertThat(bench.parked).isEmpty();
    }
  }

  private static boolean isPutBack(Scheduler scheduler) {
    return scheduler
        .getScheduledExecution(JOB)
        .filter(job -> !job.isPicked())
        .map(ScheduledExecution::getExecutionTime)
        .filter(time -> time.isAfter(Instant.now().plus(LEASE.dividedBy(4))))
        .isPresent();
  }

  @ParameterizedTest
  @EnumSource(names = "H2")
  void row12_row43_jobThatIsUnderWayElsewhere_isPutBackAndIsNoFailure(TestDatabase database)
      throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Gate gate = new Gate();
      OrderNode here = node(bench, new Watched(bench.client(), gate));
      ExecutorService elsewhere = Executors.newSingleThreadExecutor();
      Future<Outcome<String>> running = elsewhere.submit(() -> execute(here));
      assertThat(gate.reached.await(20, TimeUnit.SECONDS)).isTrue();

      Scheduler scheduler = bench.start(bench.node("b", node(bench, bench.client()).task()));
      Bench.schedule(scheduler, "order", "order-1", "order-1");
      Bench.await("not put back", () -> isPutBack(scheduler));
      assertThat(scheduler.getScheduledExecution(JOB).orElseThrow().getConsecutiveFailures())
          .isZero();

      gate.open.countDown();
      assertThat(running.get(20, TimeUnit.SECONDS)).isInstanceOf(Outcome.Executed.class);
      elsewhere.shutdown();
      Bench.awaitDone(scheduler);
      assertOnce(bench);
    }
  }

  private static Outcome<String> execute(OrderNode node) throws Exception {
    return node.order
        .operation()
        .execute(
            Bench.SHOP,
            "order-1",
            Fingerprint.sha256().part("data", "order-1").build(),
            context -> node.order.run("order-1", context));
  }

  @ParameterizedTest
  @EnumSource(names = "POSTGRESQL")
  void row10_manyAtOnceUnderOneKey_oneRuns(TestDatabase database) throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Gate gate = new Gate();
      int callers = 8;
      ExecutorService threads = Executors.newFixedThreadPool(callers);
      List<Future<Outcome<String>>> calls = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        OrderNode node = node(bench, new Watched(bench.client(), gate));
        calls.add(threads.submit(() -> execute(node)));
      }
      // All but one return before that one may go on.
      Bench.await("all wait", () -> calls.stream().filter(Future::isDone).count() == callers - 1);
      gate.open.countDown();
      List<Outcome<String>> outcomes = new ArrayList<>();
      for (Future<Outcome<String>> call : calls) {
        outcomes.add(call.get(20, TimeUnit.SECONDS));
      }
      threads.shutdown();

      assertThat(outcomes).filteredOn(Outcome.Executed.class::isInstance).hasSize(1);
      assertThat(outcomes).filteredOn(Outcome.InFlight.class::isInstance).hasSize(callers - 1);
      assertThat(gate.runs).hasValue(1);
      assertOnce(bench);
    }
  }

  /** Refused, then paid with the answer lost: retries back off, and the bank knows the key. */
  @ParameterizedTest
  @EnumSource
  void row16_bankThatFails_isAskedAgainLaterAndChargesOnce(TestDatabase database) throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      bench.partners.fail(Fault.REFUSE, "POST charge", 3);
      OrderNode node = node(bench, bench.client());
      Scheduler scheduler = bench.start(bench.node("a", node.task()));
      Bench.schedule(scheduler, "order", "order-1", "order-1");
      Bench.await("no failures", () -> bench.partners.refusalsLeft("POST charge") == 0);
      bench.partners.fail(Fault.LOSE_REPLY, "POST charge", 1);
      Bench.awaitDone(scheduler);

      // The step that was done is not repeated by the attempts that follow.
      assertThat(bench.partners.count("request", "reserve", "order-1")).isEqualTo(1);
      assertThat(bench.partners.count("request", "charge", "order-1")).isEqualTo(2);
      assertThat(bench.partners.count("effect", "charge", "order-1")).isEqualTo(1);
      assertThat(bench.partners.count("request", "mail", "order-1")).isEqualTo(1);
      assertThat(node.inspect("order-1").attempt()).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @EnumSource(names = "POSTGRESQL")
  void row40_row41_row42_recordOfAJob_isLockedThenCompletedAndReplayed(TestDatabase database)
      throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Gate gate = new Gate();
      OrderNode node = node(bench, new Watched(bench.client(), gate));
      Scheduler scheduler = bench.start(bench.node("a", node.task()));
      Bench.schedule(scheduler, "order", "order-1", "order-1");
      assertThat(gate.reached.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(node.inspect("order-1").state()).isEqualTo(KeyState.LOCKED);
      gate.open.countDown();
      Bench.awaitDone(scheduler);
      assertThat(node.inspect("order-1").state()).isEqualTo(KeyState.COMPLETED);

      // Scheduled again, it changes nothing; and a caller gets the first receipt.
      Bench.schedule(scheduler, "order", "order-1", "order-1");
      Bench.awaitDone(scheduler);
      assertOnce(bench);
      Outcome<String> again = execute(node(bench, bench.client()));
      assertThat(again).isInstanceOf(Outcome.Replayed.class);
      assertThat(again.orElseThrow()).startsWith("charge-");
      // The order's and the mail's: any operation's records are of one form, in one table.
      assertThat(Outboxes.records(bench.database)).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource(names = "H2")
  void idempotentJob_idUsedForOtherData_isParkedAndNotRun(TestDatabase database) throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Scheduler scheduler = bench.start(bench.node("a", node(bench, bench.client()).task()));
      Bench.schedule(scheduler, "order", "order-1", "order-1");
      Bench.awaitDone(scheduler);
      Bench.schedule(scheduler, "order", "order-1", "order-2");
      Bench.awaitDone(scheduler);
      assertThat(bench.parked).containsExactly("order-1 key-reused");
      assertOnce(bench);
      assertThat(bench.partners.count("request", "reserve", "order-2")).isZero();
    }
  }
}
