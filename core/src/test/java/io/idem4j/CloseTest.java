package io.idem4j;

import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What close promises (I34): nothing new begins, and nothing that runs is harmed. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class CloseTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());

  @Test
  void i34_close_releasesNoLeaseAndGoesOnRenewing() throws InterruptedException {
    Lease<String> lease = ((Claim.Granted<String>) rerun.claim(key("k"), Bench.BODY)).lease();
    bench.idempotency.close();
    bench.idempotency.close();
    bench.pass(seconds(120));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(bench.live("k").leaseLeft()).isPositive();
    assertThat(lease.context().isLeaseLost()).isFalse();
    assertThat(lease.complete("paid").orElseThrow()).isEqualTo("paid");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(bench.idempotency.close(Duration.ZERO)).isTrue();
  }

  @Test
  void i34_closedByTheOperationItself_isStillRecorded() throws InterruptedException {
    Outcome<String> outcome =
        rerun.execute(
            key("k"),
            Bench.BODY,
            context -> {
              bench.idempotency.close();
              return "paid";
            });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("paid", true));
    assertThatThrownBy(() -> rerun.execute(key("k"), Bench.BODY, bench.effect()))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("closed");
    assertThat(bench.idempotency.close(Duration.ZERO)).isTrue();
  }

  @Test
  void i34_withdrawalUnderWay_isFinishedAfterClose() throws InterruptedException {
    bench.onWrites(Fault.REPLY_LOST, 1_000);
    assertThatThrownBy(() -> rerun.execute(key("k"), Bench.BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    assertThat(bench.idempotency.close(Duration.ZERO)).isFalse();
    bench.line.clearFaults();
    assertThat(bench.idempotency.close(seconds(5))).isTrue();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void i34_completionUnderWay_isFinishedAfterClose() throws InterruptedException {
    Outcome<String> outcome =
        rerun.execute(
            key("k"),
            Bench.BODY,
            context -> {
              bench.onWrites(Fault.REQUEST_LOST, 1_000);
              return "paid";
            });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("paid", false));
    assertThat(bench.idempotency.close(Duration.ZERO)).isFalse();
    bench.line.clearFaults();
    assertThat(bench.idempotency.close(seconds(5))).isTrue();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void closedLease_lapsesAndIsNotReleased() throws InterruptedException {
    Lease<String> lease = ((Claim.Granted<String>) rerun.claim(key("k"), Bench.BODY)).lease();
    lease.close();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(bench.idempotency.close(Duration.ZERO)).isTrue();
    bench.pass(seconds(31));
    assertThat(bench.live("k").leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
  }

  @Test
  void close_leavesTheCallersExecutorAlone() throws Exception {
    ExecutorService own = Executors.newSingleThreadExecutor();
    try {
      Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(10)).executor(own).build();
      idempotency
          .operation("charge", Codec.text(), OperationPolicy.rerun())
          .execute(key("k"), Bench.BODY, context -> "x");
      assertThat(idempotency.close(seconds(5))).isTrue();
      assertThat(own.submit(() -> "alive").get()).isEqualTo("alive");
    } finally {
      own.shutdown();
      assertThat(own.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** 200 rounds on real threads: whoever got in is waited for, and nobody gets in afterwards. */
  @Test
  void closeBesideCalls_waitsForExactlyThoseThatGotIn() throws Exception {
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 200; round++) {
        Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(1_000_000)).build();
        Operation<String> operation =
            idempotency.operation("charge", Codec.text(), OperationPolicy.rerun());
        AtomicBoolean idle = new AtomicBoolean();
        AtomicInteger late = new AtomicInteger();
        AtomicInteger ran = new AtomicInteger();
        CountDownLatch begun = new CountDownLatch(threads);
        Future<?>[] workers = new Future<?>[threads];
        for (int thread = 0; thread < threads; thread++) {
          int number = thread;
          workers[thread] =
              pool.submit(
                  () -> {
                    for (int call = 0; ; call++) {
                      try {
                        operation.execute(
                            key(number + " " + call),
                            Bench.BODY,
                            context -> {
                              ran.incrementAndGet();
                              LockSupport.parkNanos(20_000);
                              if (idle.get()) {
                                late.incrementAndGet();
                              }
                              return "x";
                            });
                        begun.countDown();
                      } catch (MisuseException e) {
                        return;
                      } finally {
                        begun.countDown();
                      }
                    }
                  });
        }
        begun.await();
        assertThat(idempotency.close(seconds(20))).as("round %d", round).isTrue();
        idle.set(true);
        for (Future<?> worker : workers) {
          worker.get(20, TimeUnit.SECONDS);
        }
        assertThat(late).as("round %d", round).hasValue(0);
        assertThat(ran.get()).isPositive();
      }
    } finally {
      pool.shutdown();
      assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }
  }
}
