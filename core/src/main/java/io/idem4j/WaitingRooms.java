package io.idem4j;

import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where duplicates wait for a key to become free: one room per key, one poll of the store per room
 * and interval whoever many wait, and a bell that a holder in this process rings when it is done.
 * Safe for use by many threads; a room is gone with its last guest.
 */
final class WaitingRooms {
  private static final long SHORTEST_POLL = Duration.ofMillis(100).toNanos();
  private static final long LONGEST_POLL = Duration.ofSeconds(1).toNanos();

  private final ConcurrentHashMap<KeyId, Room> rooms = new ConcurrentHashMap<>();
  private final Timing timing;
  private final RandomGenerator random;

  WaitingRooms(Timing timing, RandomGenerator random) {
    this.timing = timing;
    this.random = random;
  }

  /** What somebody saw when they looked at the store. */
  record Sight(Optional<StoredRecord> live) {}

  /** Takes a seat in the key's room; to be closed by the guest. */
  Seat enter(KeyId id) {
    Room room =
        rooms.compute(
            id,
            (key, present) -> {
              Room entered = present == null ? new Room() : present;
              entered.guests++;
              return entered;
            });
    return new Seat(id, room);
  }

  /** Makes the guests of the key look again at once. */
  void ring(KeyId id) {
    Room room = rooms.get(id);
    if (room != null) {
      room.ring();
    }
  }

  /** Makes all guests look again at once. */
  void ringAll() {
    rooms.values().forEach(Room::ring);
  }

  int size() {
    return rooms.size();
  }

  /** From one poll to the next: one guest leads, the others wait for what it sees. */
  private static final class Round {
    private final AtomicBoolean led = new AtomicBoolean();
    private final CompletableFuture<@Nullable Void> bell = new CompletableFuture<>();
    private final CompletableFuture<Sight> seen = new CompletableFuture<>();

    /** Completed when the leader had to go before it looked. */
    private final CompletableFuture<@Nullable Void> open = new CompletableFuture<>();

    private final CompletableFuture<Object> ended = CompletableFuture.anyOf(seen, open);

    /** Set before the next round begins, when the leader had to go. */
    private volatile boolean abandoned;

    /** The next round, from before it begins; set by the leader. */
    private volatile @Nullable Round next;
  }

  private final class Room {
    private int guests; // changed only under the map's lock for the key
    private volatile Round round = new Round();
    private volatile long nextPoll = timing.nanoTime() + jitter(SHORTEST_POLL);
    private volatile long interval = SHORTEST_POLL;

    private void ring() {
      Round rung;
      do {
        rung = round;
        rung.bell.complete(null);
        // A leader who went between these two lines may not have heard it.
      } while (rung.abandoned && rung != round);
    }

    private void beginRound(long now) {
      interval = Math.min(interval * 2, LONGEST_POLL);
      nextPoll = now + jitter(interval);
      begin(new Round());
    }

    /** For the leader of the present round. */
    private void begin(Round next) {
      round.next = next;
      round = next;
    }
  }

  private long jitter(long interval) {
    return interval / 2 + random.nextLong(interval / 2 + 1);
  }

  /** One guest's place. For one thread. */
  final class Seat implements AutoCloseable {
    private final KeyId id;
    private final Room room;
    private Round round;
    private boolean taken;

    private Seat(KeyId id, Room room) {
      this.id = id;
      this.room = room;
      this.round = room.round;
    }

    /**
     * Waits until somebody has looked at the store again.
     *
     * @param look how to look, or null where the store could not be asked this time; called by the
     *     one guest who leads
     * @param until when to give up, on the monotonic clock
     * @return what was seen, or null if the time was over before
     * @throws KeyStoreException if what is there cannot be understood
     */
    @Nullable Sight next(Supplier<@Nullable Sight> look, long until) throws InterruptedException {
      while (true) {
        Turn turn = turn(until);
        boolean waited = false;
        boolean called;
        try {
          called = timing.await(turn.signal(), turn.end() - timing.nanoTime());
          waited = true;
        } finally {
          if (!waited) {
            turn.leave();
          }
        }
        if (!turn.proceed(called, look)) {
          return null;
        }
        Sight seen = turn.seen();
        if (seen != null || timing.nanoTime() - until >= 0) {
          return seen;
        }
      }
    }

    /**
     * Takes the next turn at waiting: leads the round, or follows whoever leads it. Round by round
     * from the one in which the guest came: a bell may have rung in a round that is over already,
     * and then what was seen in it is still news.
     */
    Turn turn(long until) {
      Round following = round.next;
      if (taken && following != null) {
        round = following;
      }
      taken = true;
      boolean leads = round.led.compareAndSet(false, true);
      long poll = room.nextPoll;
      return new Turn(room, round, leads, poll, leads ? Math.min(poll, until) : until);
    }

    @Override
    public void close() {
      rooms.computeIfPresent(id, (key, present) -> --present.guests == 0 ? null : present);
    }
  }

  /**
   * A guest's part in one round: wait for the signal or the end, however that is done, and then
   * either proceed or leave. For one thread at a time.
   */
  final class Turn {
    private final Room room;
    private final Round round;
    private final boolean leads;
    private final long poll;
    private final long end;

    private Turn(Room room, Round round, boolean leads, long poll, long end) {
      this.room = room;
      this.round = round;
      this.leads = leads;
      this.poll = poll;
      this.end = end;
    }

    /** Whether the room's next look is this guest's. */
    boolean leads() {
      return leads;
    }

    /** Given when there is a reason to go on before the end. */
    CompletableFuture<?> signal() {
      return leads ? round.bell : round.ended;
    }

    /** When to go on without a signal, on the monotonic clock. */
    long end() {
      return end;
    }

    /**
     * Goes on after the wait; who leads the round looks at the store.
     *
     * @param called whether the signal was given
     * @return false if the guest's time was over before anybody looked
     */
    boolean proceed(boolean called, Supplier<@Nullable Sight> look) {
      if (!leads) {
        return called;
      }
      long now = timing.nanoTime();
      if (!called && now - poll < 0) {
        leave();
        return false;
      }
      // The next round begins before the look: a bell that rings during it is not lost.
      room.beginRound(now);
      try {
        Sight seen = look.get();
        if (seen != null) {
          round.seen.complete(seen);
        }
      } catch (KeyStoreException e) {
        round.seen.completeExceptionally(e);
      } finally {
        if (!round.seen.isDone()) {
          round.open.complete(null);
        }
      }
      return true;
    }

    /** Goes without a look; another guest leads then. */
    void leave() {
      if (!leads) {
        return;
      }
      Round next = new Round();
      round.abandoned = true;
      room.begin(next);
      // A bell that rang for the old round alone is passed on.
      if (round.bell.isDone()) {
        next.bell.complete(null);
      }
      round.open.complete(null);
    }

    /**
     * Returns what was seen in this round, or null if nobody could look; after proceeding.
     *
     * @throws KeyStoreException if what is there cannot be understood
     */
    @Nullable Sight seen() {
      return round.seen.isDone() ? join(round.seen) : null;
    }

    private Sight join(CompletableFuture<Sight> seen) {
      try {
        return seen.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof KeyStoreException shared) {
          throw shared;
        }
        throw e;
      }
    }
  }
}
