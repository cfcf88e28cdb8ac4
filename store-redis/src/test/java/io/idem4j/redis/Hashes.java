package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import redis.clients.jedis.UnifiedJedis;

/** Records for the tests of this store, and what Redis holds of them. */
final class Hashes {
  private Hashes() {}

  static KeyRecord claim() {
    return Samples.locked(Samples.keyId(), Samples.stamp()).build();
  }

  /** A claim of somebody else for the same key. */
  static KeyRecord duplicate(KeyRecord record) {
    return Samples.locked(record.keyId(), Samples.stamp()).build();
  }

  static KeyRecord renewed(KeyRecord claim) {
    return claim.toBuilder().stamp(claim.stamp().next()).slots(Slots.UNCHANGED).build();
  }

  static KeyRecord completed(KeyRecord claim) {
    return Samples.completed(claim.keyId(), claim.stamp().next()).build();
  }

  static KeyRecord released(KeyRecord claim) {
    return claim.toBuilder().stamp(claim.stamp().next()).state(KeyState.FAILED_RETRYABLE).build();
  }

  /** Claims and completes a fresh key. */
  static KeyRecord done(KeyStore store) {
    KeyRecord claim = claim();
    apply(store, Stamp.ABSENT, claim);
    KeyRecord done = completed(claim);
    apply(store, claim.stamp(), done);
    return done;
  }

  static void apply(KeyStore store, Stamp expected, KeyRecord next) {
    assertThat(store.compareAndSet(next.keyId(), expected, next)).isEqualTo(CasResult.APPLIED);
  }

  static StoredRecord refuse(KeyStore store, Stamp expected, KeyRecord next) {
    CasResult result = store.compareAndSet(next.keyId(), expected, next);
    assertThat(result).isInstanceOf(CasResult.Refused.class);
    return ((CasResult.Refused) result).live().orElseThrow();
  }

  static KeyStoreException failing(ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).isInstanceOf(KeyStoreException.class);
    return (KeyStoreException) thrown;
  }

  static void assertNotApplied(Reason reason, ThrowingCallable call) {
    KeyStoreException failed = failing(call);
    assertThat(failed.certainty()).as(failed.getMessage()).isEqualTo(Certainty.NOT_APPLIED);
    assertThat(failed.reason()).as(failed.getMessage()).isEqualTo(reason);
  }

  static void assertUnknown(ThrowingCallable call) {
    KeyStoreException failed = failing(call);
    assertThat(failed.certainty()).as(failed.getMessage()).isEqualTo(Certainty.UNKNOWN);
  }

  /** Everything that the hash of a key holds, byte for byte. */
  static Map<String, String> contents(UnifiedJedis client, KeyId id) {
    Map<String, String> contents = new TreeMap<>();
    client
        .hgetAll(RedisSubject.key(id))
        .forEach((name, value) -> contents.put(text(name), text(value)));
    return contents;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, ISO_8859_1);
  }
}
