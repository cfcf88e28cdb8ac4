package io.idem4j.jmh;

import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What is computed before any store is asked: the fingerprint of a body, and the id of a key.
 *
 * <pre>java -jar jmh/target/benchmarks.jar FingerprintBenchmark -p size=65536</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(3)
@State(Scope.Thread)
public class FingerprintBenchmark {
  private int number;

  /** A body. */
  @State(Scope.Benchmark)
  public static class Body {
    /** How long it is, in bytes. */
    @Param({"0", "256", "16384", "262144"})
    public int size;

    private byte[] bytes = {};

    /** Makes it. */
    @Setup
    public void fill() {
      bytes = new byte[size];
      new SplittableRandom(size).nextBytes(bytes);
    }
  }

  /** The fingerprint of a body: divided by its size, the cost of a byte. */
  @Benchmark
  public Fingerprint fingerprint(Body body) {
    return Fingerprint.sha256().part("body", body.bytes).build();
  }

  /** The id of a key. */
  @Benchmark
  public Object keyId() {
    number++;
    return IdempotencyKey.of(Idem4j.SCOPE, "charge", Integer.toString(number)).id();
  }
}
