package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Purger.End;
import io.idem4j.Purger.Run;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How far a purge goes, when it pauses, and what keeps its schedule alive. */
@Timeout(60)
class PurgerTest {
  private final VirtualTiming timing = new VirtualTiming();
  private final MemoryKeyStore memory = new MemoryKeyStore(10_000, timing::nanoTime);
  private final Purged store = new Purged(memory);
  private final List<Run> told = new ArrayList<>();

  /** Counts the batches, and fails on demand. */
  private static final class Purged implements RecordPurger {
    private final MemoryKeyStore memory;
    private final List<Integer> limits = new ArrayList<>();
    private RuntimeException fails;
    private Runnable inside = () -> {};

    Purged(MemoryKeyStore memory) {
      this.memory = memory;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return memory.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return memory.find(id);
    }

    @Override
    public int purge(int limit) {
      limits.add(limit);
      inside.run();
      if (fails != null) {
        throw fails;
      }
      return memory.purge(limit);
    }
  }

  /** Time that stands in for a thread's, and is over after so many waits. */
  private static final class Waits extends DelegatingTiming {
    private final List<Long> waits = new ArrayList<>();
    private final Runnable end;
    private int left;

    Waits(Timing timing, int left, Runnable end) {
      super(timing);
      this.left = left;
      this.end = end;
    }

    @Override
    public boolean await(Future<?> signal, long nanos) throws InterruptedException {
      waits.add(nanos);
      if (left-- == 0) {
        end.run();
      }
      return super.await(signal, nanos);
    }
  }

  private Purger.Builder builder() {
    return Purger.builder(store)
        .batchSize(10)
        .pause(Duration.ofMillis(100))
        .listener(told::add)
        .timing(timing)
        .random(new Random(42));
  }

  private void expired(int records) {
    for (int i = 0; i < records; i++) {
      KeyRecord record =
          Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ofSeconds(1)).build();
      memory.compareAndSet(record.keyId(), Stamp.ABSENT, record);
    }
    timing.advance(Duration.ofSeconds(1));
  }

  private void live(int records) {
    for (int i = 0; i < records; i++) {
      KeyRecord record = Samples.locked(Samples.keyId(), Samples.stamp()).build();
      memory.compareAndSet(record.keyId(), Stamp.ABSENT, record);
    }
  }

  private static Run run(End end, long deleted, int batches) {
    return new Run(end, deleted, batches, Optional.empty());
  }

  @Test
  void run_deletesInBatchesWithPausesUntilNothingIsLeft() {
    expired(25);
    live(7);
    long begin = timing.nanoTime();
    assertThat(builder().build().run()).isEqualTo(run(End.NOTHING_LEFT, 25, 3));
    assertThat(store.limits).containsExactly(10, 10, 10);
    assertThat(memory.size()).isEqualTo(7);
    assertThat(Duration.ofNanos(timing.nanoTime() - begin))
        .as("two pauses, each give or take half of it")
        .isBetween(Duration.ofMillis(100), Duration.ofMillis(300))
        .as("jittered")
        .isNotEqualTo(Duration.ofMillis(200));
    assertThat(told).containsExactly(run(End.NOTHING_LEFT, 25, 3));
  }

  @Test
  void budget_endsARunAndTheNextOneGoesOn() {
    expired(30);
    Purger purger = builder().budget(15).build();
    assertThat(purger.run()).isEqualTo(run(End.BUDGET, 15, 2));
    assertThat(store.limits).as("never more than the rest of it").containsExactly(10, 5);
    assertThat(purger.run()).isEqualTo(run(End.BUDGET, 15, 2));
    assertThat(purger.run()).isEqualTo(run(End.NOTHING_LEFT, 0, 1));
  }

  @Test
  void pause_endsTheRunAfterItsBatchAndResumeLetsItGoOn() {
    expired(30);
    Purger purger = builder().build();
    store.inside = purger::pause;
    assertThat(purger.run()).isEqualTo(run(End.STOPPED, 10, 1));
    assertThat(purger.run()).as("paused").isEqualTo(run(End.STOPPED, 0, 0));
    store.inside = () -> {};
    purger.resume();
    purger.resume();
    assertThat(purger.run()).isEqualTo(run(End.NOTHING_LEFT, 20, 3));
  }

  @Test
  void pauseOrClose_betweenTwoBatches_endsTheWaitAtOnce() {
    for (boolean isPause : new boolean[] {true, false}) {
      expired(30);
      Purger purger = builder().pause(Duration.ofDays(1)).build();
      // One that is not paused: what a wait listens to stays the same.
      timing.schedule(Duration.ofMillis(5).toNanos(), purger::resume);
      Runnable end = isPause ? purger::pause : purger::close;
      timing.schedule(Duration.ofMillis(10).toNanos(), end);
      long begin = timing.nanoTime();
      assertThat(purger.run()).isEqualTo(run(End.STOPPED, 10, 1));
      assertThat(Duration.ofNanos(timing.nanoTime() - begin)).isEqualTo(Duration.ofMillis(10));
    }
  }

  @Test
  void close_endsTheRunAndAllLaterOnes() {
    expired(30);
    Purger purger = builder().build();
    store.inside = purger::close;
    assertThat(purger.run()).isEqualTo(run(End.STOPPED, 10, 1));
    purger.resume();
    assertThat(purger.run()).isEqualTo(run(End.STOPPED, 0, 0));
    assertThatThrownBy(purger::start).isInstanceOf(MisuseException.class);
    purger.close();
  }

  @Test
  void interrupt_endsTheRunAndStaysSet() {
    expired(30);
    Purger purger = builder().build();
    store.inside = () -> Thread.currentThread().interrupt();
    assertThat(purger.run()).isEqualTo(run(End.STOPPED, 10, 1));
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void storeThatFails_isToldAndNotThrown() {
    expired(30);
    KeyStoreException failure =
        KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "no connection", null);
    store.inside = () -> store.fails = store.limits.size() == 2 ? failure : null;
    Purger purger = builder().build();
    assertThat(purger.run()).isEqualTo(new Run(End.STORE_FAILED, 10, 2, Optional.of(failure)));
    assertThat(purger.run().deleted()).isEqualTo(20);
    store.inside = () -> store.fails = new IllegalStateException("text with " + Canaries.BODY);
    Run foreign = purger.run();
    assertThat(foreign.end()).isEqualTo(End.STORE_FAILED);
    StringWriter trace = new StringWriter();
    foreign.failure().orElseThrow().printStackTrace(new PrintWriter(trace));
    assertThat(trace.toString()).contains("IllegalStateException").doesNotContain(Canaries.BODY);
    assertThat(told).hasSize(3);
  }

  @Test
  void listenerThatThrows_isIgnored() {
    expired(5);
    Purger purger =
        builder()
            .listener(
                run -> {
                  throw new IllegalStateException();
                })
            .build();
    assertThat(purger.run().deleted()).isEqualTo(5);
  }

  @Test
  void schedule_spreadsTheRunsBacksOffAndOutlivesEveryFailure() {
    Purger[] purger = new Purger[1];
    Waits waits = new Waits(timing, 9, () -> purger[0].close());
    int[] run = {0};
    store.inside =
        () -> {
          switch (run[0]++) {
            case 0, 1, 2, 4, 5, 6 -> store.fails = KeyStoreException.unknown("no answer", null);
            case 3 -> throw new AssertionError("no exception at all");
            default -> store.fails = null;
          }
        };
    purger[0] = builder().interval(Duration.ofSeconds(10)).timing(waits).build();
    purger[0].loop();
    assertThat(waits.waits).hasSize(10);
    assertThat(waits.waits.get(0)).isBetween(0L, seconds(10));
    long[] factors = {2, 4, 8, 16, 32, 32, 32, 1, 1};
    for (int i = 0; i < factors.length; i++) {
      assertThat(waits.waits.get(i + 1))
          .as("wait %d of %s", i + 1, waits.waits)
          .isBetween(seconds(5) * factors[i], seconds(15) * factors[i]);
    }
    assertThat(waits.waits).as("jittered").doesNotHaveDuplicates();
    assertThat(told).as("but for the error").hasSize(8);
  }

  /**
   * Who interrupts a thread that is not theirs stops one run, and neither the schedule nor more.
   */
  @Test
  void interruptOfTheSchedule_stopsOneRun() {
    expired(30);
    Purger[] purger = new Purger[1];
    Waits waits = new Waits(timing, 5, () -> purger[0].close());
    store.inside =
        () -> {
          if (store.limits.size() == 1) {
            Thread.currentThread().interrupt();
          }
        };
    purger[0] = builder().pause(Duration.ZERO).timing(waits).build();
    purger[0].loop();
    assertThat(told).containsExactly(run(End.STOPPED, 10, 1), run(End.NOTHING_LEFT, 20, 3));
  }

  @Test
  void nodesThatStartTogether_doNotRunTogether() {
    List<Long> first = new ArrayList<>();
    for (int node = 0; node < 4; node++) {
      Purger[] purger = new Purger[1];
      Waits waits = new Waits(timing, 0, () -> purger[0].close());
      purger[0] = builder().random(new Random(node)).timing(waits).build();
      purger[0].loop();
      first.add(waits.waits.get(0));
    }
    assertThat(first).doesNotHaveDuplicates();
  }

  private static long seconds(long seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  @Test
  void start_runsOnADaemonThreadUntilItIsClosed() throws Exception {
    MemoryKeyStore real = new MemoryKeyStore(100);
    BlockingQueue<Thread> runs = new LinkedBlockingQueue<>();
    Purger purger =
        Purger.builder(real)
            .interval(Duration.ofMillis(2))
            .listener(run -> runs.add(Thread.currentThread()))
            .build()
            .start();
    Thread thread = runs.poll(30, TimeUnit.SECONDS);
    assertThat(thread.isDaemon()).isTrue();
    thread.interrupt();
    runs.clear();
    assertThat(runs.poll(30, TimeUnit.SECONDS)).as("after an interrupt").isSameAs(thread);
    assertThatThrownBy(purger::start).isInstanceOf(MisuseException.class);
    purger.close();
    thread.join(30_000);
    assertThat(thread.isAlive()).isFalse();
  }

  @Test
  void badInput_isRefusedAtOnce() {
    Purger.Builder builder = Purger.builder(memory);
    List<org.assertj.core.api.ThrowableAssert.ThrowingCallable> bad =
        List.of(
            () -> builder.batchSize(0),
            () -> builder.budget(-1),
            () -> builder.pause(Duration.ofMillis(-1)),
            () -> builder.pause(Duration.ofDays(2)),
            () -> builder.interval(Duration.ZERO),
            () -> builder.interval(Duration.ofNanos(999_999)),
            () -> builder.interval(Duration.ofDays(2)));
    bad.forEach(each -> assertThatThrownBy(each).isInstanceOf(MisuseException.class));
    assertThatThrownBy(() -> Purger.builder(null)).isInstanceOf(NullPointerException.class);
  }
}
