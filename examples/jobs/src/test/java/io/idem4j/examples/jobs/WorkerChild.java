package io.idem4j.examples.jobs;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.IdempotencyListener;
import io.idem4j.examples.jobs.Watched.Point;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** The process of a node. It is done when none stops and no job is left. */
final class WorkerChild {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration BEAT = Duration.ofMillis(100);

  private WorkerChild() {}

  /** Works until it is killed, or its parent is gone. */
  public static void main(String[] arguments) throws Exception {
    Child.haltWithParent();
    Map<String, String> stops = Child.stops(arguments);
    Watched.Watcher watcher = (point, order) -> Child.stopAt(stops, point, order);
    HikariDataSource database = JobDatabase.open(arguments[0]);
    Completions completions = new Completions(watcher, new ConcurrentHashMap<>());
    Idempotency idempotency =
        Idempotency.builder(JobDatabase.store(database)).listener(completions).build();
    OrderNode node =
        new OrderNode(
            idempotency,
            new Watched(new HttpPartners(URI.create(arguments[1]), Bench.TIMEOUT), watcher),
            LEASE,
            Bench.PAUSE,
            (id, reason) -> System.out.println("parked " + id + " " + reason));
    for (String order : stops.keySet()) {
      completions.expect(node.order.operation().key(Bench.SHOP, order), order);
      completions.expect(node.mailing.operation().key(Bench.SHOP, order), order);
    }
    String name = "node-" + ProcessHandle.current().pid();
    Scheduler scheduler = Node.scheduler(database, name, BEAT, List.of(node.task())).build();
    scheduler.start();
    if (stops.isEmpty()) {
      Bench.awaitDone(scheduler);
      System.out.println("done");
    }
    while (true) {
      LockSupport.park();
    }
  }

  /** Tells of completions; an event bears the digest of a key and not the order. */
  private record Completions(Watched.Watcher watcher, Map<String, String> orders)
      implements IdempotencyListener {
    void expect(IdempotencyKey key, String order) {
      orders.put(key.id().shortDigest(), order);
    }

    @Override
    public void completed(Event event) {
      String order = orders.get(event.key());
      if (order != null) {
        boolean isMail = event.operation().equals("mail");
        watcher.at(isMail ? Point.MAIL_RECORDED : Point.COMPLETED, order);
      }
    }
  }
}
