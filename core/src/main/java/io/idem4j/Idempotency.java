package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyStore;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Runs operations once per key, on one store. One instance serves a whole process; safe for use by
 * many threads.
 *
 * <pre>{@code
 * var idempotency = Idempotency.builder(store).build();
 * var charge = idempotency.operation("POST /payments", receiptCodec, OperationPolicy.rerun());
 *
 * Outcome<Receipt> outcome =
 *     charge.execute(Scope.of(tenant), key, fingerprint, context -> gateway.charge(...));
 * }</pre>
 */
public final class Idempotency implements AutoCloseable {
  private final Engine engine;

  private Idempotency(Engine engine) {
    this.engine = engine;
  }

  /** Returns a builder of an instance on this store. */
  public static Builder builder(KeyStore store) {
    return new Builder(store);
  }

  /**
   * Returns an operation. The name is part of every key's identity, so it must stay the same across
   * releases; two operations of one name share their records.
   *
   * @param name the explicit, stable name
   * @param codec turns answers into bytes and back
   * @param policy what a repeated effect costs, and the times that follow from it
   * @throws MisuseException if the policy's times contradict each other, or name or codec type
   *     cannot be used
   */
  public <T extends @Nullable Object> Operation<T> operation(
      String name, Codec<T> codec, OperationPolicy policy) {
    return new Operation<>(engine, name, codec, policy);
  }

  /**
   * Refuses new calls, ends waits as {@link Outcome.InFlight}, and returns at once. What runs goes
   * on: renewals, completions and withdrawals are finished in the background. No lease is released
   * whose operation runs. The store is not closed. Safe to repeat.
   */
  @Override
  public void close() {
    engine.activity().close();
    engine.rooms().ringAll();
  }

  /**
   * Closes, and waits until nothing runs any more: operations, their completions, and pending
   * background writes.
   *
   * @param timeout how long to wait at most
   * @return whether nothing was left
   * @throws InterruptedException if the waiting thread is interrupted; it is closed all the same
   */
  public boolean close(Duration timeout) throws InterruptedException {
    close();
    return engine.timing().await(engine.activity().idle(), saturatedNanos(timeout));
  }

  /** Says whether it was closed, so that calls are refused. */
  public boolean isClosed() {
    return engine.activity().isClosed();
  }

  /** Returns how large an encoded answer is recorded, in bytes. */
  public int maximumPayload() {
    return engine.maximumPayload();
  }

  private static long saturatedNanos(Duration length) {
    return length.compareTo(Duration.ofDays(36_500)) > 0 ? Long.MAX_VALUE / 2 : length.toNanos();
  }

  Engine engine() {
    return engine;
  }

  /** Builds an {@link Idempotency}. Not for use by several threads. */
  public static final class Builder {
    private final KeyStore store;
    private @Nullable IdempotencyListener listener;
    private @Nullable Executor executor;
    private int maximumPayload = 256 * 1024;
    private int maximumPendingWrites = 10_000;
    private @Nullable Timing timing;
    private @Nullable Supplier<Grant> grants;
    private RandomGenerator random = new SharedRandom();

    private Builder(KeyStore store) {
      this.store = store;
    }

    /** Sets who is told what happens; nobody by default. */
    public Builder listener(IdempotencyListener listener) {
      this.listener = listener;
      return this;
    }

    /**
     * Sets what runs renewals and background writes; by default daemon threads, one for each that
     * is under way, which end when idle. The executor stays the caller's and is not shut down. One
     * that runs few tasks at once lets a stuck renewal delay others, and one that runs them on the
     * submitting thread blocks all renewals with each store call.
     */
    public Builder executor(Executor executor) {
      this.executor = executor;
      return this;
    }

    /**
     * Sets how large an encoded answer is recorded, in bytes; 256 KiB by default. A larger one is
     * recorded as completed without its body. The store may have a lower limit of its own.
     *
     * @throws MisuseException if it is negative
     */
    public Builder maximumPayload(int bytes) {
      if (bytes < 0) {
        throw new MisuseException("the maximum payload is " + bytes + " bytes");
      }
      this.maximumPayload = bytes;
      return this;
    }

    /**
     * Sets how many unresolved writes are re-sent in the background at once; 10,000 by default.
     * Past it they are not re-sent: their keys stay locked until the lease is over.
     *
     * @throws MisuseException if it is negative
     */
    public Builder maximumPendingWrites(int writes) {
      if (writes < 0) {
        throw new MisuseException("the maximum of pending writes is " + writes);
      }
      this.maximumPendingWrites = writes;
      return this;
    }

    Builder timing(Timing timing) {
      this.timing = timing;
      return this;
    }

    Builder grants(Supplier<Grant> grants) {
      this.grants = grants;
      return this;
    }

    Builder random(RandomGenerator random) {
      this.random = random;
      return this;
    }

    /** Builds the instance; no thread is started and no store call is made yet. */
    public Idempotency build() {
      return new Idempotency(
          Engine.of(
              store,
              timing != null ? timing : new SystemTiming(daemons("idem4j-timer")),
              grants != null ? grants : Grants.of(store),
              random,
              executor != null ? executor : onDemand(),
              new Events(listener),
              maximumPayload,
              maximumPendingWrites));
    }

    private static Executor onDemand() {
      return new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          5,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          daemons("idem4j-worker"));
    }

    private static ThreadFactory daemons(String name) {
      AtomicInteger count = new AtomicInteger();
      return task -> {
        Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
        thread.setDaemon(true);
        return thread;
      };
    }
  }

  /** Jitter needs no state of its own and no sharing. */
  static final class SharedRandom implements RandomGenerator {
    @Override
    public long nextLong() {
      return java.util.concurrent.ThreadLocalRandom.current().nextLong();
    }
  }
}
