package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.OTHER_BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * No lock surrounds a store call: a slow store must delay nobody but its own caller. At each call
 * the virtual machine is asked what the calling thread holds, through every way in which core
 * reaches the store; deliberately wrong stores show that the answer would be noticed.
 */
@Timeout(300)
class NoLockAroundStoreCallsTest {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** A pool's thread owns its own worker while it runs a task; nobody else ever waits for that. */
  private static final String WORKER = "java.util.concurrent.ThreadPoolExecutor$Worker";

  private final Bench bench = new Bench();
  private final Watched store = new Watched(bench.line);
  private final Idempotency idempotency = bench.engineOn(store);

  /** Asks seldom: to be told of locks stops all threads for a moment. */
  private final Operation<String> rerun =
      operation(OperationPolicy.rerun().withStoreDeadline(Duration.ofMillis(200)));

  private final Operation<String> waiting =
      operation(OperationPolicy.rerun().withWaitBudget(seconds(5)));

  private Operation<String> operation(OperationPolicy policy) {
    return idempotency.operation("charge", Codec.text(), policy);
  }

  @BeforeEach
  void assumeThatLocksAreTold() {
    Assumptions.assumeTrue(
        THREADS.isObjectMonitorUsageSupported() && THREADS.isSynchronizerUsageSupported(),
        "this virtual machine does not tell which locks a thread holds");
  }

  @Test
  void firstCallReplayAndReuse_holdNothing() throws Exception {
    watch(
        3,
        () -> {
          assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
              .isInstanceOf(Outcome.Executed.class);
          assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
              .isInstanceOf(Outcome.Replayed.class);
          assertThat(rerun.execute(TENANT, "k", OTHER_BODY, bench.effect()))
              .isInstanceOf(Outcome.KeyReused.class);
        });
  }

  @Test
  void storeThatIsReadFirst_isCalledWithNothingHeld() throws Exception {
    Operation<String> readFirst =
        bench
            .engineOn(new WatchedReadFirst(store))
            .operation("charge", Codec.text(), OperationPolicy.rerun());
    watch(
        4,
        () -> {
          readFirst.execute(TENANT, "k", BODY, bench.effect());
          readFirst.execute(TENANT, "k", BODY, bench.effect());
        });
    assertThat(store.reads()).isEqualTo(2);
  }

  @Test
  void failures_holdNothing() throws Exception {
    Operation<String> hold = operation(OperationPolicy.hold());
    Operation<String> last =
        operation(
            OperationPolicy.rerun()
                .withFinal(IllegalStateException.class, e -> RecordedFailure.of("refused")));
    watch(
        7,
        () -> {
          for (Operation<String> each : List.of(rerun, hold, last)) {
            assertThatThrownBy(() -> each.execute(TENANT, "k" + each.hashCode(), BODY, failing()))
                .isInstanceOf(IllegalStateException.class);
          }
          assertThat(last.execute(TENANT, "k" + last.hashCode(), BODY, failing()))
              .isInstanceOf(Outcome.Failed.class);
        });
    assertThat(store.written(KeyState.FAILED_RETRYABLE)).isEqualTo(1);
    assertThat(store.written(KeyState.FAILED_IN_DOUBT)).isEqualTo(1);
    assertThat(store.written(KeyState.FAILED_FINAL)).isEqualTo(1);
  }

  @Test
  void waiting_holdsNothing() throws Exception {
    watch(
        4,
        () -> {
          Lease<String> lease = granted(rerun.claim(key("k"), BODY));
          bench.timing.schedule(seconds(2).toNanos(), () -> lease.complete("theirs"));
          assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
              .isEqualTo("theirs");
          granted(rerun.claim(key("other"), BODY));
          assertThat(waiting.execute(TENANT, "other", BODY, bench.effect()))
              .isInstanceOf(Outcome.InFlight.class);
        });
    assertThat(store.reads()).isPositive();
  }

  @Test
  void executeAsync_holdsNothing() throws Exception {
    watch(
        4,
        () -> {
          CompletableFuture<String> effect = new CompletableFuture<>();
          CompletableFuture<Outcome<String>> first =
              waiting.executeAsync(key("k"), BODY, Runnable::run, context -> effect);
          CompletableFuture<Outcome<String>> guest =
              waiting.executeAsync(key("k"), BODY, Runnable::run, context -> effect);
          effect.complete("theirs");
          assertThat(first.join().orElseThrow()).isEqualTo("theirs");
          assertThat(guest.join()).isInstanceOf(Outcome.Replayed.class);
        });
    assertThat(store.reads()).as("the guest's look").isEqualTo(1);
  }

  @Test
  void renewal_holdsNothing() throws Exception {
    watch(
        3,
        () -> {
          granted(rerun.claim(key("k"), BODY));
          bench.pass(seconds(25));
        });
    assertThat(store.written(KeyState.LOCKED)).as("a claim and two renewals").isEqualTo(3);
  }

  @Test
  void renewalWithoutAnAnswer_holdsNothing() throws Exception {
    watch(
        4,
        () -> {
          Lease<String> lease = granted(rerun.claim(key("k"), BODY));
          bench.onWrites(Fault.REPLY_LOST, 2);
          bench.pass(seconds(25));
          lease.complete("x");
        });
  }

  @Test
  void takeover_holdsNothing() throws Exception {
    watch(
        4,
        () -> {
          granted(rerun.claim(key("k"), BODY)).close();
          bench.pass(seconds(31));
          assertThat(
                  rerun
                      .execute(TENANT, "k", BODY, context -> "attempt " + context.attempt())
                      .orElseThrow())
              .isEqualTo("attempt 2");
        });
  }

  @Test
  void claimWithoutAnAnswer_andItsWithdrawal_holdNothing() throws Exception {
    watch(
        4,
        () -> {
          bench.onWrites(Fault.REPLY_LOST, 1);
          bench.onWrites(Fault.REQUEST_LOST, 1_000);
          assertThatThrownBy(() -> rerun.execute(TENANT, "late", BODY, bench.effect()))
              .isInstanceOf(KeyStoreException.class);
          assertThat(idempotency.engine().pending().size()).isEqualTo(1);
          bench.line.clearFaults();
          bench.pass(seconds(5));
        });
    assertThat(idempotency.engine().pending().size()).isZero();
    assertThat(bench.record("late").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void completionWithoutAnAnswer_andItsRepetition_holdNothing() throws Exception {
    watch(
        4,
        () -> {
          bench.line.onWrites(Fault.NONE);
          bench.onWrites(Fault.REQUEST_LOST, 1_000);
          assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
              .isEqualTo(new Outcome.Executed<>("answer 1", false));
          bench.line.clearFaults();
          bench.pass(seconds(20));
        });
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void close_andWhatGoesOnAfterIt_holdNothing() throws Exception {
    watch(
        3,
        () -> {
          Lease<String> lease = granted(rerun.claim(key("k"), BODY));
          idempotency.close();
          bench.pass(seconds(11));
          lease.complete("x");
        });
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  /** With real threads and time: a renewal on a worker, and a waiter that the holder wakes. */
  @Test
  void workersAndWaiters_holdNothingButTheWorker() throws Exception {
    Watched watched = new Watched(new MemoryKeyStore(10));
    ExecutorService callers = Executors.newFixedThreadPool(2);
    try (Idempotency real = Idempotency.builder(watched).build()) {
      Operation<String> operation =
          real.operation(
              "charge",
              Codec.text(),
              OperationPolicy.rerun().withLease(seconds(3)).withWaitBudget(seconds(60)));
      Lease<String> lease = granted(operation.claim(key("k"), BODY));
      Future<Outcome<String>> waiter =
          callers.submit(() -> operation.execute(TENANT, "k", BODY, context -> "taken over"));
      // The claim, the waiter's refused claim, and a renewal.
      while (watched.written(KeyState.LOCKED) < 3 || watched.reads() < 1) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      lease.complete("x");
      assertThat(waiter.get(60, TimeUnit.SECONDS).orElseThrow()).isEqualTo("x");
      assertThat(real.close(seconds(60))).isTrue();
    } finally {
      callers.shutdownNow();
    }
    assertThat(watched.violations).isEmpty();
    assertThat(watched.workers).as("calls from a pool's thread were seen").isNotEmpty();
    Proof.count("NoLockAroundStoreCallsTest", "calls watched", watched.calls.size());
  }

  @Test
  void control_aLockAroundTheCall_isNoticed() throws Exception {
    ReentrantLock lock = new ReentrantLock();
    requireNoticed(
        "ReentrantLock",
        call -> {
          lock.lock();
          try {
            call.run();
          } finally {
            lock.unlock();
          }
        });
  }

  @Test
  void control_aMonitorAroundTheCall_isNoticed() throws Exception {
    Object monitor = new Object();
    requireNoticed(
        "java.lang.Object",
        call -> {
          synchronized (monitor) {
            call.run();
          }
        });
  }

  @Test
  void control_aMapsOwnLockAroundTheCall_isNoticed() throws Exception {
    ConcurrentHashMap<String, String> map = new ConcurrentHashMap<>();
    requireNoticed(
        "ConcurrentHashMap",
        call ->
            map.compute(
                "k",
                (key, value) -> {
                  call.run();
                  return null;
                }));
  }

  /** Runs a call inside something that holds a lock. */
  private interface Around {
    void run(Runnable call);
  }

  private void requireNoticed(String name, Around around) throws Exception {
    Operation<String> wrong =
        bench
            .engineOn(new Wrong(store, around))
            .operation("charge", Codec.text(), OperationPolicy.rerun());
    onAThreadOfItsOwn(() -> wrong.execute(TENANT, "k", BODY, bench.effect()));
    assertThat(store.violations)
        .hasSize(store.calls.size())
        .hasSize(2)
        .allSatisfy(held -> assertThat(held).contains(name));
  }

  private static Action<String, RuntimeException> failing() {
    return context -> {
      throw new IllegalStateException("x");
    };
  }

  private interface Scenario {
    void run() throws Exception;
  }

  private void watch(int calls, Scenario scenario) throws Exception {
    onAThreadOfItsOwn(scenario);
    assertThat(store.violations).isEmpty();
    assertThat(store.calls).hasSizeGreaterThanOrEqualTo(calls);
    Proof.count("NoLockAroundStoreCallsTest", "calls watched", store.calls.size());
  }

  /** A new thread holds nothing, while the one that runs the tests may. */
  private static void onAThreadOfItsOwn(Scenario scenario) throws Exception {
    var task =
        new java.util.concurrent.FutureTask<Void>(
            () -> {
              scenario.run();
              return null;
            });
    Thread thread = new Thread(task, "scenario");
    thread.setDaemon(true);
    thread.start();
    task.get(240, TimeUnit.SECONDS);
  }

  /** Asks at each call what the calling thread holds. What it throws core would swallow (S7). */
  private static final class Watched implements KeyStore {
    private final KeyStore store;
    final List<String> calls = new CopyOnWriteArrayList<>();
    final List<String> violations = new CopyOnWriteArrayList<>();
    final List<String> workers = new CopyOnWriteArrayList<>();

    Watched(KeyStore store) {
      this.store = store;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      look(next.state().name());
      return store.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      look("find");
      return store.find(id);
    }

    long written(KeyState state) {
      return calls.stream().filter(state.name()::equals).count();
    }

    long reads() {
      return calls.stream().filter("find"::equals).count();
    }

    private void look(String call) {
      long self = Thread.currentThread().getId();
      ThreadInfo info = THREADS.getThreadInfo(new long[] {self}, true, true)[0];
      if (info == null) {
        violations.add(call + " on a thread of which nothing is told");
      } else {
        for (MonitorInfo monitor : info.getLockedMonitors()) {
          violations.add(call + " under " + monitor + " at " + monitor.getLockedStackFrame());
        }
        for (LockInfo lock : info.getLockedSynchronizers()) {
          (lock.getClassName().equals(WORKER) ? workers : violations).add(call + " under " + lock);
        }
      }
      calls.add(call);
    }
  }

  private record WatchedReadFirst(Watched watched) implements ReadFirst {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return watched.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return watched.find(id);
    }
  }

  /** What a store call looks like from inside a lock. */
  private record Wrong(Watched watched, Around around) implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      CasResult[] result = new CasResult[1];
      around.run(() -> result[0] = watched.compareAndSet(id, expected, next));
      return result[0];
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return watched.find(id);
    }
  }
}
