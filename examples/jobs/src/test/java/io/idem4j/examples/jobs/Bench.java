package io.idem4j.examples.jobs;

import com.github.kagkarlsson.scheduler.ScheduledExecutionsFilter;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Idempotency;
import io.idem4j.Scope;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/** Database, partners, and nodes of one process, for tests. */
final class Bench implements AutoCloseable {
  static final Scope SHOP = Scope.of("shop");
  static final Duration BEAT = Duration.ofMillis(50);
  static final Duration PAUSE = Duration.ofMillis(100);
  static final Duration TIMEOUT = Duration.ofSeconds(10);

  final HikariDataSource database;
  final FakePartners partners;
  final ConcurrentLinkedQueue<String> parked = new ConcurrentLinkedQueue<>();
  private final List<Scheduler> schedulers = new ArrayList<>();

  Bench(TestDatabase kind, Path directory) throws Exception {
    this.database = JobDatabase.open(kind.create(directory));
    this.partners = new FakePartners(directory.resolve("ledger"));
  }

  /** Returns an instance as another node would have it. */
  Idempotency idempotency() {
    return Idempotency.builder(JobDatabase.store(database)).build();
  }

  HttpPartners client() {
    return new HttpPartners(partners.uri(), TIMEOUT);
  }

  SchedulerBuilder node(String name, Task<?>... tasks) {
    return Node.scheduler(database, name, BEAT, List.of(tasks));
  }

  /** Starts a node, which is stopped at the end. */
  Scheduler start(SchedulerBuilder node) {
    Scheduler scheduler = node.build();
    schedulers.add(scheduler);
    scheduler.start();
    return scheduler;
  }

  static void schedule(Scheduler scheduler, String task, String id, String data) {
    scheduler.schedule(new TaskInstance<>(task, id, data), Instant.now());
  }

  /** Waits until the scheduler has no job. */
  static void awaitDone(Scheduler scheduler) throws InterruptedException {
    await("jobs are left", () -> isIdle(scheduler));
  }

  static boolean isIdle(Scheduler scheduler) {
    List<Object> left = new ArrayList<>();
    scheduler.fetchScheduledExecutions(ScheduledExecutionsFilter.all(), left::add);
    return left.isEmpty() && scheduler.getCurrentlyExecuting().isEmpty();
  }

  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    for (int time = 0; time < 1_500 && !condition.getAsBoolean(); time++) {
      Thread.sleep(20);
    }
    if (!condition.getAsBoolean()) {
      throw new AssertionError(what);
    }
  }

  @Override
  public void close() throws SQLException {
    schedulers.forEach(Scheduler::stop);
    database.close();
    partners.close();
  }
}
