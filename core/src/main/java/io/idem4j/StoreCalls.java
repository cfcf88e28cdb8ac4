package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Calls the store for one request and makes a plain value of whatever comes back. A record that
 * answers for another key is an error here, once for all callers. Safe for use by many threads.
 */
final class StoreCalls {
  private final KeyStore store;
  private final KeyId id;
  private final Events.Subject subject;

  StoreCalls(KeyStore store, KeyId id, Events.Subject subject) {
    this.store = store;
    this.id = id;
    this.subject = subject;
  }

  /** What one write brought. */
  enum Kind {
    APPLIED,
    REFUSED,
    BUSY,
    TRANSIENT,
    PERMANENT,
    UNKNOWN
  }

  /** One reply: a live record only with REFUSED, an error only with the last three. */
  record Reply(Kind kind, Optional<StoredRecord> live, @Nullable KeyStoreException error) {
    private static final Reply APPLIED = new Reply(Kind.APPLIED, Optional.empty(), null);

    /** Returns the error, or the one that stands for a key which stayed busy. */
    KeyStoreException failure() {
      return error != null
          ? error
          : KeyStoreException.notApplied(
              KeyStoreException.Reason.BUSY, "an uncommitted writer holds the key", null);
    }
  }

  /** Says whether the store wants this key to be read before it is claimed. */
  boolean readsFirst() {
    try {
      return store instanceof ReadFirst first && first.readsFirst(id);
    } catch (Throwable e) {
      subject.storeError(foreign(e));
      return false;
    }
  }

  Optional<StoredRecord> find() {
    try {
      Optional<StoredRecord> live = store.find(id);
      live.ifPresent(this::requireOwn);
      return live;
    } catch (KeyStoreException e) {
      subject.storeError(e);
      throw e;
    } catch (Throwable e) {
      KeyStoreException error = foreign(e);
      subject.storeError(error);
      throw error;
    }
  }

  private Reply compareAndSet(Stamp expected, KeyRecord next) {
    try {
      CasResult result = store.compareAndSet(id, expected, next);
      if (result instanceof CasResult.Applied) {
        return Reply.APPLIED;
      } else if (result instanceof CasResult.Refused refused) {
        refused.live().ifPresent(this::requireOwn);
        return new Reply(Kind.REFUSED, refused.live(), null);
      } else if (result instanceof CasResult.Busy) {
        return new Reply(Kind.BUSY, Optional.empty(), null);
      }
      return failed(KeyStoreException.unknown("the store answered null", null));
    } catch (KeyStoreException e) {
      return failed(e);
    } catch (Throwable e) {
      return failed(foreign(e));
    }
  }

  private Reply failed(KeyStoreException error) {
    subject.storeError(error);
    Kind kind =
        error.certainty() == KeyStoreException.Certainty.UNKNOWN
            ? Kind.UNKNOWN
            : error.isTransient() ? Kind.TRANSIENT : Kind.PERMANENT;
    return new Reply(kind, Optional.empty(), error);
  }

  private void requireOwn(StoredRecord live) {
    if (!live.keyId().equals(id)) {
      throw KeyStoreException.unreadable(id, "it answers for another key");
    }
  }

  /**
   * A store must throw nothing else (S7). What it throws all the same, errors of the virtual
   * machine included, proves nothing, and must not keep a completion from being sent again.
   */
  private static KeyStoreException foreign(Throwable thrown) {
    return KeyStoreException.unknown(
        "the store threw " + thrown.getClass().getName(), new Withheld(thrown));
  }

  /** Returns a write that may be sent again and again until it is settled. */
  Write write(Stamp expected, KeyRecord next) {
    return new Write(expected, next);
  }

  /**
   * One write: the same expected and the same next stamp, however often it is sent. After a first
   * UNKNOWN only APPLIED or REFUSED settles it, because the first may still be applied. Used by one
   * thread at a time.
   */
  final class Write {
    private final Stamp expected;
    private final KeyRecord next;
    private @Nullable KeyStoreException unknown;

    private Write(Stamp expected, KeyRecord next) {
      this.expected = expected;
      this.next = next;
    }

    Stamp expected() {
      return expected;
    }

    KeyRecord next() {
      return next;
    }

    /**
     * Returns the same record over another one of the same grant. A recovery that could not tell
     * has raised the fence of that one, perhaps, and nobody may draw it again (I2).
     */
    Write over(KeyRecord live, Stamp fresh) {
      long fence = Math.max(next.fence(), live.fence());
      return new Write(live.stamp(), next.toBuilder().stamp(fresh).fence(fence).build());
    }

    Reply send() {
      Reply reply = compareAndSet(expected, next);
      if (reply.kind() == Kind.UNKNOWN) {
        unknown = reply.error();
      } else if (unknown != null && reply.kind() != Kind.APPLIED && reply.kind() != Kind.REFUSED) {
        KeyStoreException latest = reply.error() == null ? unknown : reply.error();
        return new Reply(Kind.UNKNOWN, Optional.empty(), latest);
      }
      return reply;
    }
  }
}
