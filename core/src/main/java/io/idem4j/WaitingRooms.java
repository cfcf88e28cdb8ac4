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
      room.round.bell.complete(null);
    }
  }

  /** Makes all guests look again at once. */
  void ringAll() {
    rooms.values().forEach(room -> room.round.bell.complete(null));
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
  }

  private final class Room {
    private int guests; // changed only under the map's lock for the key
    private volatile Round round = new Round();
    private volatile long nextPoll = timing.nanoTime() + jitter(SHORTEST_POLL);
    private volatile long interval = SHORTEST_POLL;

    private void beginRound(long now) {
      interval = Math.min(interval * 2, LONGEST_POLL);
      nextPoll = now + jitter(interval);
      round = new Round();
    }
  }

  private long jitter(long interval) {
    return interval / 2 + random.nextLong(interval / 2 + 1);
  }

  /** One guest's place. For one thread. */
  final class Seat implements AutoCloseable {
    private final KeyId id;
    private final Room room;

    private Seat(KeyId id, Room room) {
      this.id = id;
      this.room = room;
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
        Round round = room.round;
        boolean ended;
        if (round.led.compareAndSet(false, true)) {
          ended = lead(round, look, until);
        } else {
          ended = timing.await(round.ended, until - timing.nanoTime());
        }
        if (!ended) {
          return null;
        }
        if (round.seen.isDone()) {
          return join(round.seen);
        }
      }
    }

    /** Waits for the bell or the next poll and looks; false if the time was over before. */
    private boolean lead(Round round, Supplier<@Nullable Sight> look, long until)
        throws InterruptedException {
      boolean looking = false;
      try {
        long now = timing.nanoTime();
        long poll = room.nextPoll;
        boolean rung = timing.await(round.bell, Math.min(poll, until) - now);
        now = timing.nanoTime();
        if (!rung && now - poll < 0) {
          return false;
        }
        looking = true;
        // The next round begins before the look: a bell that rings during it is not lost.
        room.beginRound(now);
        Sight seen = look.get();
        if (seen != null) {
          round.seen.complete(seen);
        }
        return true;
      } catch (KeyStoreException e) {
        round.seen.completeExceptionally(e);
        return true;
      } finally {
        if (!looking) {
          abdicate(round);
        } else if (!round.seen.isDone()) {
          round.open.complete(null);
        }
      }
    }

    private void abdicate(Round round) {
      Round next = new Round();
      room.round = next;
      // A bell that rang for the old round alone is passed on.
      if (round.bell.isDone()) {
        next.bell.complete(null);
      }
      round.open.complete(null);
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

    @Override
    public void close() {
      rooms.computeIfPresent(id, (key, present) -> --present.guests == 0 ? null : present);
    }
  }
}
