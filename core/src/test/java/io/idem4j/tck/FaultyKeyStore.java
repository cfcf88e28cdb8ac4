package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * A store behind a line that loses, holds back and repeats messages. Without a fault it passes
 * everything on.
 *
 * <p>Faults are taken in the order in which they were added, one per write (or per read). Safe for
 * use by many threads.
 */
public final class FaultyKeyStore implements KeyStore {
  /** What happens to one call. */
  public enum Fault {
    /** It goes through. */
    NONE,
    /** It reaches the store and is answered; the answer is lost: UNKNOWN. */
    REPLY_LOST,
    /** It never reaches the store: UNKNOWN. */
    REQUEST_LOST,
    /** It is held back until {@link FaultyKeyStore#deliverHeld()}: UNKNOWN. */
    HELD,
    /** It reaches the store at once and once more at {@link FaultyKeyStore#deliverHeld()}. */
    DUPLICATED,
    /** It certainly never reaches the store: NOT_APPLIED and transient. */
    NOT_SENT
  }

  private record Message(KeyId id, Stamp expected, KeyRecord next) {}

  private final KeyStore store;
  private final Deque<Fault> writes = new ConcurrentLinkedDeque<>();
  private final Deque<Fault> reads = new ConcurrentLinkedDeque<>();
  private final Deque<Message> held = new ConcurrentLinkedDeque<>();

  /** Puts the line before this store. */
  public FaultyKeyStore(KeyStore store) {
    this.store = store;
  }

  /** Adds faults for the writes to come. */
  public FaultyKeyStore onWrites(Fault... faults) {
    writes.addAll(List.of(faults));
    return this;
  }

  /**
   * Adds faults for the reads to come; a read that is held or lost is a read without an answer, and
   * a duplicated one goes through.
   */
  public FaultyKeyStore onReads(Fault... faults) {
    reads.addAll(List.of(faults));
    return this;
  }

  /** Takes back the faults that were added and not met; what is held back stays so. */
  public void clearFaults() {
    writes.clear();
    reads.clear();
  }

  /**
   * Delivers the messages that were held back, in their order.
   *
   * @return what the store answered to each
   */
  public List<CasResult> deliverHeld() {
    Deque<Message> messages = new ArrayDeque<>();
    for (Message each = held.poll(); each != null; each = held.poll()) {
      messages.add(each);
    }
    List<CasResult> results = new ArrayList<>();
    for (Message each : messages) {
      results.add(store.compareAndSet(each.id(), each.expected(), each.next()));
    }
    return results;
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    switch (next(writes)) {
      case NONE -> {
        return store.compareAndSet(id, expected, next);
      }
      case REPLY_LOST -> {
        CasResult lost = store.compareAndSet(id, expected, next);
        throw KeyStoreException.unknown("the answer " + lost.getClass() + " was lost", null);
      }
      case REQUEST_LOST -> throw KeyStoreException.unknown("the request was lost", null);
      case HELD -> {
        held.add(new Message(id, expected, next));
        throw KeyStoreException.unknown("the request is held back", null);
      }
      case DUPLICATED -> {
        held.add(new Message(id, expected, next));
        return store.compareAndSet(id, expected, next);
      }
      case NOT_SENT -> throw notSent();
    }
    throw new AssertionError("no such fault");
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return switch (next(reads)) {
      case NONE, DUPLICATED -> store.find(id);
      case REPLY_LOST, REQUEST_LOST, HELD ->
          throw KeyStoreException.unknown("the read got no answer", null);
      case NOT_SENT -> throw notSent();
    };
  }

  private static Fault next(Deque<Fault> faults) {
    Fault fault = faults.poll();
    return fault == null ? Fault.NONE : fault;
  }

  private static KeyStoreException notSent() {
    return KeyStoreException.notApplied(
        KeyStoreException.Reason.UNAVAILABLE, "the request was not sent", null);
  }
}
