package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import io.idem4j.OperationPolicy;
import io.idem4j.Purger;
import io.idem4j.spi.RecordPurger;
import java.time.Duration;
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
 * First calls, sampled, with and without a {@link Purger} beside them that has expired records to
 * delete.
 *
 * <pre>java -jar jmh/target/benchmarks.jar PurgeBenchmark -p store=postgresql -p records=1000000
 * </pre>
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 4)
@Fork(3)
@State(Scope.Benchmark)
public class PurgeBenchmark {
  private static final byte[] ANSWER = new byte[256];

  /** The store, by name; one that can be purged. */
  @Param("memory")
  public String store = "";

  /** How many records are expired. */
  @Param("100000")
  public int records;

  /** Whether they are purged meanwhile. */
  @Param({"false", "true"})
  public boolean purging;

  private final AtomicLong keys = new AtomicLong();
  private @Nullable OpenedStore opened;
  private @Nullable Idem4j calls;
  private @Nullable Purger purger;

  /** Opens the store, fills it with what expires, and begins to purge. */
  @Setup
  public void fill() throws Exception {
    opened = StoreType.open(store);
    calls = new Idem4j(opened.store());
    // The shortest that a policy may have: the lease and two store deadlines.
    Duration lease = Duration.ofSeconds(1);
    OperationPolicy policy =
        OperationPolicy.rerun().withLease(lease).withRetention(lease.multipliedBy(2));
    try (Idem4j brief = new Idem4j(opened.store(), policy)) {
      brief.first(brief.prepare("brief"), ANSWER);
      if (!opened.addCopies(records)) {
        for (int i = 0; i < records; i++) {
          brief.first(brief.prepare("brief-" + i), ANSWER);
        }
      }
    }
    TimeUnit.NANOSECONDS.sleep(policy.retention().toNanos());
    if (purging) {
      purger =
          Purger.builder((RecordPurger) opened.store())
              .batchSize(1_000)
              .pause(Duration.ofMillis(50))
              .build()
              .start();
    }
  }

  /** Closes it. */
  @TearDown
  public void close() {
    if (purger != null) {
      purger.close();
    }
    requireNonNull(calls).close();
    requireNonNull(opened).close();
  }

  /** The first call under a key, whose preparation is a part of it. */
  @Benchmark
  public Object first() {
    Idem4j callsNow = requireNonNull(calls);
    return callsNow.first(callsNow.prepare("fresh-" + keys.incrementAndGet()), ANSWER);
  }
}
