package io.idem4j.tck;

import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * S1 and S2 are said per id: neighbouring keys never meet. The invariants I13 and I14 rest here.
 */
interface IsolationRules {
  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s01_keysDifferingInOneBit_areDifferentRecords() {
    KeyId base = keyId();
    List<KeyId> ids = new ArrayList<>(List.of(base));
    for (int bit = 0; bit < KeyId.LENGTH * Byte.SIZE; bit++) {
      byte[] bytes = base.bytes();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      ids.add(KeyId.of(bytes));
    }
    keepApart(ids);
  }

  @Test
  default void s01_keysOfHostileBytes_areDifferentRecords() {
    List<KeyId> ids = new ArrayList<>();
    for (String text :
        List.of(
            "A".repeat(32),
            "a".repeat(32),
            "A".repeat(31) + " ",
            "A".repeat(31) + "\0",
            "\0".repeat(32),
            "\0".repeat(31) + " ",
            " ".repeat(32),
            "%".repeat(32),
            "_".repeat(32),
            "{a}:b".repeat(6) + "{}",
            "{a}b:".repeat(6) + "{}",
            "';DROP TABLE idem4j_record;--   ",
            "*".repeat(32),
            "\n".repeat(32),
            "\r".repeat(32),
            "\\".repeat(32),
            "\u00E9".repeat(16),
            "\u00C9".repeat(16),
            "e\u0301".repeat(10) + "  ",
            "0".repeat(32))) {
      ids.add(KeyId.of(text.getBytes(StandardCharsets.UTF_8)));
    }
    for (int value : new int[] {0x7F, 0x80, 0xC3, 0xFE, 0xFF}) {
      byte[] bytes = new byte[KeyId.LENGTH];
      Arrays.fill(bytes, (byte) value);
      ids.add(KeyId.of(bytes));
    }
    assertThat(ids).doesNotHaveDuplicates();
    keepApart(ids);
  }

  private void keepApart(List<KeyId> ids) {
    KeyStore store = subject().store();
    Map<KeyId, KeyRecord> written = new LinkedHashMap<>();
    for (KeyId id : ids) {
      written.put(id, put(id, completed(id, stamp()).slots(Slots.of(id.bytes(), null)).build()));
    }
    written.values().forEach(record -> Expect.live(store, record));
    // A change of one, and the end of another, leave the rest as they are.
    KeyRecord first = written.get(ids.get(0));
    written.put(
        first.keyId(),
        Expect.applied(store, first.stamp(), locked(first.keyId(), stamp()).build()));
    KeyRecord second = written.remove(ids.get(1));
    end(second);
    Expect.none(store, second.keyId());
    written.values().forEach(record -> Expect.live(subject().secondInstance(), record));
    written.values().forEach(this::end);
  }

  /** Writes over whatever an earlier run has left: these ids are not random. */
  private KeyRecord put(KeyId id, KeyRecord record) {
    KeyStore store = subject().store();
    Optional<StoredRecord> live = store.find(id);
    Stamp expected = live.map(StoredRecord::stamp).orElse(Stamp.ABSENT);
    CasResult result = store.compareAndSet(id, expected, record);
    assertThat(result).as("a write to key %s", id).isInstanceOf(CasResult.Applied.class);
    return record;
  }

  private void end(KeyRecord record) {
    Expect.applied(
        subject().store(),
        record.stamp(),
        locked(record.keyId(), stamp()).retention(Duration.ZERO).build());
  }
}
