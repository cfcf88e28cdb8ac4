package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import io.idem4j.IdempotencyKey;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Many callers of one key at the same time, whose operation takes a millisecond: until the last of
 * them has its answer. Sampled, so that the results have percentiles.
 *
 * <p>Counted are the runs and the calls of the store that threw, for each operation, which is a key
 * and all its callers; and, where duplicates wait, how often they looked at the store for each poll
 * interval of 100 ms that began meanwhile, be it because the interval was over or because the
 * holder woke them.
 *
 * <pre>java -jar jmh/target/benchmarks.jar HotKeyBenchmark -p store=memory -p callers=64</pre>
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(3)
@State(Scope.Benchmark)
public class HotKeyBenchmark {
  private static final byte[] ANSWER = new byte[256];
  private static final long OPERATION_NANOS = 1_000_000;

  /** From one look at the store to the next, while a key is new; later ones are further apart. */
  private static final long SHORTEST_POLL_NANOS = 100_000_000;

  /** The store, by name. */
  @Param("memory")
  public String store = "";

  /** How many call. */
  @Param({"1", "4", "16", "64"})
  public int callers;

  /** Whether duplicates wait for the answer, or are told that it is on its way. */
  @Param({"false", "true"})
  public boolean waiting;

  private final AtomicLong keys = new AtomicLong();
  private @Nullable OpenedStore opened;
  private @Nullable Idem4j calls;
  private @Nullable ExecutorService threads;

  /** Opens the store. */
  @Setup
  public void open() throws Exception {
    opened = StoreType.open(store);
    calls =
        new Idem4j(
            CountedStore.of(opened.store()),
            OperationPolicy.rerun()
                .withWaitBudget(waiting ? Duration.ofSeconds(10) : Duration.ZERO));
    threads = Executors.newFixedThreadPool(callers, HotKeyBenchmark::caller);
  }

  private static Thread caller(Runnable calls) {
    return new Thread(
        () -> {
          Counts.ofThisThread();
          calls.run();
        },
        "caller");
  }

  /** Closes it. */
  @TearDown
  public void close() {
    requireNonNull(threads).shutdown();
    requireNonNull(calls).close();
    requireNonNull(opened).close();
  }

  /** All callers, once each. */
  @Benchmark
  public int callTogether() throws Exception {
    Idem4j callsNow = requireNonNull(calls);
    IdempotencyKey key = callsNow.prepare("hot-" + keys.incrementAndGet());
    Callable<Outcome<byte[]>> call =
        () ->
            callsNow
                .operation()
                .execute(
                    key,
                    Idem4j.REQUEST,
                    context -> {
                      Counts.RUNS.add(1);
                      LockSupport.parkNanos(OPERATION_NANOS);
                      return ANSWER;
                    });
    long start = System.nanoTime();
    int answers = 0;
    for (Future<Outcome<byte[]>> each :
        requireNonNull(threads).invokeAll(Collections.nCopies(callers, call))) {
      answers += each.get() instanceof Outcome.InFlight ? 0 : 1;
    }
    if (waiting && callers > 1) {
      Counts.INTERVALS.add((double) (1 + (System.nanoTime() - start) / SHORTEST_POLL_NANOS));
    }
    if (answers == 0 || (waiting && answers != callers)) {
      throw new IllegalStateException(answers + " answers");
    }
    return answers;
  }
}
