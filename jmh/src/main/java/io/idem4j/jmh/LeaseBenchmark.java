package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import io.idem4j.Claim;
import io.idem4j.IdempotencyKey;
import io.idem4j.Lease;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import java.time.Duration;
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
 * The parts of a first call, each alone; and the calls that are turned away.
 *
 * <pre>java -jar jmh/target/benchmarks.jar LeaseBenchmark -p store=memory,h2</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(3)
@State(Scope.Benchmark)
public class LeaseBenchmark {
  private static final byte[] ANSWER = new byte[256];

  /** The store, by name. */
  @Param("memory")
  public String store = "";

  private final AtomicLong keys = new AtomicLong();
  private @Nullable OpenedStore opened;
  private @Nullable Idem4j calls;
  private @Nullable IdempotencyKey answered;
  private @Nullable IdempotencyKey held;
  private @Nullable Lease<byte[]> holder;

  /** Opens the store, with one key that has an answer and one that is held. */
  @Setup
  public void open() throws Exception {
    opened = StoreType.open(store);
    // So long that none is renewed among the calls that are turned away.
    calls = new Idem4j(opened.store(), OperationPolicy.rerun().withLease(Duration.ofMinutes(5)));
    answered = calls.prepare("answered");
    calls.first(answered, ANSWER);
    held = calls.prepare("held");
    holder = claim(held);
  }

  /** Closes it. */
  @TearDown
  public void close() {
    requireNonNull(holder).close();
    calls().close();
    requireNonNull(opened).close();
  }

  private Idem4j calls() {
    return requireNonNull(calls);
  }

  private IdempotencyKey fresh() {
    return calls().prepare("fresh-" + keys.incrementAndGet());
  }

  private Lease<byte[]> claim(IdempotencyKey key) {
    Claim<byte[]> claim = calls().operation().claim(key, Idem4j.REQUEST);
    if (claim instanceof Claim.Granted<byte[]> granted) {
      return granted.lease();
    }
    throw new IllegalStateException("not granted: " + claim);
  }

  /** Keys for one invocation. */
  @State(Scope.Thread)
  public static class Fresh {
    private final IdempotencyKey[] keys = new IdempotencyKey[CallBenchmark.CALLS];
    private final Lease<?>[] leases = new Lease<?>[CallBenchmark.CALLS];

    /** Makes them. */
    @Setup(Level.Invocation)
    public void prepare(LeaseBenchmark benchmark) {
      for (int i = 0; i < keys.length; i++) {
        keys[i] = benchmark.fresh();
      }
    }

    /** Ends the renewals of leases that nobody completes. */
    @TearDown(Level.Invocation)
    public void release() {
      for (Lease<?> each : leases) {
        each.close();
      }
    }
  }

  /** Leases for one invocation. */
  @State(Scope.Thread)
  public static class Granted {
    private final Object[] leases = new Object[CallBenchmark.CALLS];

    /** Makes them. */
    @Setup(Level.Invocation)
    public void prepare(LeaseBenchmark benchmark) {
      Counts.aside(
          () -> {
            for (int i = 0; i < leases.length; i++) {
              leases[i] = benchmark.claim(benchmark.fresh());
            }
          });
    }
  }

  /** A claim that is granted. */
  @Benchmark
  @OperationsPerInvocation(CallBenchmark.CALLS)
  public void claim(Fresh fresh) {
    for (int i = 0; i < fresh.keys.length; i++) {
      fresh.leases[i] = claim(fresh.keys[i]);
    }
  }

  /** The completion of a lease. */
  @Benchmark
  @OperationsPerInvocation(CallBenchmark.CALLS)
  @SuppressWarnings("unchecked") // an array of a generic type cannot be made
  public void complete(Granted granted, Blackhole blackhole) {
    for (Object each : granted.leases) {
      blackhole.consume(((Lease<byte[]>) each).complete(ANSWER));
    }
  }

  /** A duplicate of a call that runs. */
  @Benchmark
  public Outcome<byte[]> refusal() {
    return calls().operation().execute(requireNonNull(held), Idem4j.REQUEST, Idem4j::mustNotRun);
  }

  /** Another request under a key that has an answer. */
  @Benchmark
  public Outcome<byte[]> mismatch() {
    return calls()
        .operation()
        .execute(requireNonNull(answered), Idem4j.OTHER_REQUEST, Idem4j::mustNotRun);
  }
}
