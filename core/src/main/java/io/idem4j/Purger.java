package io.idem4j;

import io.idem4j.spi.RecordPurger;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees the space of records whose retention is over, little by little, beside traffic: in small
 * batches, with a pause after each, so that no transaction is long and the store has time for its
 * callers. What callers see never changes by it: a record past its retention is absent at once.
 *
 * <p>{@link #start} runs it on a daemon thread of its own; or a scheduler of yours calls {@link
 * #run}:
 *
 * <pre>{@code
 * var purger = Purger.builder(store).build().start();
 *
 * scheduler.scheduleWithFixedDelay(purger::run, 1, 1, TimeUnit.MINUTES); // instead
 * }</pre>
 *
 * <p>Every node may run one: deletions test the retention again and skip what others hold ({@link
 * RecordPurger}), and the nodes' runs are spread by jitter. Where the budget of all of them is less
 * than what expires, the table grows: watch {@link End#BUDGET}.
 *
 * <p>Safe for use by many threads. It never throws what a store throws: a failure ends the run, is
 * logged and told, and the schedule goes on, after a longer wait with each failure in a row.
 */
public final class Purger implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final int LONGEST_BACKOFF = 32;

  private final RecordPurger store;
  private final int batchSize;
  private final Duration pause;
  private final Duration interval;
  private final int budget;
  private final @Nullable Consumer<? super Run> listener;
  private final Timing timing;
  private final RandomGenerator random;

  private final AtomicBoolean started = new AtomicBoolean();
  private final CompletableFuture<Boolean> closed = new CompletableFuture<>();

  /** Done while it is paused, so that whoever waits between two batches wakes at once. */
  private volatile CompletableFuture<Boolean> halt = new CompletableFuture<>();

  private Purger(Builder builder) {
    this.store = builder.store;
    this.batchSize = builder.batchSize;
    this.pause = builder.pause;
    this.interval = builder.interval;
    this.budget = builder.budget;
    this.listener = builder.listener;
    this.timing = builder.timing;
    this.random = builder.random;
  }

  /** Returns a builder of a purger of this store. */
  public static Builder builder(RecordPurger store) {
    return new Builder(store);
  }

  /** How a run ended. */
  public enum End {
    /** Nothing was left to delete. */
    NOTHING_LEFT,
    /** At its budget; there may be more. */
    BUDGET,
    /** By {@link Purger#pause}, {@link Purger#close} or an interrupt. */
    STOPPED,
    /** The store failed. */
    STORE_FAILED
  }

  /**
   * What a run did.
   *
   * @param end how it ended
   * @param deleted how many records were deleted, as far as the store said
   * @param batches how many times the store was asked
   * @param failure what the store failed with
   */
  public record Run(End end, long deleted, int batches, Optional<KeyStoreException> failure) {}

  /**
   * Deletes what is past its retention, on this thread, batch by batch, until nothing is left, the
   * budget is used up, it is paused or closed, the thread is interrupted, or the store fails. Safe
   * to repeat, and to run from several threads and nodes at once. An interrupt stays set.
   *
   * @return what was done; nothing at all while it is paused or closed
   */
  public Run run() {
    Run run = purge();
    if (listener != null) {
      try {
        listener.accept(run);
      } catch (RuntimeException e) {
        log.warn("the listener of a purger threw {}", e.getClass().getName());
      }
    }
    return run;
  }

  private Run purge() {
    long deleted = 0;
    int batches = 0;
    while (true) {
      if (isStopped()) {
        return new Run(End.STOPPED, deleted, batches, Optional.empty());
      }
      int wanted = (int) Math.min(batchSize, budget - deleted);
      int got;
      try {
        batches++;
        got = store.purge(wanted);
      } catch (KeyStoreException e) {
        return failed(e, deleted, batches);
      } catch (RuntimeException e) {
        // A store must throw nothing else (S7); what it throws all the same proves nothing.
        var foreign =
            KeyStoreException.unknown(
                "the store threw " + e.getClass().getName() + " when purged", new Withheld(e));
        return failed(foreign, deleted, batches);
      }
      deleted += got;
      if (got < wanted) {
        return new Run(End.NOTHING_LEFT, deleted, batches, Optional.empty());
      } else if (deleted >= budget) {
        return new Run(End.BUDGET, deleted, batches, Optional.empty());
      }
      await(halt, jittered(pause));
    }
  }

  private static Run failed(KeyStoreException failure, long deleted, int batches) {
    log.warn(
        "a purge ended early after {} records, the store failed ({}, {})",
        deleted,
        failure.certainty(),
        failure.reason());
    return new Run(End.STORE_FAILED, deleted, batches, Optional.of(failure));
  }

  /**
   * Runs it from now on at the interval, on a daemon thread of its own, until it is closed. The
   * first run comes after a random part of the interval, so that nodes which start together do not
   * run together.
   *
   * @return this purger
   * @throws MisuseException if it was started or closed before
   */
  public Purger start() {
    if (closed.isDone() || !started.compareAndSet(false, true)) {
      throw new MisuseException("this purger was started or closed before");
    }
    daemon(this::loop).start();
    return this;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "idem4j-purger");
    thread.setDaemon(true);
    return thread;
  }

  /** Only the close ends it: who interrupts a thread that is not theirs stops one run at most. */
  void loop() {
    int backoff = 1;
    Duration wait = Duration.ofNanos(random.nextLong(interval.toNanos()));
    while (!await(closed, wait)) {
      Thread.interrupted();
      boolean failed;
      try {
        failed = run().end() == End.STORE_FAILED;
      } catch (Error e) {
        log.error("a purge ended with {}", e.getClass().getName());
        failed = true;
      }
      backoff = failed ? Math.min(backoff * 2, LONGEST_BACKOFF) : 1;
      wait = jittered(interval.multipliedBy(backoff));
    }
  }

  /** Half of it at least, one and a half times at most. */
  private Duration jittered(Duration length) {
    long nanos = length.toNanos();
    return Duration.ofNanos(nanos / 2 + (nanos == 0 ? 0 : random.nextLong(nanos)));
  }

  private boolean isStopped() {
    return closed.isDone() || halt.isDone() || Thread.currentThread().isInterrupted();
  }

  /** Says whether the signal is done; ends early if the thread is interrupted. */
  private boolean await(CompletableFuture<?> signal, Duration time) {
    try {
      return timing.await(signal, time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return signal.isDone();
    }
  }

  /** Ends runs after the batch at hand, and lets later ones do nothing, until it is resumed. */
  public void pause() {
    halt.complete(true);
  }

  /**
   * Ends the pause: the next run is one again. Without effect if it is not paused, or is closed.
   */
  public void resume() {
    if (halt.isDone() && !closed.isDone()) {
      CompletableFuture<Boolean> next = new CompletableFuture<>();
      halt = next;
      if (closed.isDone()) {
        // A close between these lines may have completed the one before.
        next.complete(true);
      }
    }
  }

  /** Ends it for good, after the batch at hand, and does not wait for that. Safe to repeat. */
  @Override
  public void close() {
    closed.complete(true);
    halt.complete(true);
  }

  /** Builds a {@link Purger}. Not for use by several threads. */
  public static final class Builder {
    private final RecordPurger store;
    private int batchSize = 500;
    private Duration pause = Duration.ofMillis(50);
    private Duration interval = Duration.ofMinutes(1);
    private int budget = 100_000;
    private @Nullable Consumer<? super Run> listener;
    private Timing timing = new SystemTiming(Purger::daemon);
    private RandomGenerator random = new Idempotency.SharedRandom();

    private Builder(RecordPurger store) {
      this.store = Objects.requireNonNull(store, "store");
    }

    /**
     * Sets how many records are deleted at once; 500 by default. Fewer hold their locks for a
     * shorter time.
     *
     * @throws MisuseException if it is not positive
     */
    public Builder batchSize(int records) {
      this.batchSize = requirePositive("batch size", records);
      return this;
    }

    /**
     * Sets for how long a run pauses after each batch, give or take half of it; 50 ms by default.
     *
     * @throws MisuseException if it is negative, or longer than a day
     */
    public Builder pause(Duration pause) {
      this.pause = requireInRange("pause", pause, Duration.ZERO);
      return this;
    }

    /**
     * Sets for how long {@link Purger#start} waits between two runs, give or take half of it; 1 min
     * by default. After a failure of the store it waits twice as long, after the next one four
     * times, and so on up to 32 times.
     *
     * @throws MisuseException if it is less than 1 ms, or longer than a day
     */
    public Builder interval(Duration interval) {
      this.interval = requireInRange("interval", interval, Duration.ofMillis(1));
      return this;
    }

    /**
     * Sets how many records one run deletes at most; 100,000 by default.
     *
     * @throws MisuseException if it is not positive
     */
    public Builder budget(int records) {
      this.budget = requirePositive("budget", records);
      return this;
    }

    /**
     * Sets who is told of each run, on the thread that ran it; nobody by default. What it throws is
     * logged and ignored.
     */
    public Builder listener(Consumer<? super Run> listener) {
      this.listener = listener;
      return this;
    }

    Builder timing(Timing timing) {
      this.timing = timing;
      return this;
    }

    Builder random(RandomGenerator random) {
      this.random = random;
      return this;
    }

    /** Builds the purger; nothing is started yet. */
    public Purger build() {
      return new Purger(this);
    }

    private static int requirePositive(String name, int records) {
      if (records < 1) {
        throw new MisuseException("the " + name + " is " + records + ", and must be positive");
      }
      return records;
    }

    private static Duration requireInRange(String name, Duration time, Duration least) {
      if (time.compareTo(least) < 0 || time.compareTo(Duration.ofDays(1)) > 0) {
        throw new MisuseException("the " + name + " is " + time + ", which is out of range");
      }
      return time;
    }
  }
}
