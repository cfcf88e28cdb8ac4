package io.idem4j;

import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.WaitingRooms.Seat;
import io.idem4j.WaitingRooms.Sight;
import io.idem4j.WaitingRooms.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The guests of one room, turn by turn: one thread, and a clock in the test's hand. Seed 42. */
class WaitingTurnsTest {
  private static final KeyId ID = key("k").id();
  private static final Sight SEEN = new Sight(Optional.empty());
  private static final Duration FIRST_POLL = Duration.ofMillis(100);

  private final VirtualTiming timing = new VirtualTiming();
  private final WaitingRooms rooms = new WaitingRooms(timing, new Random(42));
  private final Seat first = rooms.enter(ID);
  private final Seat second = rooms.enter(ID);
  private final long start = timing.nanoTime();
  private final long late = start + seconds(60).toNanos();

  private static Sight never() {
    throw new AssertionError("somebody else looks");
  }

  private void passUntil(long end) {
    timing.advance(Duration.ofNanos(end - timing.nanoTime()));
  }

  private boolean leads(Turn turn) {
    return turn.end() < late;
  }

  /** The guest's first turn that is not over already. */
  private Turn present(Seat guest) {
    Turn turn = guest.turn(late);
    while (!leads(turn) && turn.signal().isDone()) {
      turn = guest.turn(late);
    }
    return turn;
  }

  @Test
  void oneGuestLeads_andTheOthersFollow() {
    Turn leader = first.turn(late);
    Turn follower = second.turn(late);
    assertThat(Duration.ofNanos(leader.end() - start))
        .isBetween(FIRST_POLL.dividedBy(2), FIRST_POLL);
    assertThat(follower.end()).isEqualTo(late);

    passUntil(leader.end());
    assertThat(leader.proceed(false, () -> SEEN)).isTrue();
    assertThat(leader.seen()).isSameAs(SEEN);
    assertThat(follower.signal()).isDone();
    assertThat(follower.proceed(true, WaitingTurnsTest::never)).isTrue();
    assertThat(follower.seen()).isSameAs(SEEN);
  }

  @Test
  void followerWhoseTimeIsOver_goesWithoutALook() {
    Turn leader = first.turn(late);
    Turn follower = second.turn(start + 1);
    passUntil(start + 1);
    assertThat(follower.proceed(false, WaitingTurnsTest::never)).isFalse();
    assertThat(leader.signal()).isNotDone();
  }

  @Test
  void polls_getRarerUpToOneASecond_andAreJittered() {
    List<Duration> gaps = new ArrayList<>();
    for (int round = 0; round < 20; round++) {
      Turn leader = first.turn(late);
      gaps.add(Duration.ofNanos(leader.end() - timing.nanoTime()));
      passUntil(leader.end());
      leader.proceed(false, () -> SEEN);
    }
    assertThat(gaps.get(0)).isBetween(FIRST_POLL.dividedBy(2), FIRST_POLL);
    assertThat(gaps).allMatch(gap -> gap.compareTo(seconds(1)) <= 0);
    List<Duration> settled = gaps.subList(5, gaps.size());
    assertThat(settled).allMatch(gap -> gap.compareTo(Duration.ofMillis(500)) >= 0);
    assertThat(settled).doesNotHaveDuplicates();
  }

  @Test
  void leaderThatGoes_handsOver() {
    Turn leader = first.turn(start + 1);
    Turn follower = second.turn(late);
    passUntil(start + 1);
    assertThat(leader.proceed(false, WaitingTurnsTest::never)).isFalse();

    assertThat(follower.signal()).isDone();
    assertThat(follower.proceed(true, WaitingTurnsTest::never)).isTrue();
    assertThat(follower.seen()).isNull();
    Turn next = second.turn(late);
    assertThat(leads(next)).isTrue();
    assertThat(next.signal()).isNotDone();
  }

  @Test
  void leaderThatIsInterrupted_handsOver() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> first.next(WaitingTurnsTest::never, late))
        .isInstanceOf(InterruptedException.class);
    assertThat(leads(present(second))).isTrue();
  }

  @Test
  void leaderThatCannotLook_endsTheRound() {
    Turn leader = first.turn(late);
    Turn follower = second.turn(late);
    passUntil(leader.end());
    assertThat(leader.proceed(false, () -> null)).isTrue();
    assertThat(leader.seen()).isNull();
    assertThat(follower.signal()).isDone();
    assertThat(follower.seen()).isNull();
    assertThat(leads(second.turn(late))).isTrue();
  }

  @Test
  void followerThatGoes_disturbsNobody() {
    Turn leader = first.turn(late);
    second.turn(late).leave();
    assertThat(leader.signal()).isNotDone();
    assertThat(leads(second.turn(late))).isFalse();
    rooms.ring(ID);
    assertThat(leader.signal()).isDone();
  }

  @Test
  void bellDuringALook_isHeardByTheNextRound() {
    Turn leader = first.turn(late);
    passUntil(leader.end());
    leader.proceed(
        false,
        () -> {
          rooms.ring(ID);
          return SEEN;
        });
    assertThat(first.turn(late).signal()).isDone();
  }

  @Test
  void bellWhileTheLeaderGoes_isHeardByTheNext() {
    Turn leader = first.turn(late);
    rooms.ring(ID);
    leader.leave();
    Turn next = present(second);
    assertThat(leads(next)).isTrue();
    assertThat(next.signal()).isDone();
  }

  @Test
  void room_lastsAsLongAsItsLastGuest() {
    first.close();
    assertThat(rooms.size()).isEqualTo(1);
    second.close();
    assertThat(rooms.size()).isZero();
  }
}
