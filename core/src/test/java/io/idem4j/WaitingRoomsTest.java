package io.idem4j;

import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.WaitingRooms.Seat;
import io.idem4j.WaitingRooms.Sight;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several guests of one room: real threads, and a clock in the test's hand. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WaitingRoomsTest {
  private static final KeyId ID = key("k").id();
  private static final Sight SEEN = new Sight(Optional.empty());
  private static final Sight OTHER = new Sight(Optional.empty());

  private final HandClock clock = new HandClock();
  private final WaitingRooms rooms = new WaitingRooms(clock, new Random(42));

  /** Stands still until it is moved; counts who waits. */
  private static final class HandClock implements Timing {
    private long now = 1_000;
    private int waits;
    private Runnable afterTimeout = () -> {};

    @Override
    public synchronized long nanoTime() {
      return now;
    }

    @Override
    public long currentTimeMillis() {
      throw new AssertionError("no fences here");
    }

    @Override
    public boolean await(Future<?> signal, long nanos) throws InterruptedException {
      var unused = ((CompletableFuture<?>) signal).whenComplete((done, failed) -> wake());
      boolean done;
      synchronized (this) {
        long end = now + nanos;
        waits++;
        notifyAll();
        while (!signal.isDone() && now - end < 0) {
          wait(60_000);
        }
        done = signal.isDone();
      }
      if (!done) {
        afterTimeout.run();
      }
      return done;
    }

    private synchronized void wake() {
      notifyAll();
    }

    synchronized void advance(Duration by) {
      now += by.toNanos();
      notifyAll();
    }

    /** Waits until so many waits have begun. */
    synchronized void awaitWaits(int count) throws InterruptedException {
      long end = System.nanoTime() + seconds(20).toNanos();
      while (waits < count) {
        assertThat(System.nanoTime() - end).as("waits: %s", waits).isNegative();
        wait(50);
      }
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
      throw new AssertionError("no timers here");
    }
  }

  private static Sight never() {
    throw new AssertionError("somebody else looks");
  }

  private static <T> Future<T> start(Callable<T> call) {
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = new Thread(task, "guest");
    thread.setDaemon(true);
    thread.start();
    return task;
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private Future<Sight> waiting(Seat seat, Supplier<Sight> look, Duration budget) {
    long until = clock.nanoTime() + budget.toNanos();
    return start(() -> seat.next(look, until));
  }

  @Test
  void leaderThatSees_isTheOnlyOneThatLooks() throws Exception {
    try (Seat leading = rooms.enter(ID);
        Seat following = rooms.enter(ID)) {
      Future<Sight> leader = waiting(leading, () -> SEEN, seconds(10));
      clock.awaitWaits(1);
      Future<Sight> follower = waiting(following, WaitingRoomsTest::never, seconds(10));
      clock.awaitWaits(2);
      clock.advance(Duration.ofMillis(100));
      assertThat(get(leader)).isSameAs(SEEN);
      assertThat(get(follower)).isSameAs(SEEN);
    }
    assertThat(rooms.size()).isZero();
  }

  @Test
  void leaderWhoseLookThrowsAnError_leavesTheLookToAFollower() throws Exception {
    try (Seat leading = rooms.enter(ID);
        Seat following = rooms.enter(ID)) {
      AssertionError error = new AssertionError("look");
      Future<Sight> leader =
          waiting(
              leading,
              () -> {
                throw error;
              },
              seconds(10));
      clock.awaitWaits(1);
      Future<Sight> follower = waiting(following, () -> OTHER, seconds(10));
      clock.awaitWaits(2);
      clock.advance(Duration.ofMillis(100));
      assertThatThrownBy(() -> get(leader)).isInstanceOf(ExecutionException.class).hasCause(error);
      clock.awaitWaits(3);
      clock.advance(Duration.ofMillis(200));
      assertThat(get(follower)).isSameAs(OTHER);
    }
  }

  @Test
  void leaderThatCouldNotAsk_leavesTheNextPollToAnyGuest() throws Exception {
    try (Seat leading = rooms.enter(ID);
        Seat following = rooms.enter(ID)) {
      Future<Sight> leader = waiting(leading, () -> null, seconds(10));
      clock.awaitWaits(1);
      Future<Sight> follower = waiting(following, () -> null, seconds(10));
      clock.awaitWaits(2);
      clock.advance(Duration.ofMillis(100));
      clock.awaitWaits(4);
      assertThat(leader.isDone()).isFalse();
      assertThat(follower.isDone()).isFalse();
      clock.advance(seconds(10));
      assertThat(get(leader)).isNull();
      assertThat(get(follower)).isNull();
    }
  }

  @Test
  void leaderWhoseBudgetEnds_handsOverToAFollower() throws Exception {
    try (Seat leading = rooms.enter(ID);
        Seat following = rooms.enter(ID)) {
      Future<Sight> leader = waiting(leading, WaitingRoomsTest::never, Duration.ofMillis(20));
      clock.awaitWaits(1);
      Future<Sight> follower = waiting(following, () -> SEEN, seconds(10));
      clock.awaitWaits(2);
      clock.advance(Duration.ofMillis(20));
      assertThat(get(leader)).isNull();
      clock.awaitWaits(3);
      assertThat(follower.isDone()).isFalse();
      clock.advance(Duration.ofMillis(80));
      assertThat(get(follower)).isSameAs(SEEN);
    }
  }

  @Test
  void bellThatRingsWhileTheLeaderGoes_isHeardByTheNext() throws Exception {
    try (Seat leading = rooms.enter(ID);
        Seat following = rooms.enter(ID)) {
      clock.afterTimeout = () -> rooms.ring(ID);
      Future<Sight> leader = waiting(leading, WaitingRoomsTest::never, Duration.ofMillis(20));
      clock.awaitWaits(1);
      Future<Sight> follower = waiting(following, () -> SEEN, seconds(10));
      clock.awaitWaits(2);
      clock.advance(Duration.ofMillis(20));
      assertThat(get(leader)).isNull();
      assertThat(get(follower)).as("at once, without the next poll").isSameAs(SEEN);
    }
  }

  @Test
  void bellThatRingsDuringALook_makesTheNextLookCome() throws Exception {
    try (Seat seat = rooms.enter(ID)) {
      long until = clock.nanoTime() + seconds(10).toNanos();
      Future<Sight> first =
          start(
              () ->
                  seat.next(
                      () -> {
                        rooms.ring(ID);
                        return SEEN;
                      },
                      until));
      clock.awaitWaits(1);
      clock.advance(Duration.ofMillis(100));
      assertThat(get(first)).isSameAs(SEEN);
      assertThat(get(start(() -> seat.next(() -> OTHER, until)))).isSameAs(OTHER);
    }
  }

  @Test
  void failureToUnderstandTheRecord_isSharedByAllGuests() throws Exception {
    try (Seat leading = rooms.enter(ID);
        Seat following = rooms.enter(ID)) {
      KeyStoreException failure = KeyStoreException.unreadable(ID, "test");
      Future<Sight> leader =
          waiting(
              leading,
              () -> {
                throw failure;
              },
              seconds(10));
      clock.awaitWaits(1);
      Future<Sight> follower = waiting(following, WaitingRoomsTest::never, seconds(10));
      clock.awaitWaits(2);
      clock.advance(Duration.ofMillis(100));
      assertThatThrownBy(() -> get(leader)).hasCause(failure);
      assertThatThrownBy(() -> get(follower)).hasCause(failure);
    }
  }

  @Test
  void room_lastsAsLongAsItsLastGuest() throws Exception {
    Seat first = rooms.enter(ID);
    Seat second = rooms.enter(ID);
    assertThat(rooms.size()).isEqualTo(1);
    first.close();
    assertThat(rooms.size()).isEqualTo(1);
    Future<Sight> rung = waiting(second, () -> SEEN, seconds(10));
    clock.awaitWaits(1);
    rooms.ring(ID);
    assertThat(get(rung)).isSameAs(SEEN);
    second.close();
    assertThat(rooms.size()).isZero();
  }
}
