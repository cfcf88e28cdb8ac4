package io.idem4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.tck.Samples;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A record kept as two values, head and slots, of which a write may replace the head alone. */
final class RecordHalvesTest {
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final Duration RETENTION = Duration.ofSeconds(9);

  @Property
  void roundTrip_ofHeadAndSlots_isThatRecord(@ForAll long seed) {
    KeyRecord record = record(new Random(seed));
    StoredRecord read = decode(RecordCodec.encodeHead(record), slots(record));
    assertThat(read.record()).isEqualTo(record);
    assertThat(read.leaseLeft()).isEqualTo(LEASE);
    assertThat(read.retentionLeft()).isEqualTo(RETENTION);
  }

  @Property
  void headAlone_isTheRecordWithoutSlots(@ForAll long seed) {
    KeyRecord record = record(new Random(seed));
    KeyRecord unchanged = record.toBuilder().slots(Slots.UNCHANGED).build();
    byte[] head = RecordCodec.encodeHead(record);
    assertThat(RecordCodec.encodeHead(unchanged)).isEqualTo(head);
    assertThat(RecordCodec.decode(record.keyId(), head, LEASE, RETENTION).record())
        .isEqualTo(record.toBuilder().slots(Slots.EMPTY).build());
  }

  @Property(tries = 50)
  void everyBitFlipAndEveryLength_ofTheSlots_isUnreadable(@ForAll long seed) {
    KeyRecord record = record(new Random(seed));
    byte[] slots = slots(record);
    for (int bit = 0; bit < slots.length * Byte.SIZE; bit++) {
      byte[] flipped = slots.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      unreadable(record, flipped);
    }
    for (int length = 0; length < slots.length + 20; length++) {
      if (length != slots.length) {
        unreadable(record, Arrays.copyOf(slots, length));
      }
    }
  }

  @Property
  void slotsOfAnotherKey_areUnreadable(@ForAll long seed) {
    Random random = new Random(seed);
    KeyRecord record = record(random);
    KeyRecord neighbour = record.toBuilder().keyId(Samples.keyId()).build();
    unreadable(record, slots(neighbour));
  }

  @ParameterizedTest
  @CsvSource({"2147483647", "-2147483648", "-2", "1", "5"})
  void lengthThatLies_withAGoodChecksum_isUnreadable(int length) {
    KeyRecord record = Samples.locked(Samples.keyId(), Samples.stamp()).build();
    for (int place = 0; place < 8; place += 4) {
      byte[] liar = slots(record);
      ByteBuffer.wrap(liar).putInt(place, length);
      CRC32C crc = new CRC32C();
      crc.update(record.keyId().bytes());
      crc.update(liar, 0, liar.length - 4);
      ByteBuffer.wrap(liar).putInt(liar.length - 4, (int) crc.getValue());
      unreadable(record, liar);
    }
  }

  @Test
  void headWithSlotsOfItsOwn_isUnreadable() {
    KeyRecord record = Samples.completed(Samples.keyId(), Samples.stamp()).build();
    assertThat(record.slots()).isNotEqualTo(Slots.EMPTY);
    assertThatThrownBy(() -> decode(RecordCodec.encode(record), slots(record)))
        .isInstanceOf(KeyStoreException.class);
  }

  @Test
  void laterFormat_isHandedThroughWithoutALookAtItsSlots() {
    Stamp stamp = Samples.stamp();
    KeyId id = Samples.keyId();
    byte[] head = ByteBuffer.allocate(30).putShort((short) 2).put(stamp.bytes()).array();
    StoredRecord read = RecordCodec.decode(id, head, new byte[] {1}, LEASE, RETENTION);
    assertThat(read.format()).isEqualTo(2);
    assertThat(read.stamp()).isEqualTo(stamp);
  }

  @Test
  void unchangedSlots_areMisuse() {
    assertThatThrownBy(() -> RecordCodec.encodeSlots(Samples.keyId(), Slots.UNCHANGED))
        .isInstanceOf(MisuseException.class);
  }

  /** The slots of format 1 as they were first released: these bytes must be readable for ever. */
  @Test
  void goldenSlots_areReadAndWritten() {
    Slots slots = Slots.of(new byte[] {(byte) 0xCA, (byte) 0xFE}, null);
    KeyId id = KeyId.of(new byte[KeyId.LENGTH]);
    byte[] bytes = RecordCodec.encodeSlots(id, slots);
    assertThat(HexFormat.of().formatHex(bytes)).startsWith("00000002cafe" + "ffffffff");
    assertThat(bytes).hasSize(14);
    KeyRecord record = Samples.locked(id, Samples.stamp()).slots(Slots.EMPTY).build();
    assertThat(decode(RecordCodec.encodeHead(record), bytes).record().slots()).isEqualTo(slots);
  }

  private static StoredRecord decode(byte[] head, byte[] slots) {
    return RecordCodec.decode(Samples.keyId(), head, slots, LEASE, RETENTION);
  }

  private static byte[] slots(KeyRecord record) {
    return RecordCodec.encodeSlots(record.keyId(), record.slots());
  }

  private static KeyRecord record(Random random) {
    return Samples.locked(Samples.keyId(), Samples.stamp())
        .lease(Duration.ZERO)
        .retention(Duration.ZERO)
        .fence(random.nextLong() >>> 1)
        .slots(Slots.of(slot(random), slot(random)))
        .build();
  }

  private static byte[] slot(Random random) {
    byte[] bytes = new byte[random.nextInt(40)];
    random.nextBytes(bytes);
    return random.nextInt(3) == 0 ? null : bytes;
  }

  private static void unreadable(KeyRecord record, byte[] slots) {
    assertThatThrownBy(() -> decode(RecordCodec.encodeHead(record), slots))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNREADABLE));
  }
}
