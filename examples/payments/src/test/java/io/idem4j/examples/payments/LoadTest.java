package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpResponse;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Too much, too slow, and handlers that end badly: bad-inputs.md, rows 33 to 37. */
class LoadTest {
  private static final HttpPolicy POLICY = HttpPolicy.of(OperationPolicy.rerun());

  private final MemoryKeyStore memory = new MemoryKeyStore(100);
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger runs = new AtomicInteger();
  private final CountDownLatch began = new CountDownLatch(1);
  private final CountDownLatch end = new CountDownLatch(1);

  /** Counts what reaches the store. */
  private final class Counting implements KeyStore {
    private final boolean isDown;

    Counting(boolean isDown) {
      this.isDown = isDown;
    }

    private void count() {
      calls.incrementAndGet();
      if (isDown) {
        throw KeyStoreException.notApplied(Reason.UNAVAILABLE, "down", null);
      }
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      count();
      return memory.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      count();
      return memory.find(id);
    }
  }

  /** The first one waits until the test has seen enough. */
  private HttpResponse slowly() throws InterruptedException {
    if (runs.incrementAndGet() == 1) {
      began.countDown();
      end.await(20, TimeUnit.SECONDS);
    }
    return HttpResponse.of(200, "text/plain", "x");
  }

  @Test
  void bad_33_refusedRequests_leaveNoRecords() throws Exception {
    Settings settings =
        Settings.of(0, "memory", Duration.ofSeconds(30), Duration.ofHours(1), false);
    Backend backend = new Backend(memory, new MemoryLedger(), () -> {});
    try (Service service = Service.start(settings, backend, line -> {})) {
      Client client = new Client(service.port());
      for (int i = 0; i < 50; i++) {
        Call bad = Call.pay("t", "-1");
        assertThat(client.send(bad).status()).isEqualTo(400);
        assertThat(client.send(bad.withTenant("x".repeat(101))).status()).isEqualTo(401);
      }
      assertThat(memory.size()).isZero();
      client.send(Call.pay("t", "1"));
      assertThat(memory.size()).isEqualTo(1);
    }
  }

  @Test
  void bad_33_storeFull_is503AndNothingRuns() throws Exception {
    try (SmallService service =
        new SmallService(
            new MemoryKeyStore(2),
            POLICY,
            context -> {
              runs.incrementAndGet();
              return HttpResponse.of(200);
            })) {
      assertThat(service.post("k1").status()).isEqualTo(200);
      assertThat(service.post("k2").status()).isEqualTo(200);
      Received refused = service.post("k3");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      assertThat(service.post("k1").isReplay()).isTrue();
      assertThat(runs).hasValue(2);
    }
  }

  @Test
  void bad_34_floodOfOneKey_isTurnedAwayAtOnce() throws Exception {
    try (SmallService service = new SmallService(memory, POLICY, context -> slowly())) {
      CompletableFuture<Received> first = service.start("k");
      assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();
      List<CompletableFuture<Received>> flood = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        flood.add(service.start("k"));
      }
      for (CompletableFuture<Received> one : flood) {
        // Answered while the first still runs: nobody waits for it.
        Received refused = one.get(10, TimeUnit.SECONDS);
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.header("Retry-After")).isEqualTo("1");
      }
      assertThat(first).isNotDone();
      end.countDown();
      assertThat(first.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
      assertThat(runs).hasValue(1);
    }
  }

  @Test
  void bad_34_floodOfOneKey_withAQuota_doesNotReachTheStore() throws Exception {
    HttpPolicy limited = POLICY.withQuota(100, 1);
    try (SmallService service =
        new SmallService(new Counting(false), limited, context -> slowly())) {
      CompletableFuture<Received> first = service.start("k");
      assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();
      int before = calls.get();
      for (int i = 0; i < 20; i++) {
        Received refused = service.post("k");
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.header("Retry-After")).isEqualTo("1");
      }
      assertThat(calls).hasValue(before);
      end.countDown();
      assertThat(first.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
    }
  }

  /** What is known not to be applied may be tried again by core, but not for long. */
  @Test
  void bad_35_storeDown_isAskedAFewTimesAndNoMore() throws Exception {
    try (SmallService service = new SmallService(new Counting(true), POLICY, context -> slowly())) {
      Received refused = service.post("k");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      assertThat(calls.get()).isBetween(1, 20);
      assertThat(runs).hasValue(0);
    }
  }

  /** Renewals end at the maximum hold, and the key is another one's although the handler runs. */
  @Test
  void bad_36_handlerOverItsTime_losesTheKey() throws Exception {
    HttpPolicy brief =
        HttpPolicy.of(
            OperationPolicy.rerun()
                .withLease(Duration.ofMillis(500))
                .withMaximumHold(Duration.ofMillis(500)));
    try (SmallService service = new SmallService(memory, brief, context -> slowly())) {
      CompletableFuture<Received> first = service.start("k");
      assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();
      Received retry = service.post("k");
      for (int i = 0; i < 100 && retry.status() == 409; i++) {
        Thread.sleep(100);
        retry = service.post("k");
      }
      assertThat(retry.status()).isEqualTo(200);
      assertThat(retry.isReplay()).isFalse();
      assertThat(first).isNotDone();
      end.countDown();
      assertThat(first.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
      assertThat(runs).hasValue(2);
      assertThat(service.post("k").isReplay()).isTrue();
    }
  }

  private static final int INTERRUPTED_AND_DONE = 6;

  private static void end(int how) throws Exception {
    switch (how) {
      case 1 -> {
        Thread.currentThread().interrupt();
        throw new InterruptedException("asked");
      }
      case 2 -> throw new AssertionError("asked");
      case 3 -> throw new IllegalStateException("asked");
      case 4 -> throw new OutOfMemoryError("asked");
      case 5 -> throw new StackOverflowError("asked");
      case INTERRUPTED_AND_DONE -> Thread.currentThread().interrupt();
      default -> {}
    }
  }

  @Test
  void bad_37_handlerThatEndsBadly_hasOneAnswer() throws Exception {
    AtomicInteger how = new AtomicInteger();
    try (SmallService service =
        new SmallService(
            memory,
            POLICY,
            context -> {
              end(how.get());
              return HttpResponse.of(200, "text/plain", "x");
            })) {
      for (int failure = 1; failure <= 5; failure++) {
        how.set(failure);
        Received failed = service.post("k" + failure);
        assertThat(failed.status()).isEqualTo(500);
        assertThat(failed.body()).isEqualTo("failed");
        how.set(0);
        Received retry = service.post("k" + failure);
        // After an error of the virtual machine nobody says what was done: held for the lease.
        assertThat(retry.status()).as("failure " + failure).isEqualTo(failure < 4 ? 200 : 409);
        assertThat(retry.isReplay()).isFalse();
      }
      how.set(INTERRUPTED_AND_DONE);
      assertThat(service.post("k").status()).isEqualTo(200);
      assertThat(service.post("k").isReplay()).isTrue();
    }
  }
}
