package io.idem4j;

import io.idem4j.WaitingRooms.Seat;
import io.idem4j.WaitingRooms.Sight;
import io.idem4j.WaitingRooms.Turn;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Guests of one room, each taking its turns step by step, while holders change what the guests look
 * at. Time stands still, so that only the bell makes anybody look: whoever misses it would wait for
 * the next poll, and is found waiting at the end.
 */
@Tag("lincheck")
class WaitingRoomsLincheckTest {
  private static final long UNTIL = Long.MAX_VALUE;
  private static final KeyId ID = KeyId.of(new byte[KeyId.LENGTH]);

  /** What is seen after so many changes. Made before the runs: there every step counts. */
  private static final List<Sight> SIGHTS =
      IntStream.range(0, 16).mapToObj(WaitingRoomsLincheckTest::sight).toList();

  private static Sight sight(int changes) {
    KeyRecord record =
        KeyRecord.builder()
            .keyId(ID)
            .stamp(new Stamp(1, changes))
            .state(KeyState.LOCKED)
            .fingerprint(new FingerprintDigest("sha256-v1", new byte[FingerprintDigest.LENGTH]))
            .build();
    return new Sight(Optional.of(StoredRecord.of(record, Duration.ZERO, Duration.ofHours(1))));
  }

  /** Several holders, one after the other, and a guest per thread. */
  public static class OneRoom {
    private final WaitingRooms rooms = new WaitingRooms(new StillTiming(), () -> 0);
    private final AtomicInteger changes = new AtomicInteger();
    private final AtomicInteger looks = new AtomicInteger();

    /** Of the threads 1 to 3; 0 calls before them, and 4 after them. */
    private final Guest[] guests = new Guest[5];

    /** Begins with a guest of each thread, the first of whom leads. */
    public OneRoom() {
      for (int thread = 1; thread <= 3; thread++) {
        guests[thread] = new Guest();
      }
    }

    /** For one thread, and afterwards for the one that validates. */
    private final class Guest {
      private final Seat seat = rooms.enter(ID);
      private long seen = changes.get();
      private Turn turn = seat.turn(UNTIL);

      /** Says whether there was a reason to go on. */
      boolean step() {
        if (!turn.signal().isDone()) {
          return false;
        }
        turn.proceed(true, OneRoom.this::look);
        Sight sight = turn.seen();
        if (sight != null) {
          seen = Math.max(seen, sight.live().orElseThrow().stamp().low());
        }
        turn = seat.turn(UNTIL);
        return true;
      }

      void leave() {
        turn.leave();
        seat.close();
      }

      boolean leads() {
        return turn.end() != UNTIL;
      }
    }

    private Sight look() {
      looks.incrementAndGet();
      return SIGHTS.get(changes.get());
    }

    /** A holder is done. */
    @Operation
    public void change() {
      changes.incrementAndGet();
      rooms.ring(ID);
    }

    /** A guest goes on if it has reason to; or another comes, and looks once itself. */
    @Operation
    public void await(@Param(gen = ThreadIdGen.class) int thread) {
      if (guests[thread] == null) {
        guests[thread] = new Guest();
      } else {
        guests[thread].step();
      }
    }

    /** A guest's time is over, or it is interrupted. */
    @Operation
    public void leave(@Param(gen = ThreadIdGen.class) int thread) {
      if (guests[thread] != null) {
        guests[thread].leave();
        guests[thread] = null;
      }
    }

    /**
     * Whoever still waits, without a reason to go on, has missed nothing, and one of them polls.
     */
    @Validate
    public void everyoneWasWoken() {
      List<Guest> waiting = new ArrayList<>();
      for (Guest guest : guests) {
        if (guest != null) {
          waiting.add(guest);
        }
      }
      boolean called = true;
      while (called) {
        called = false;
        for (Guest guest : waiting) {
          called |= guest.step();
        }
      }
      int leaders = 0;
      for (Guest guest : waiting) {
        leaders += guest.leads() ? 1 : 0;
        require(guest.seen == changes.get(), "a guest waits and has seen change " + guest.seen);
      }
      require(waiting.isEmpty() || leaders == 1, "leaders: " + leaders);
      require(looks.get() <= changes.get(), "looks: " + looks.get());
      require(rooms.size() == (waiting.isEmpty() ? 0 : 1), "rooms: " + rooms.size());
      for (Guest guest : waiting) {
        guest.leave();
      }
      require(rooms.size() == 0, "rooms after the last guest: " + rooms.size());
    }

    private void require(boolean holds, String otherwise) {
      if (!holds) {
        throw new AssertionError(otherwise + "; changes: " + changes.get());
      }
    }
  }

  /** Nothing is answered: what counts is who waits at the end. */
  public static class NoAnswers {
    /** Nothing. */
    public void change() {}

    /** Nothing. */
    public void await(int thread) {}

    /** Nothing. */
    public void leave(int thread) {}
  }

  @Test
  void guests_modelChecking_areWoken() {
    LincheckRuns.modelCheck(
        OneRoom.class, NoAnswers.class, ConcurrentHashMap.class, CompletableFuture.class);
  }

  @Test
  void guests_stress_areWoken() {
    LincheckRuns.stress(OneRoom.class, NoAnswers.class);
  }
}
