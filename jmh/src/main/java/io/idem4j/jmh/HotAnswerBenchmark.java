package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One key that has its answer, replayed by 16 clients at once; by hand it is read by a plain
 * select.
 *
 * <pre>java -jar jmh/target/benchmarks.jar HotAnswerBenchmark -p store=postgresql</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 15, time = 2)
@Measurement(iterations = 10, time = 2)
@Fork(3)
@Threads(16)
@State(Scope.Benchmark)
public class HotAnswerBenchmark {
  private static final byte[] ANSWER = new byte[256];

  /** The store, by name; by hand, one that has a read of its own. */
  @Param("h2")
  public String store = "";

  /** Who reads the answer. */
  @Param({"byhand", "idem4j"})
  public String by = "";

  private @Nullable OpenedStore opened;
  private @Nullable Contender contender;
  private Object key = "";

  /** Opens the store, and makes the call that is replayed. */
  @Setup
  public void open() throws Exception {
    opened = StoreType.open(store);
    contender =
        by.equals("idem4j")
            ? new Idem4j(opened.store())
            : opened
                .floor()
                .orElseThrow(() -> new NoSuchElementException("nobody wrote this store by hand"));
    key = contender.prepare("hot");
    contender.first(key, ANSWER);
  }

  /** Closes it. */
  @TearDown
  public void close() {
    requireNonNull(contender).close();
    requireNonNull(opened).close();
  }

  /** Gets the answer. */
  @Benchmark
  public Object replay() throws Exception {
    return requireNonNull(contender).read(key);
  }
}
