package io.idem4j.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.opentest4j.TestAbortedException;

/** Calls to a store together with what they must answer. */
final class Expect {
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private Expect() {}

  /** Writes a record and expects that it was applied. */
  static KeyRecord applied(KeyStore store, Stamp expected, KeyRecord next) {
    CasResult result = store.compareAndSet(next.keyId(), expected, next);
    assertThat(result)
        .as("the answer to a write that matches")
        .isInstanceOf(CasResult.Applied.class);
    return next;
  }

  /** Writes a claim of a new key. */
  static KeyRecord claimed(KeyStore store, KeyRecord next) {
    return applied(store, Stamp.ABSENT, next);
  }

  /** Writes a record and expects that it is refused; returns what the refusal carries. */
  static Optional<StoredRecord> refused(KeyStore store, Stamp expected, KeyRecord next) {
    CasResult result = store.compareAndSet(next.keyId(), expected, next);
    assertThat(result)
        .as("the answer to a write that must not match")
        .isInstanceOf(CasResult.Refused.class);
    return ((CasResult.Refused) result).live();
  }

  /** Writes a record and expects a refusal that carries {@code live}, complete. */
  static void refusedBy(KeyRecord live, KeyStore store, Stamp expected, KeyRecord next) {
    Optional<StoredRecord> found = refused(store, expected, next);
    assertThat(found).as("the live record in the refusal (S3)").isPresent();
    same(found.orElseThrow(), live);
  }

  /** Writes a record and expects a refusal that says that none is live. */
  static void refusedByNone(KeyStore store, Stamp expected, KeyRecord next) {
    assertThat(refused(store, expected, next)).as("the live record in the refusal").isEmpty();
  }

  /** Expects that this record, complete, is live under its key. */
  static StoredRecord live(KeyStore store, KeyRecord record) {
    Optional<StoredRecord> found = store.find(record.keyId());
    assertThat(found).as("the live record of key %s", record.keyId()).isPresent();
    same(found.orElseThrow(), record);
    return found.orElseThrow();
  }

  /** Expects that no record of the key is live. */
  static void none(KeyStore store, KeyId id) {
    assertThat(store.find(id)).as("the live record of key %s", id).isEmpty();
  }

  /** Expects that what was read is what was written, field by field. */
  static void same(StoredRecord read, KeyRecord written) {
    assertThat(read.keyId()).as("key id").isEqualTo(written.keyId());
    assertThat(read.stamp().bytes()).as("stamp").isEqualTo(written.stamp().bytes());
    assertThat(read.format()).as("format").isEqualTo(written.format());
    assertThat(read.retentionLeft()).as("retention left of a live record").isPositive();
    assertThat(read.retentionLeft()).as("retention left").isLessThanOrEqualTo(written.retention());
    KeyRecord record = read.record();
    assertThat(record.keyId()).as("key id").isEqualTo(written.keyId());
    assertThat(record.stamp().bytes()).as("stamp").isEqualTo(written.stamp().bytes());
    assertThat(read.leaseLeft()).as("lease left").isLessThanOrEqualTo(written.lease());
    assertThat(record.state()).as("state").isEqualTo(written.state());
    assertThat(record.fence()).as("fence").isEqualTo(written.fence());
    assertThat(record.attempt()).as("attempt").isEqualTo(written.attempt());
    assertThat(record.grant().equals(written.grant())).as("same grant").isTrue();
    assertThat(record.fingerprint().algorithm())
        .as("fingerprint algorithm")
        .isEqualTo(written.fingerprint().algorithm());
    assertThat(record.fingerprint().digest())
        .as("fingerprint digest")
        .isEqualTo(written.fingerprint().digest());
    assertThat(record.reference()).as("reference").isEqualTo(written.reference());
    assertThat(record.slots().isUnchanged()).as("stored slots say 'unchanged'").isFalse();
    Slots slots = written.resolveSlots(null).slots();
    sameBytes("payload", record.slots().payload(), slots.payload());
    sameBytes("checkpoint", record.slots().checkpoint(), slots.checkpoint());
  }

  /** Expects a typed error: whatever a store throws is a {@link KeyStoreException} (S7). */
  static KeyStoreException storeException(ThrowingCallable call) {
    return storeException("the call", call);
  }

  private static KeyStoreException storeException(String what, ThrowingCallable call) {
    try {
      call.call();
    } catch (KeyStoreException e) {
      return e;
    } catch (Throwable e) {
      throw new AssertionError(what + " throws something else than KeyStoreException (S7)", e);
    }
    return fail(what + " must throw a KeyStoreException");
  }

  /** Expects the error by which a store refuses to touch what it cannot understand (S10). */
  static void unreadable(String what, ThrowingCallable call) {
    KeyStoreException e = storeException(what, call);
    assertThat(e.reason()).as(what).isEqualTo(KeyStoreException.Reason.UNREADABLE);
    assertThat(e.certainty()).as(what).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
  }

  /**
   * Sends a write until it is answered by Applied or Refused, as core does: what was certainly not
   * applied is sent again, and so is what nobody knows. A refusal by the write's own stamp counts
   * as Applied then.
   */
  static CasResult decided(KeyStore store, Stamp expected, KeyRecord next) {
    long start = System.nanoTime();
    boolean unknown = false;
    while (true) {
      try {
        CasResult result = store.compareAndSet(next.keyId(), expected, next);
        if (result instanceof CasResult.Refused refused
            && unknown
            && refused.live().filter(live -> live.stamp().equals(next.stamp())).isPresent()) {
          return CasResult.APPLIED;
        }
        if (!(result instanceof CasResult.Busy)) {
          return result;
        }
      } catch (KeyStoreException e) {
        unknown |= e.certainty() == KeyStoreException.Certainty.UNKNOWN;
        if (!e.isTransient() && e.certainty() == KeyStoreException.Certainty.NOT_APPLIED) {
          throw e;
        }
      }
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        return fail("a write was answered neither by Applied nor by Refused for ten seconds");
      }
    }
  }

  /** Skips the test because the subject cannot do what it needs. */
  static TestAbortedException skipped(String reason) {
    return new TestAbortedException(reason);
  }

  private static void sameBytes(String slot, byte[] read, byte[] written) {
    assertThat(read == null).as("%s is absent", slot).isEqualTo(written == null);
    // Not isEqualTo: a message would show megabytes.
    assertThat(java.util.Arrays.equals(read, written))
        .as(
            "%s: the %d bytes read are the %d bytes written",
            slot, read == null ? 0 : read.length, written == null ? 0 : written.length)
        .isTrue();
  }
}
