package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Thousands of callers at once on the real clock: virtual threads where there are any, and 200
 * platform threads everywhere. Whatever waits must not hold on to what lets the others go on: the
 * carriers of virtual threads are as few as the machine has cores. The times are bounds against a
 * deadlock and no measurements.
 */
class ManyThreadsTest {
  private static final int VIRTUAL = 10_000;
  private static final int PLATFORM = 200;
  private static final long BOUND_SECONDS = 180;

  /** Leases and waits outlast the bound, so that a slow machine changes nothing. */
  private static final OperationPolicy POLICY =
      OperationPolicy.rerun()
          .withLease(Duration.ofMinutes(10))
          .withWaitBudget(Duration.ofSeconds(2 * BOUND_SECONDS));

  /** A thread for each caller: nobody waits for a thread. */
  private static ExecutorService virtualThreads() throws ReflectiveOperationException {
    Assumptions.assumeTrue(
        Runtime.version().feature() >= 21,
        () -> "virtual threads exist from JDK 21 on, and this is " + Runtime.version().feature());
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  private static ExecutorService platformThreads() {
    return Executors.newFixedThreadPool(PLATFORM);
  }

  @Test
  void hotKey_onVirtualThreads_runsOnceAndAnswersAll() throws Exception {
    hotKey(virtualThreads(), VIRTUAL, new MemoryKeyStore(10));
  }

  @Test
  void hotKey_onPlatformThreads_runsOnceAndAnswersAll() throws Exception {
    hotKey(platformThreads(), PLATFORM, new MemoryKeyStore(10));
  }

  @Test
  void differentKeys_onVirtualThreads_runOnceEach() throws Exception {
    differentKeys(virtualThreads(), VIRTUAL, new MemoryKeyStore(VIRTUAL));
  }

  @Test
  void differentKeys_onPlatformThreads_runOnceEach() throws Exception {
    differentKeys(platformThreads(), PLATFORM, new MemoryKeyStore(PLATFORM));
  }

  @Test
  void hotKey_onVirtualThreadsAndABlockingStore_runsOnceAndAnswersAll() throws Exception {
    BlockingStore store = new BlockingStore(new MemoryKeyStore(10));
    hotKey(virtualThreads(), VIRTUAL, store);
    store.requireFree();
  }

  @Test
  void hotKey_onPlatformThreadsAndABlockingStore_runsOnceAndAnswersAll() throws Exception {
    BlockingStore store = new BlockingStore(new MemoryKeyStore(10));
    hotKey(platformThreads(), PLATFORM, store);
    store.requireFree();
  }

  @Test
  void differentKeys_onVirtualThreadsAndABlockingStore_runOnceEach() throws Exception {
    BlockingStore store = new BlockingStore(new MemoryKeyStore(VIRTUAL));
    differentKeys(virtualThreads(), VIRTUAL, store);
    store.requireFree();
  }

  @Test
  void differentKeys_onPlatformThreadsAndABlockingStore_runOnceEach() throws Exception {
    BlockingStore store = new BlockingStore(new MemoryKeyStore(PLATFORM));
    differentKeys(platformThreads(), PLATFORM, store);
    store.requireFree();
  }

  /** The holder's operation ends only when every other caller was refused and waits. */
  private static void hotKey(ExecutorService threads, int callers, KeyStore store)
      throws Exception {
    AtomicInteger effects = new AtomicInteger();
    CountDownLatch refused = new CountDownLatch(callers - 1);
    try (Idempotency idempotency = Idempotency.builder(new Refusals(store, refused)).build()) {
      Operation<String> operation = idempotency.operation("charge", Codec.text(), POLICY);
      List<Outcome<String>> outcomes =
          callAll(
              threads,
              callers,
              caller ->
                  execute(
                      operation,
                      "hot",
                      context -> {
                        assertThat(refused.await(BOUND_SECONDS, TimeUnit.SECONDS)).isTrue();
                        return "answer " + effects.incrementAndGet();
                      }));
      assertThat(outcomes).filteredOn(Outcome.Executed.class::isInstance).hasSize(1);
      assertThat(outcomes).filteredOn(Outcome.Replayed.class::isInstance).hasSize(callers - 1);
      assertThat(outcomes).extracting(Outcome::orElseThrow).containsOnly("answer 1");
      assertThat(effects).hasValue(1);
      requireNothingLeft(idempotency);
    }
    Proof.count("ManyThreadsTest", "callers of one hot key", callers);
  }

  private static void differentKeys(ExecutorService threads, int callers, KeyStore store)
      throws Exception {
    AtomicInteger effects = new AtomicInteger();
    CountDownLatch arrived = new CountDownLatch(callers);
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      Operation<String> operation = idempotency.operation("charge", Codec.text(), POLICY);
      List<Outcome<String>> outcomes =
          callAll(
              threads,
              callers,
              caller ->
                  execute(
                      operation,
                      "key " + caller,
                      context -> {
                        effects.incrementAndGet();
                        arrived.countDown();
                        // All of them hold their keys at once.
                        assertThat(arrived.await(BOUND_SECONDS, TimeUnit.SECONDS)).isTrue();
                        return "answer " + caller;
                      }));
      Set<String> answers = new HashSet<>();
      for (int caller = 0; caller < callers; caller++) {
        assertThat(outcomes.get(caller))
            .isEqualTo(new Outcome.Executed<>("answer " + caller, true));
        answers.add(outcomes.get(caller).orElseThrow());
      }
      assertThat(answers).hasSize(callers);
      assertThat(effects).hasValue(callers);
      requireNothingLeft(idempotency);
    }
    Proof.count("ManyThreadsTest", "callers of different keys", callers);
  }

  private static Outcome<String> execute(
      Operation<String> operation, String value, Action<String, InterruptedException> action) {
    try {
      return operation.execute(TENANT, value, BODY, action);
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts", e);
    }
  }

  private static List<Outcome<String>> callAll(
      ExecutorService threads, int callers, IntFunction<Outcome<String>> call) throws Exception {
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Outcome<String>>> futures = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        int caller = i;
        futures.add(
            threads.submit(
                () -> {
                  start.await();
                  return call.apply(caller);
                }));
      }
      start.countDown();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUND_SECONDS);
      List<Outcome<String>> outcomes = new ArrayList<>();
      for (Future<Outcome<String>> future : futures) {
        outcomes.add(future.get(Math.max(end - System.nanoTime(), 0), TimeUnit.NANOSECONDS));
      }
      threads.shutdown();
      assertThat(threads.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS)).isTrue();
      return outcomes;
    } finally {
      threads.shutdownNow();
    }
  }

  private static void requireNothingLeft(Idempotency idempotency) throws InterruptedException {
    assertThat(idempotency.engine().rooms().size()).isZero();
    assertThat(idempotency.engine().pending().size()).isZero();
    assertThat(idempotency.close(Duration.ofSeconds(BOUND_SECONDS))).isTrue();
  }

  /** Counts the claims that were refused. */
  private record Refusals(KeyStore store, CountDownLatch refused) implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      CasResult result = store.compareAndSet(id, expected, next);
      if (result instanceof CasResult.Refused) {
        refused.countDown();
      }
      return result;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return store.find(id);
    }
  }

  /** A store with a few connections, each of which is busy for a while with each call. */
  private static final class BlockingStore implements KeyStore {
    private static final int CONNECTIONS = 32;

    private final KeyStore store;
    private final Semaphore connections = new Semaphore(CONNECTIONS, true);

    BlockingStore(KeyStore store) {
      this.store = store;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      connections.acquireUninterruptibly();
      try {
        block();
        CasResult result = store.compareAndSet(id, expected, next);
        block();
        return result;
      } finally {
        connections.release();
      }
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      connections.acquireUninterruptibly();
      try {
        block();
        return store.find(id);
      } finally {
        connections.release();
      }
    }

    private static void block() {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }

    void requireFree() {
      assertThat(connections.availablePermits()).isEqualTo(CONNECTIONS);
    }
  }
}
