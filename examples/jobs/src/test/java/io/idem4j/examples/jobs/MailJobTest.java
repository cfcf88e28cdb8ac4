package io.idem4j.examples.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.FailureHandler;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.idem4j.Fingerprint;
import io.idem4j.KeyAdmin;
import io.idem4j.Outcome;
import io.idem4j.examples.jobs.FakePartners.Fault;
import io.idem4j.spi.KeyState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A job that sends one mail, through a service that would send each again. */
@Timeout(60)
final class MailJobTest {
  private static final Duration LEASE = Duration.ofSeconds(2);

  @TempDir private Path directory;

  private IdempotentJob<@Nullable Void> job(Bench bench, Mailing mailing) {
    return new IdempotentJob<>(
        mailing.operation(),
        Bench.SHOP,
        Bench.PAUSE,
        mailing::send,
        (id, reason) -> bench.parked.add(id + " " + reason));
  }

  /** The runner does not come to note that the job is done, nine times in a row. */
  @ParameterizedTest
  @EnumSource
  void row02_tenRetriesSendOneMail(TestDatabase database) throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Mailing mailing = new Mailing(bench.idempotency(), bench.client(), LEASE, Bench.PAUSE);
      IdempotentJob<@Nullable Void> job = job(bench, mailing);
      AtomicInteger runs = new AtomicInteger();
      CustomTask<String> task =
          Tasks.custom("mail", String.class)
              .onFailure(
                  new FailureHandler.ExponentialBackoffFailureHandler<>(Duration.ofMillis(5), 1.5))
              .execute(
                  (instance, context) -> {
                    CompletionHandler<String> end = job.execute(instance, context);
                    if (runs.incrementAndGet() < 10) {
                      throw new IllegalStateException("the runner forgets");
                    }
                    return end;
                  });
      Scheduler node = bench.start(bench.node("a", task));
      Bench.schedule(node, "mail", "order-1", "order-1 shipped");
      Bench.awaitDone(node);

      assertThat(runs).hasValue(10);
      assertThat(bench.partners.count("request", "mail", "order-1")).isEqualTo(1);
      // The record says that it was done, and with what answer: nothing.
      Outcome<@Nullable Void> again =
          mailing
              .operation()
              .execute(
                  Bench.SHOP,
                  "order-1",
                  Fingerprint.sha256().part("data", "order-1 shipped").build(),
                  context -> {
                    throw new AssertionError("run again");
                  });
      assertThat(again).isInstanceOf(Outcome.Replayed.class);
      // Would throw if the answer, nothing, had not been kept.
      assertThat(again.orElseThrow()).isNull();
    }
  }

  /** Nobody knows whether the mail was sent, and the service that would know is down for long. */
  @ParameterizedTest
  @EnumSource
  void row02_tenRetriesSendOneMail_whoseReplyWasLost(TestDatabase database) throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Mailing mailing =
          new Mailing(bench.idempotency(), bench.client(), LEASE, Duration.ofMillis(20));
      IdempotentJob<@Nullable Void> job = job(bench, mailing);
      AtomicInteger runs = new AtomicInteger();
      CustomTask<String> task =
          Tasks.custom("mail", String.class)
              .onFailure(
                  new FailureHandler.ExponentialBackoffFailureHandler<>(Duration.ofMillis(5), 1.5))
              .execute(
                  (instance, context) -> {
                    runs.incrementAndGet();
                    return job.execute(instance, context);
                  });
      bench.partners.fail(Fault.LOSE_REPLY, "POST mail", 1);
      bench.partners.fail(Fault.REFUSE, "GET mail", 8);
      Scheduler node = bench.start(bench.node("a", task));
      Bench.schedule(node, "mail", "order-1", "order-1 shipped");
      Bench.awaitDone(node);

      assertThat(runs).hasValueGreaterThanOrEqualTo(10);
      assertThat(bench.partners.count("request", "mail", "order-1")).isEqualTo(1);
      assertThat(inspect(mailing, "order-1").state()).isEqualTo(KeyState.COMPLETED);
      assertThat(bench.parked).isEmpty();
    }
  }

  /** The first mail was never taken: the recovery finds none, and one is sent. */
  @ParameterizedTest
  @EnumSource(names = "H2")
  void row09_mailThatWasRefused_isSentByALaterRun(TestDatabase database) throws Exception {
    try (Bench bench = new Bench(database, directory)) {
      Mailing mailing = new Mailing(bench.idempotency(), bench.client(), LEASE, Bench.PAUSE);
      bench.partners.fail(Fault.REFUSE, "POST mail", 2);
      Scheduler node =
          bench.start(bench.node("a", job(bench, mailing).task("mail", Duration.ofMillis(20))));
      Bench.schedule(node, "mail", "order-1", "order-1 shipped");
      Bench.awaitDone(node);

      assertThat(bench.partners.count("effect", "mail", "order-1")).isEqualTo(1);
      assertThat(inspect(mailing, "order-1").attempt()).isEqualTo(3);
    }
  }

  private static KeyAdmin.Inspection inspect(Mailing mailing, String id) {
    return mailing
        .operation()
        .admin()
        .inspect(mailing.operation().key(Bench.SHOP, id).id())
        .orElseThrow();
  }
}
