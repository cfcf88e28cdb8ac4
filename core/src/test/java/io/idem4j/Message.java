package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;

/** One request to the store, and what becomes of it. */
final class Message {
  /** What may happen to a message. */
  enum Fate {
    /** It arrives and is answered. */
    ANSWERED,
    /** It arrives, and its answer takes its time. */
    SLOW,
    /** It is lost. */
    REQUEST_LOST,
    /** It arrives, and its answer is lost. */
    REPLY_LOST,
    /** Its sender gives up on it, and it arrives later or never. */
    HELD_BACK,
    /** It arrives, is answered, and may arrive once more. */
    DUPLICATED,
    /** It is certain that it was not sent; later perhaps. */
    NOT_SENT,
    /** It is certain that it was not sent, and it never will be. */
    FORBIDDEN,
    /** An uncommitted writer holds the key. */
    BUSY,
    /** It does not arrive, and the store throws what it must not. */
    THROWN_BEFORE,
    /** It arrives, and the store throws what it must not. */
    THROWN_AFTER,
    /** A refusal or a read is answered with another key's record. */
    CROSSED;

    boolean isFault() {
      return this != ANSWERED && this != SLOW;
    }
  }

  /** What a message is about. */
  enum Kind {
    READ,
    CLAIM,
    RENEWAL,
    SETTLEMENT
  }

  final SimulatedProcess process;
  final Strand strand;
  final KeyId id;
  final Stamp expected;

  /** What is to be written; null for a read. */
  final KeyRecord next;

  /** The time at which it was sent, as the chronicle counts. */
  final long sentAt;

  /** The store's time at which the write was sent first. */
  final long sentNanos;

  /** What the store said when it arrived, if it did. */
  Object result;

  private Object answer;

  Message(
      SimulatedProcess process,
      Strand strand,
      KeyId id,
      Stamp expected,
      KeyRecord next,
      long sentAt,
      long sentNanos) {
    this.process = process;
    this.strand = strand;
    this.id = id;
    this.expected = expected;
    this.next = next;
    this.sentAt = sentAt;
    this.sentNanos = sentNanos;
  }

  Kind kind() {
    if (next == null) {
      return Kind.READ;
    } else if (next.state() != KeyState.LOCKED) {
      return Kind.SETTLEMENT;
    }
    return strand.call == null ? Kind.RENEWAL : Kind.CLAIM;
  }

  boolean isRead() {
    return next == null;
  }

  boolean hasArrived() {
    return result != null;
  }

  /** Answers it, with a value of the store's or a throwable. */
  void answer(Object with) {
    answer = with;
    strand.message = null;
  }

  private Object answered() {
    if (answer instanceof RuntimeException e) {
      throw e;
    }
    return answer;
  }

  CasResult casResult() {
    return (CasResult) answered();
  }

  @SuppressWarnings("unchecked")
  Optional<StoredRecord> found() {
    return (Optional<StoredRecord>) answered();
  }
}
