package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
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
import org.openjdk.jmh.annotations.Level;
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
 * <p>The memory store is filled anew for each iteration, and iterations are short: what first calls
 * add would soon be more than was there. JMH's count of bytes holds those of that filling, and so
 * is not reported. The heap is of one size from the beginning, and touched before: pages that are
 * touched for the first time cost more than the call, on both sides.
 *
 * <pre>
 * java -jar jmh/target/benchmarks.jar GrowthBenchmark -p store=memory
 * java -jar jmh/target/benchmarks.jar GrowthBenchmark -p store=postgresql,redis -p by=idem4j
 * </pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 10, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 3,
    // Before those that the program appends, which would replace any appended here.
    jvmArgsPrepend = {"-Xms3g", "-Xmn2g", "-XX:+AlwaysPreTouch"})
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

  /** Who makes the calls; by hand in memory alone: what a map itself takes for its growth. */
  @Param({"byhand", "idem4j"})
  public String by = "";

  private int called;
  private final AtomicLong keys = new AtomicLong();
  private @Nullable OpenedStore opened;
  private @Nullable Contender calls;

  /** Opens the store and fills it, where it is not to stay open. */
  @Setup(Level.Iteration)
  public void fill() throws Exception {
    boolean anew = StoreType.isOpenedAnew(store);
    if (!anew && !by.equals(Measured.IDEM4J)) {
      throw new NoSuchElementException("on " + store + " nobody grows but idem4j: -p by=idem4j");
    }
    if (opened != null) {
      if (!anew) {
        return;
      }
      close();
    }
    opened = StoreType.open(store);
    calls = CallBenchmark.contender(opened, by);
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
      List<Future<Integer>> parts = new ArrayList<>();
      for (int part = 0; part < FILLING; part++) {
        int from = begin + part;
        parts.add(
            threads.submit(
                () -> {
                  for (int i = from; i < end; i += FILLING) {
                    calls().first(calls().prepare("stored-" + i), ANSWER);
                  }
                  return from;
                }));
      }
      for (Future<Integer> each : parts) {
        each.get();
      }
    } finally {
      threads.shutdown();
    }
  }

  /** Closes it. */
  @TearDown
  public void close() {
    Counts.aside(calls()::close);
    requireNonNull(opened).close();
  }

  private Contender calls() {
    return requireNonNull(calls);
  }

  /** The first call under a key, whose preparation is a part of it. */
  @Benchmark
  public Object first() throws Exception {
    return calls().first(calls().prepare("fresh-" + keys.incrementAndGet()), ANSWER);
  }

  /** The replay of one of all answers. */
  @Benchmark
  public Object replay() throws Exception {
    int any = ThreadLocalRandom.current().nextInt(called);
    return calls().replay(calls().prepare("stored-" + any));
  }
}
