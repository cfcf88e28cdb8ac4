package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Fresh keys, stamps and records for tests. Stateless and safe for use by many threads. */
public final class Samples {
  /** A lease that does not end during a test. */
  public static final Duration LEASE = Duration.ofMinutes(10);

  /** A retention that does not end during a test. */
  public static final Duration RETENTION = Duration.ofHours(1);

  private Samples() {}

  /** Returns a key id that no other test uses. */
  public static KeyId keyId() {
    return KeyId.of(bytes(KeyId.LENGTH));
  }

  /** Returns the grant of a new claim. */
  public static Grant grant() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return new Grant(random.nextLong(), random.nextInt());
  }

  /** Returns the first stamp of a new claim. */
  public static Stamp stamp() {
    return Stamp.first(grant());
  }

  /** Returns a fingerprint. */
  public static FingerprintDigest fingerprint() {
    return new FingerprintDigest("sha256-v1", bytes(FingerprintDigest.LENGTH));
  }

  /** Returns random bytes. */
  public static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    ThreadLocalRandom.current().nextBytes(bytes);
    return bytes;
  }

  /** Returns a claim as core writes it: LOCKED, with nothing in its slots. */
  public static KeyRecord.Builder locked(KeyId id, Stamp stamp) {
    return KeyRecord.builder()
        .keyId(id)
        .stamp(stamp)
        .state(KeyState.LOCKED)
        .fence(1_700_000_000_000L)
        .attempt(1)
        .fingerprint(fingerprint())
        .lease(LEASE)
        .retention(RETENTION);
  }

  /** Returns a recorded answer: COMPLETED, with a random payload of 100 bytes. */
  public static KeyRecord.Builder completed(KeyId id, Stamp stamp) {
    return locked(id, stamp)
        .state(KeyState.COMPLETED)
        .reference("order 17")
        .lease(Duration.ZERO)
        .slots(Slots.of(bytes(100), null));
  }
}
