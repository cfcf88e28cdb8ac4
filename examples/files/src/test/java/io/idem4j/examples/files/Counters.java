package io.idem4j.examples.files;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Counters kept in the payloads of a few keys: a write that is lost is a count that is missing. */
final class Counters {

  static KeyId key(int number) {
    byte[] id = new byte[KeyId.LENGTH];
    Arrays.fill(id, (byte) number);
    return KeyId.of(id);
  }

  /** Returns what a key counts. */
  static long read(KeyStore store, KeyId id) {
    return store.find(id).map(Counters::count).orElse(0L);
  }

  /** Counts one on, whoever else does so, and returns the new count. */
  static long increment(KeyStore store, KeyId id, int payloadLength) {
    while (true) {
      Optional<StoredRecord> live = store.find(id);
      long count = live.map(Counters::count).orElse(0L) + 1;
      byte[] payload = ByteBuffer.allocate(payloadLength).putLong(count).array();
      CasResult result =
          store.compareAndSet(
              id,
              live.map(StoredRecord::stamp).orElse(Stamp.ABSENT),
              Samples.locked(id, Samples.stamp()).slots(Slots.of(payload, null)).build());
      if (result instanceof CasResult.Applied) {
        return count;
      }
    }
  }

  private static long count(StoredRecord stored) {
    return ByteBuffer.wrap(stored.record().slots().payload()).getLong();
  }

  private Counters() {}
}
