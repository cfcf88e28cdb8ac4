package io.idem4j.examples.jobs;

import com.github.kagkarlsson.scheduler.task.Task;
import io.idem4j.Idempotency;
import io.idem4j.KeyAdmin;
import java.time.Duration;
import java.util.function.BiConsumer;

/** The order job as one node has it. */
final class OrderNode {
  final Mailing mailing;
  final OrderJob order;
  final IdempotentJob<String> job;

  OrderNode(
      Idempotency idempotency,
      Partners partners,
      Duration lease,
      Duration pause,
      BiConsumer<String, String> parking) {
    mailing = new Mailing(idempotency, partners, lease, pause);
    order = new OrderJob(idempotency, Bench.SHOP, partners, mailing, lease);
    job =
        new IdempotentJob<>(
            order.operation(), Bench.SHOP, pause, order::run, (id, why) -> parking.accept(id, why));
  }

  Task<String> task() {
    return job.task("order", Duration.ofMillis(20));
  }

  KeyAdmin.Inspection inspect(String id) {
    return order
        .operation()
        .admin()
        .inspect(order.operation().key(Bench.SHOP, id).id())
        .orElseThrow();
  }
}
