package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The first call under a key and the replay of its answer, by idem4j and by hand.
 *
 * <p>The memory store is opened anew for each iteration: millions of records would be there from
 * earlier ones, and the growth of the heap would be what is measured. Iterations are so short that
 * none of them fills the young generation, whose collection would copy what all calls before it
 * recorded. The heap is of one size from the beginning, and touched before: pages that are touched
 * for the first time cost more than the call, on both sides.
 *
 * <pre>java -jar jmh/target/benchmarks.jar CallBenchmark -p store=memory,h2</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 12, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 3,
    // Before those that the program appends, which would replace any appended here.
    jvmArgsPrepend = {"-Xms3g", "-Xmn2g", "-XX:+AlwaysPreTouch"})
@State(Scope.Benchmark)
public class CallBenchmark {
  /** How many calls make one measured invocation: their keys are made before it. */
  static final int CALLS = 200;

  private static final int REPLAYED = 1_024;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The store, by name. */
  @Param("memory")
  public String store = "";

  /**
   * Who makes the calls; on a database also camel, springintegration and shedlock, in memory
   * jdempotent, on DynamoDB dynamodblockclient.
   */
  @Param({"byhand", "idem4j"})
  public String by = "";

  /** How long the answer is, in bytes. */
  @Param("256")
  public int answer;

  final AtomicLong keys = new AtomicLong();
  byte[] bytes = {};
  Object[] answered = {};

  private @Nullable OpenedStore opened;
  private @Nullable Contender opponent;

  /** Opens the store, where it is not to stay open, and makes the calls that are replayed. */
  @Setup(Level.Iteration)
  public void open() throws Exception {
    if (opened != null) {
      if (!StoreType.isOpenedAnew(store)) {
        return;
      }
      close();
    }
    opened = StoreType.open(store);
    opponent = contender(opened, by);
    bytes = new byte[answer];
    answered = new Object[REPLAYED];
    for (int i = 0; i < REPLAYED; i++) {
      answered[i] = contender().prepare("answered-" + i);
      contender().answered(answered[i], bytes);
    }
    // What the iteration before left behind is not collected within this one.
    System.gc();
  }

  /** Closes it. */
  @TearDown
  public void close() {
    Counts.aside(contender()::close);
    requireNonNull(opened).close();
  }

  /** Returns who is called so, on this store. */
  static Contender contender(OpenedStore opened, String by) throws Exception {
    return switch (by) {
      case "idem4j" -> new Idem4j(opened.store());
      case "byhand" ->
          opened
              .floor()
              .orElseThrow(() -> new NoSuchElementException("nobody wrote this store by hand"));
      default ->
          Peers.all()
              .filter(it -> it.contenderName().equals(by))
              .findFirst()
              .orElseThrow(() -> new NoSuchElementException("nobody is called " + by))
              .on(opened)
              .orElseThrow(() -> new NoSuchElementException(by + " is not made for this store"));
    };
  }

  Contender contender() {
    return requireNonNull(opponent);
  }

  /** Keys that nobody has called, for one invocation of one thread. */
  @State(Scope.Thread)
  public static class Fresh {
    final Object[] prepared = new Object[CALLS];

    /** Makes them. */
    @Setup(Level.Invocation)
    public void prepare(CallBenchmark benchmark) {
      for (int i = 0; i < CALLS; i++) {
        prepared[i] = benchmark.contender().prepare("fresh-" + benchmark.keys.incrementAndGet());
      }
    }
  }

  /** Where one thread is among the keys with an answer. */
  @State(Scope.Thread)
  public static class Turn {
    private int next;

    Object next(Object[] answered) {
      next = (next + 1) & (REPLAYED - 1);
      return answered[next];
    }
  }

  /** The first call under a key. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void first(Fresh fresh, Blackhole blackhole) throws Exception {
    Contender contender = contender();
    // Apart from what the keys took, which are made meanwhile as JMH sees it.
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (Object key : fresh.prepared) {
      blackhole.consume(contender.first(key, bytes));
    }
    Counts.BYTES.add((double) (THREADS.getCurrentThreadAllocatedBytes() - before));
  }

  /** A further call, whose answer is recorded. */
  @Benchmark
  public Object replay(Turn turn) throws Exception {
    return contender().replay(turn.next(answered));
  }
}
