package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
 * The same calls where few and where many records are stored.
 *
 * <pre>java -jar jmh/target/benchmarks.jar GrowthBenchmark -p store=memory,postgresql</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(3)
@State(Scope.Benchmark)
public class GrowthBenchmark {
  private static final byte[] ANSWER = new byte[256];
  private static final int FILLING = 8;

  /** So many records are made by calls, and replayed; the others are there, and are copies. */
  private static final int CALLED = 10_000;

  /** The store, by name. */
  @Param("memory")
  public String store = "";

  /** How many records are there. */
  @Param({"10000", "100000", "1000000"})
  public int records;

  private int called;
  private final AtomicLong keys = new AtomicLong();
  private @Nullable OpenedStore opened;
  private @Nullable Idem4j calls;

  /** Opens the store and fills it. */
  @Setup
  public void fill() throws Exception {
    opened = StoreType.open(store);
    calls = new Idem4j(opened.store());
    called = Math.min(records, CALLED);
    fillByCalls(0, called);
    if (records > called && !opened.addCopies(records - called)) {
      fillByCalls(called, records);
      called = records;
    }
    // What is stored in this process is not moved about while it is measured.
    System.gc();
  }

  private void fillByCalls(int begin, int end) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(FILLING);
    try {
      List<Future<?>> parts = new ArrayList<>();
      for (int part = 0; part < FILLING; part++) {
        int from = begin + part;
        parts.add(
            threads.submit(
                () -> {
                  for (int i = from; i < end; i += FILLING) {
                    calls().first(calls().prepare("stored-" + i), ANSWER);
                  }
                }));
      }
      for (Future<?> each : parts) {
        each.get();
      }
    } finally {
      threads.shutdown();
    }
  }

  /** Closes it. */
  @TearDown
  public void close() {
    calls().close();
    requireNonNull(opened).close();
  }

  private Idem4j calls() {
    return requireNonNull(calls);
  }

  /** The first call under a key, whose preparation is a part of it. */
  @Benchmark
  public Object first() {
    return calls().first(calls().prepare("fresh-" + keys.incrementAndGet()), ANSWER);
  }

  /** The replay of one of all answers. */
  @Benchmark
  public Object replay() {
    int any = ThreadLocalRandom.current().nextInt(called);
    return calls().replay(calls().prepare("stored-" + any));
  }
}
