package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tckbroken.Backend.Cell;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * A sound store that keeps encoded records, as one without columns would. The broken ones differ
 * from it in one method each.
 */
class BytesKeyStore implements RecordPurger, RecordScanner {
  static final int MAXIMUM_SLOT = 100_000;
  private static final Pattern PLACE = Pattern.compile("[0-9a-f]{64}");

  final Backend backend;

  BytesKeyStore(Backend backend) {
    this.backend = backend;
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    requireFits(next.slots());
    return call(() -> locked(() -> swap(id, expected, next)));
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return call(
        () -> {
          Cell cell = backend.cells().get(keyOf(id));
          long now = now();
          return cell != null && isLive(cell, now)
              ? Optional.of(read(id, cell, now))
              : Optional.empty();
        });
  }

  @Override
  public int purge(int limit) {
    requirePositive(limit);
    int purged = 0;
    for (Map.Entry<String, Cell> each : backend.cells().entrySet()) {
      if (purged < limit && isPurged(each.getValue()) && remove(each.getKey(), each.getValue())) {
        purged++;
      }
    }
    return purged;
  }

  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    requirePositive(limit);
    if (from.isPresent() && !PLACE.matcher(from.get()).matches()) {
      throw new MisuseException("this is not a place in a scan of this store");
    }
    List<StoredRecord> found = new ArrayList<>();
    for (Map.Entry<String, Cell> each :
        backend.cells().tailMap(from.orElse(""), isFromIncluded()).entrySet()) {
      KeyId id = KeyId.of(HexFormat.of().parseHex(each.getKey()));
      long now = now();
      if (isLive(each.getValue(), now)) {
        StoredRecord stored = read(id, each.getValue(), now);
        if (stored.format() == KeyRecord.FORMAT && isWanted(kind, stored)) {
          found.add(stored);
        }
      }
      if (found.size() == limit) {
        return new Page(found, Optional.of(each.getKey()));
      }
    }
    return new Page(found, Optional.empty());
  }

  // What follows is what the broken stores change.

  String keyOf(KeyId id) {
    return HexFormat.of().formatHex(id.bytes());
  }

  long now() {
    return backend.clockMillis.get();
  }

  <T> T locked(Supplier<T> swap) {
    backend.lock.lock();
    try {
      return swap.get();
    } finally {
      backend.lock.unlock();
    }
  }

  CasResult swap(KeyId id, Stamp expected, KeyRecord next) {
    long now = now();
    Cell cell = backend.cells().get(keyOf(id));
    Cell live = cell != null && isLive(cell, now) ? cell : null;
    StoredRecord stored = live == null ? null : read(id, live, now);
    if (!matches(expected, stored, next)) {
      return refusal(id, stored);
    }
    requireReadable(stored);
    put(id, write(next, previous(cell, stored), now));
    return CasResult.APPLIED;
  }

  boolean isLive(Cell cell, long now) {
    return cell.retentionEndMillis() > now;
  }

  boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
    return expected.equals(live == null ? Stamp.ABSENT : live.stamp());
  }

  CasResult refusal(KeyId id, StoredRecord live) {
    return live == null ? CasResult.NONE_LIVE : CasResult.refusedBy(live);
  }

  void requireReadable(StoredRecord live) {
    if (live != null && live.format() != KeyRecord.FORMAT) {
      throw KeyStoreException.unreadable(live.keyId(), "its format is " + live.format());
    }
  }

  /** The record whose slots an unchanged write keeps. */
  KeyRecord previous(Cell cell, StoredRecord live) {
    return live == null ? null : live.record();
  }

  StoredRecord read(KeyId id, Cell cell, long now) {
    return RecordCodec.decode(
        id,
        cell.bytes(),
        Duration.ofMillis(cell.leaseEndMillis() - now),
        Duration.ofMillis(cell.retentionEndMillis() - now));
  }

  Cell write(KeyRecord next, KeyRecord previous, long now) {
    return new Cell(
        next.stamp(),
        after(now, next.lease()),
        after(now, next.retention()),
        RecordCodec.encode(next.resolveSlots(previous)));
  }

  long after(long now, Duration length) {
    return now + length.toMillis();
  }

  void put(KeyId id, Cell cell) {
    backend.cells().put(keyOf(id), cell);
  }

  void requireFits(Slots slots) {
    for (byte[] slot : new byte[][] {slots.payload(), slots.checkpoint()}) {
      if (slot != null && slot.length > MAXIMUM_SLOT) {
        throw new PayloadTooLargeException(slot.length, MAXIMUM_SLOT);
      }
    }
  }

  boolean isPurged(Cell cell) {
    return !isLive(cell, now()) && cell.bytes()[0] == 0 && cell.bytes()[1] == KeyRecord.FORMAT;
  }

  boolean remove(String key, Cell judged) {
    return backend.cells().remove(key, judged);
  }

  boolean isFromIncluded() {
    return false;
  }

  private static boolean isWanted(Kind kind, StoredRecord stored) {
    KeyState state = stored.record().state();
    return switch (kind) {
      case ABANDONED ->
          state == KeyState.LOCKED && stored.leaseLeft().compareTo(Duration.ZERO) <= 0;
      case IN_DOUBT -> state == KeyState.FAILED_IN_DOUBT;
    };
  }

  private static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (Backend.Down e) {
      throw KeyStoreException.unknown("the server does not answer", e);
    }
  }

  private static void requirePositive(int limit) {
    if (limit < 1) {
      throw new MisuseException("the limit is " + limit + ", and must be positive");
    }
  }
}
