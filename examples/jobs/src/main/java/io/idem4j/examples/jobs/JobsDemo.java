package io.idem4j.examples.jobs;

import com.github.kagkarlsson.scheduler.ScheduledExecutionsFilter;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.FailureClassifier;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyListener;
import io.idem4j.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs one order on two nodes, over partners that fail, and shows what they were asked and what
 * they did. With a directory, everything is kept there: kill it with {@code kill -9} wherever you
 * like and start it again, and the order goes on behind its last step.
 */
public final class JobsDemo {
  private static final Scope SHOP = Scope.of("shop");
  private static final Duration LEASE = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration BEAT = Duration.ofMillis(500);

  private JobsDemo() {}

  /**
   * Runs the demonstration, which ends by itself.
   *
   * @param arguments a directory, or nothing for a new one; and a JDBC URL of H2 or PostgreSQL, or
   *     nothing for an H2 file in the directory
   */
  public static void main(String[] arguments) throws Exception {
    Path directory =
        arguments.length > 0
            ? Files.createDirectories(Path.of(arguments[0]))
            : Files.createTempDirectory("idem4j-jobs");
    String url = arguments.length > 1 ? arguments[1] : JobDatabase.h2(directory.resolve("jobs"));
    System.out.println("process " + ProcessHandle.current().pid() + ", files in " + directory);
    try (FakePartners partners = new FakePartners(directory.resolve("ledger"));
        HikariDataSource database = JobDatabase.open(url)) {
      if (partners.ledger().isEmpty()) {
        partners.fail(FakePartners.Fault.LOSE_REPLY, "POST charge", 1);
        partners.fail(FakePartners.Fault.LOSE_REPLY, "POST mail", 1);
      }
      partners.delay(Duration.ofSeconds(1)); // Leaves time for a kill between effect and answer.
      List<Scheduler> nodes = new ArrayList<>();
      for (String name : List.of("a", "b")) {
        nodes.add(node(name, database, partners));
      }
      Scheduler client = nodes.get(0);
      client.schedule(new TaskInstance<>("order", "order-1", "order-1"), Instant.now());
      nodes.forEach(Scheduler::start);
      awaitDone(client);
      nodes.forEach(Scheduler::stop);
      System.out.println("the partners' ledger:");
      partners.ledger().forEach(line -> System.out.println("  " + line));
    }
  }

  private static Scheduler node(String name, HikariDataSource database, FakePartners partners) {
    Idempotency idempotency =
        Idempotency.builder(JobDatabase.store(database)).listener(new Printing(name)).build();
    Partners client = new HttpPartners(partners.uri(), Duration.ofSeconds(2));
    Mailing mailing = new Mailing(idempotency, client, LEASE, PAUSE);
    OrderJob order = new OrderJob(idempotency, SHOP, client, mailing, LEASE);
    IdempotentJob<String> job =
        new IdempotentJob<>(
            order.operation(),
            SHOP,
            PAUSE,
            order::run,
            (id, reason) -> System.out.println(name + ": parked " + id + ": " + reason));
    return Node.scheduler(database, name, BEAT, List.of(job.task("order", PAUSE))).build();
  }

  private static void awaitDone(Scheduler client) throws InterruptedException {
    List<Object> left = new ArrayList<>();
    do {
      Thread.sleep(100);
      left.clear();
      client.fetchScheduledExecutions(ScheduledExecutionsFilter.all(), left::add);
    } while (!left.isEmpty());
  }

  /** Prints the events of a node. */
  private record Printing(String node) implements IdempotencyListener {
    private void print(String what, Event event) {
      System.out.println(
          node + ": " + event.operation() + " " + what + ", attempt " + event.attempt());
    }

    @Override
    public void claimed(Event event) {
      print("claimed", event);
    }

    @Override
    public void takenOver(Event event) {
      print("taken over", event);
    }

    @Override
    public void replayed(Event event) {
      print("replayed", event);
    }

    @Override
    public void inFlight(Event event) {
      print("is under way elsewhere", event);
    }

    @Override
    public void inDoubt(Event event) {
      print("is in doubt", event);
    }

    @Override
    public void completed(Event event) {
      print("completed", event);
    }

    @Override
    public void failed(Event event, FailureClassifier.Verdict.Kind kind) {
      print("failed, " + kind, event);
    }
  }
}
