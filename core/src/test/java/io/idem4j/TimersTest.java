package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The timers of the machine: none is lost, none rings early, none rings once it was dropped. */
final class TimersTest {
  private static final long MILLI = Duration.ofMillis(1).toNanos();
  private static final int ROUNDS = 4;
  private static final int TIMERS = 400;

  private final AtomicInteger threads = new AtomicInteger();
  private final Timers timers =
      new Timers(
          task -> {
            threads.incrementAndGet();
            return daemon(task);
          });

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "timers-test");
    thread.setDaemon(true);
    return thread;
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void timers_ringInTheOrderOfTheirTimes_whateverTheOrderTheyWereSetIn() throws Exception {
    Queue<Integer> rung = new ConcurrentLinkedQueue<>();
    CountDownLatch all = new CountDownLatch(4);
    for (int each : new int[] {60, 20, 40, 0}) {
      timers.schedule(
          each * MILLI,
          () -> {
            rung.add(each);
            all.countDown();
          });
    }
    await(all);
    assertThat(rung).containsExactly(0, 20, 40, 60);
    assertThat(threads).hasValue(1);
  }

  @Test
  void timerThatIsSetWhileTheThreadWaitsForALaterOne_ringsInItsOwnTime() throws Exception {
    // It never looks by itself before the later one: only who sets the earlier one can wake it.
    Timers patient = new Timers(TimersTest::daemon, Duration.ofHours(2));
    patient.schedule(Duration.ofHours(1).toNanos(), () -> {});
    // The thread may be on its way into the wait, or in it.
    for (int pause = 0; pause < 20; pause++) {
      TimeUnit.MILLISECONDS.sleep(pause % 3);
      CountDownLatch rung = new CountDownLatch(1);
      patient.schedule(MILLI, rung::countDown);
      await(rung);
    }
  }

  @Test
  void timerPastATurnOfTheWheel_waitsForItsOwnTurn() throws Exception {
    AtomicInteger early = new AtomicInteger();
    // In the same bucket as what is due now, a turn of 2048 buckets of 2^23 ns later.
    timers.schedule((2_048L << 23) + MILLI, early::incrementAndGet);
    CountDownLatch now = new CountDownLatch(1);
    timers.schedule(MILLI, now::countDown);
    await(now);
    TimeUnit.MILLISECONDS.sleep(50);
    assertThat(early).hasValue(0);
  }

  @Test
  void droppedTimer_doesNotRing_andMayBeDroppedAgain() throws Exception {
    AtomicInteger rung = new AtomicInteger();
    Timing.Timer timer = timers.schedule(20 * MILLI, rung::incrementAndGet);
    timer.cancel();
    timer.cancel();
    CountDownLatch later = new CountDownLatch(1);
    timers.schedule(40 * MILLI, later::countDown);
    await(later);
    assertThat(rung).hasValue(0);
    timer.cancel();
  }

  @Test
  void taskThatThrows_stopsNoOther() throws Exception {
    CountDownLatch later = new CountDownLatch(1);
    timers.schedule(
        0,
        () -> {
          throw new AssertionError("expected");
        });
    timers.schedule(MILLI, later::countDown);
    await(later);
    assertThat(threads).hasValue(1);
  }

  @Test
  void threadThatCannotBeHad_isTold_andTheNextTimerTriesAgain() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Timers poor =
        new Timers(
            task -> {
              if (asked.incrementAndGet() == 1) {
                throw new OutOfMemoryError("expected");
              }
              return new Thread(task);
            });
    AtomicInteger lost = new AtomicInteger();
    assertThatThrownBy(() -> poor.schedule(0, lost::incrementAndGet))
        .isInstanceOf(OutOfMemoryError.class);
    CountDownLatch rung = new CountDownLatch(1);
    poor.schedule(0, rung::countDown);
    await(rung);
    assertThat(lost).hasValue(0);
  }

  /** The log writes to the error stream. */
  @Test
  void taskThatThrows_whereTheLogThrowsToo_stopsNoOther() throws Exception {
    PrintStream before = System.err;
    System.setErr(
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8) {
          @Override
          public void println(String line) {
            throw new OutOfMemoryError("expected");
          }
        });
    try {
      CountDownLatch later = new CountDownLatch(1);
      timers.schedule(
          0,
          () -> {
            throw new AssertionError("expected");
          });
      timers.schedule(MILLI, later::countDown);
      await(later);
    } finally {
      System.setErr(before);
    }
    assertThat(threads).hasValue(1);
  }

  @Test
  void delaysOfAnyLength_loseNoOther() throws Exception {
    AtomicInteger early = new AtomicInteger();
    for (long delay : new long[] {Long.MAX_VALUE, Long.MAX_VALUE / 2, Long.MAX_VALUE - 1}) {
      timers.schedule(delay, early::incrementAndGet);
    }
    for (long delay : new long[] {Long.MIN_VALUE, -1, MILLI}) {
      CountDownLatch rung = new CountDownLatch(1);
      timers.schedule(delay, rung::countDown);
      await(rung);
    }
    assertThat(early).hasValue(0);
  }

  @Test
  void thread_endsWhenItWasIdle_andTheNextTimerStartsAnother() throws Exception {
    AtomicInteger started = new AtomicInteger();
    Timers brief =
        new Timers(
            task -> {
              started.incrementAndGet();
              return new Thread(task);
            },
            Duration.ofMillis(50));
    for (int run = 1; run <= 2; run++) {
      Thread[] ringing = new Thread[1];
      CountDownLatch rung = new CountDownLatch(1);
      brief.schedule(
          0,
          () -> {
            ringing[0] = Thread.currentThread();
            rung.countDown();
          });
      // The thread may wait for this one when it is dropped.
      Timing.Timer dropped = brief.schedule(Duration.ofHours(8).toNanos(), () -> {});
      await(rung);
      TimeUnit.MILLISECONDS.sleep(20);
      dropped.cancel();
      ringing[0].join(Duration.ofSeconds(30).toMillis());
      assertThat(ringing[0].isAlive()).isFalse();
      assertThat(started).hasValue(run);
    }
  }

  /** Seeds are printed; 4 threads, each of which sets 400 timers a round and drops half of them. */
  @Test
  void manyThreads_setAndDrop_everyTimerRingsOnceOrNever_andNoneEarly() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      long seed = System.nanoTime();
      AtomicInteger wanted = new AtomicInteger();
      AtomicInteger rung = new AtomicInteger();
      AtomicInteger wrong = new AtomicInteger();
      AtomicLong earliest = new AtomicLong(Long.MAX_VALUE);
      List<Thread> setters =
          java.util.stream.IntStream.range(0, 4)
              .mapToObj(
                  number ->
                      new Thread(
                          () ->
                              set(
                                  new SplittableRandom(seed + number),
                                  wanted,
                                  rung,
                                  wrong,
                                  earliest)))
              .toList();
      setters.forEach(Thread::start);
      for (Thread each : setters) {
        each.join();
      }
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (rung.get() < wanted.get() && System.nanoTime() - end < 0) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      TimeUnit.MILLISECONDS.sleep(20);
      assertThat(rung.get()).as("seed %d", seed).isEqualTo(wanted.get());
      assertThat(wrong.get()).as("dropped or twice, seed %d", seed).isZero();
      assertThat(earliest.get()).as("seed %d", seed).isGreaterThanOrEqualTo(0);
    }
  }

  private void set(
      SplittableRandom random,
      AtomicInteger wanted,
      AtomicInteger rung,
      AtomicInteger wrong,
      AtomicLong earliest) {
    for (int i = 0; i < TIMERS; i++) {
      boolean dropped = random.nextBoolean();
      // Those that are dropped are so far off that they cannot ring before.
      long delay = dropped ? Duration.ofSeconds(60).toNanos() : random.nextLong(60 * MILLI);
      long at = System.nanoTime() + delay;
      AtomicInteger rings = new AtomicInteger();
      Timing.Timer timer =
          timers.schedule(
              delay,
              () -> {
                earliest.accumulateAndGet(System.nanoTime() - at, Math::min);
                if (dropped || rings.incrementAndGet() > 1) {
                  wrong.incrementAndGet();
                }
                rung.incrementAndGet();
              });
      if (dropped) {
        timer.cancel();
      } else {
        wanted.incrementAndGet();
      }
    }
  }
}
