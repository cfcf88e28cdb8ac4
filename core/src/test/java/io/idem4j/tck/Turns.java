package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import java.time.Duration;

/**
 * What an engine writes over what it wrote before, so that the history of a test is one that an
 * engine could have made. Each takes the record as it stands, with its slots filled in.
 */
final class Turns {
  /** Short, because tests wait for its end. */
  static final Duration LEASE = Duration.ofMillis(100);

  private Turns() {}

  static KeyRecord claim(KeyId id) {
    Stamp stamp = Samples.stamp();
    return Samples.locked(id, stamp).grant(stamp.grant()).lease(LEASE).build();
  }

  /** A claim over what another holder left: lapsed, released or in doubt. */
  static KeyRecord takeover(KeyRecord left) {
    Stamp stamp = Samples.stamp();
    return left.toBuilder()
        .stamp(stamp)
        .state(KeyState.LOCKED)
        .grant(stamp.grant())
        .fence(left.fence() + 1)
        .attempt(left.attempt() + 1)
        .slots(Slots.UNCHANGED)
        .lease(LEASE)
        .retention(Samples.RETENTION)
        .build();
  }

  static KeyRecord renewal(KeyRecord held) {
    return later(held, KeyState.LOCKED).slots(Slots.UNCHANGED).lease(LEASE).build();
  }

  static KeyRecord checkpoint(KeyRecord held) {
    Slots slots = Slots.of(held.slots().payload(), Samples.bytes(200));
    return later(held, KeyState.LOCKED).slots(slots).lease(LEASE).build();
  }

  static KeyRecord completion(KeyRecord held) {
    return settled(held, KeyState.COMPLETED, Slots.of(Samples.bytes(300), null));
  }

  static KeyRecord finalFailure(KeyRecord held) {
    return settled(held, KeyState.FAILED_FINAL, Slots.of(Samples.bytes(40), null));
  }

  static KeyRecord release(KeyRecord held) {
    return settled(held, KeyState.FAILED_RETRYABLE, Slots.UNCHANGED);
  }

  static KeyRecord doubt(KeyRecord held) {
    return settled(held, KeyState.FAILED_IN_DOUBT, Slots.UNCHANGED);
  }

  private static KeyRecord settled(KeyRecord held, KeyState state, Slots slots) {
    return later(held, state).slots(slots).lease(Duration.ZERO).build();
  }

  private static KeyRecord.Builder later(KeyRecord held, KeyState state) {
    return held.toBuilder().stamp(held.stamp().next()).state(state).retention(Samples.RETENTION);
  }
}
