package io.idem4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.tck.Samples;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32C;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Records as bytes: what is written is read, and nothing else is (bad-inputs.md 24 to 26). */
final class RecordCodecTest {
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final Duration RETENTION = Duration.ofSeconds(9);

  /** Where the format number and the stamp end: the part that is the same in every format. */
  private static final int COMMON = Short.BYTES + Stamp.LENGTH;

  @Property
  void roundTrip_ofAnyRecord_isThatRecord(@ForAll("records") KeyRecord record) {
    StoredRecord read =
        RecordCodec.decode(record.keyId(), RecordCodec.encode(record), LEASE, RETENTION);
    assertThat(read.record()).isEqualTo(record);
    assertThat(read.keyId()).isEqualTo(record.keyId());
    assertThat(read.stamp()).isEqualTo(record.stamp());
    assertThat(read.format()).isEqualTo(KeyRecord.FORMAT);
    assertThat(read.leaseLeft()).isEqualTo(LEASE);
    assertThat(read.retentionLeft()).isEqualTo(RETENTION);
  }

  @Property(tries = 100)
  void truncation_atEveryLength_isUnreadable(@ForAll("records") KeyRecord record) {
    byte[] bytes = RecordCodec.encode(record);
    for (int length = 0; length < bytes.length; length++) {
      unreadable(Arrays.copyOf(bytes, length));
    }
  }

  @Property(tries = 100)
  void addition_ofBytes_isUnreadable(
      @ForAll("records") KeyRecord record, @ForAll("tails") byte[] tail) {
    byte[] bytes = RecordCodec.encode(record);
    byte[] longer = Arrays.copyOf(bytes, bytes.length + tail.length);
    System.arraycopy(tail, 0, longer, bytes.length, tail.length);
    unreadable(longer);
  }

  @Property(tries = 40)
  void everySingleBitFlip_isDetected(@ForAll("records") KeyRecord record) {
    byte[] bytes = RecordCodec.encode(record);
    for (int bit = 0; bit < bytes.length * Byte.SIZE; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      int format = ByteBuffer.wrap(flipped).getShort() & 0xFFFF;
      if (bit < Short.SIZE && format != 0) {
        // A flip in the format number makes a record of a later release, which core refuses.
        handedThrough(flipped, format, record.stamp());
      } else {
        unreadable(flipped);
      }
    }
  }

  @Property
  void randomBytes_areUnreadableOrOfAnotherFormat(@ForAll("garbage") byte[] bytes) {
    unreadableOrHandedThrough(bytes);
  }

  @Property
  void randomBytes_afterAGoodBeginning_areUnreadable(
      @ForAll("records") KeyRecord record, @ForAll("garbage") byte[] garbage) {
    byte[] bytes = RecordCodec.encode(record);
    byte[] mixed = Arrays.copyOf(bytes, COMMON + garbage.length);
    System.arraycopy(garbage, 0, mixed, COMMON, garbage.length);
    unreadable(mixed);
  }

  @Property
  void alteredBytes_withAGoodChecksum_areReadOrUnreadable(
      @ForAll("records") KeyRecord record, @ForAll int seed) {
    // Somebody with access to the store can make a checksum; no exception but the typed one comes.
    byte[] bytes = RecordCodec.encode(record);
    int place = COMMON + Math.floorMod(seed, bytes.length - COMMON - 4);
    bytes[place] ^= (byte) (1 + (seed >>> 24) % 255);
    seal(bytes);
    try {
      StoredRecord read = RecordCodec.decode(record.keyId(), bytes, LEASE, RETENTION);
      assertThat(read.record()).isNotEqualTo(record);
    } catch (KeyStoreException e) {
      assertThat(e.reason()).isEqualTo(Reason.UNREADABLE);
    }
  }

  @Test
  void hugeLength_withAGoodChecksum_isUnreadableWithoutAllocation() {
    KeyRecord record = Samples.locked(Samples.keyId(), Samples.stamp()).build();
    byte[] bytes = RecordCodec.encode(record);
    // The last three lengths are those of reference, payload and checkpoint, all absent.
    for (int length : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -2, 1, 5}) {
      for (int place = 1; place <= 3; place++) {
        byte[] altered = bytes.clone();
        ByteBuffer.wrap(altered).putInt(bytes.length - 4 - 4 * place, length);
        seal(altered);
        unreadable(altered);
      }
    }
  }

  @Test
  void statesThatAreNone_withAGoodChecksum_areUnreadable() {
    byte[] bytes = RecordCodec.encode(Samples.locked(Samples.keyId(), Samples.stamp()).build());
    for (int state : new int[] {0, 6, 127, 128, 255}) {
      bytes[COMMON + KeyId.LENGTH] = (byte) state;
      seal(bytes);
      unreadable(bytes);
    }
  }

  @Test
  void negativeFenceOrAttempt_withAGoodChecksum_isUnreadable() {
    byte[] bytes = RecordCodec.encode(Samples.locked(Samples.keyId(), Samples.stamp()).build());
    for (int place : new int[] {COMMON + KeyId.LENGTH + 1, COMMON + KeyId.LENGTH + 9}) {
      byte[] altered = bytes.clone();
      altered[place] |= (byte) 0x80;
      seal(altered);
      unreadable(altered);
    }
  }

  @Test
  void referenceThatIsNoText_withAGoodChecksum_isUnreadable() {
    KeyRecord record = Samples.locked(Samples.keyId(), Samples.stamp()).reference("abc").build();
    byte[] bytes = RecordCodec.encode(record);
    int place = bytes.length - 4 - 4 - 4 - 3;
    assertThat(bytes[place]).isEqualTo((byte) 'a');
    for (int value : new int[] {0xFF, 0xC0, 0xED, 0x80, 0}) {
      byte[] altered = bytes.clone();
      altered[place] = (byte) value;
      seal(altered);
      unreadable(altered);
    }
  }

  @Test
  void zeroes_areUnreadable() {
    for (int length : new int[] {0, 1, 17, 18, 19, 200}) {
      unreadable(new byte[length]);
    }
  }

  @Test
  void laterFormat_isHandedThroughByItsFirstEighteenBytes() {
    Stamp stamp = Samples.stamp();
    for (int format : new int[] {2, 99, 256, 0x7FFF, 0x8000, 0xFFFF}) {
      for (int rest : new int[] {0, 1, 500}) {
        byte[] bytes =
            ByteBuffer.allocate(COMMON + rest).putShort((short) format).put(stamp.bytes()).array();
        handedThrough(bytes, format, stamp);
      }
    }
  }

  @Test
  void laterFormat_withoutAStamp_isUnreadable() {
    unreadable(ByteBuffer.allocate(COMMON).putShort((short) 2).array());
    unreadable(ByteBuffer.allocate(COMMON - 1).putShort((short) 2).put((byte) 1).array());
  }

  @Test
  void anotherKeysRecord_carriesItsOwnId() {
    KeyRecord neighbour = Samples.locked(Samples.keyId(), Samples.stamp()).build();
    StoredRecord read =
        RecordCodec.decode(Samples.keyId(), RecordCodec.encode(neighbour), LEASE, RETENTION);
    assertThat(read.keyId()).isEqualTo(neighbour.keyId());
  }

  @Test
  void unchangedSlots_areMisuse() {
    KeyRecord record =
        Samples.locked(Samples.keyId(), Samples.stamp()).slots(Slots.UNCHANGED).build();
    assertThatThrownBy(() -> RecordCodec.encode(record)).isInstanceOf(MisuseException.class);
  }

  /** Format 1 as it was first released: these bytes must be readable for ever. */
  @Test
  void goldenBytes_areReadAndWritten() {
    byte[] id = new byte[KeyId.LENGTH];
    byte[] digest = new byte[FingerprintDigest.LENGTH];
    for (int i = 0; i < id.length; i++) {
      id[i] = (byte) i;
      digest[i] = (byte) (0xFF - i);
    }
    KeyRecord record =
        KeyRecord.builder()
            .keyId(KeyId.of(id))
            .stamp(Stamp.first(new Grant(0x0102_0304_0506_0708L, 0x090A_0B0C)).next())
            .state(KeyState.FAILED_IN_DOUBT)
            .fence(0x0000_0190_1234_5678L)
            .attempt(3)
            .grant(new Grant(0x1112_1314_1516_1718L, 0x191A_1B1C))
            .fingerprint(new FingerprintDigest("sha256-v1", digest))
            .reference("é")
            .slots(Slots.of(new byte[] {(byte) 0xCA, (byte) 0xFE}, new byte[0]))
            .build();
    String golden =
        "0001"
            + "0102030405060708090a0b0c00000002"
            + "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
            + "05"
            + "0000019012345678"
            + "00000003"
            + "1112131415161718191a1b1c"
            + "097368613235362d7631"
            + "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0"
            + "00000002c3a9"
            + "00000002cafe"
            + "00000000";
    byte[] bytes = RecordCodec.encode(record);
    assertThat(HexFormat.of().formatHex(bytes, 0, bytes.length - 4)).isEqualTo(golden);
    byte[] sealed = Arrays.copyOf(HexFormat.of().parseHex(golden), bytes.length);
    seal(sealed);
    assertThat(RecordCodec.decode(record.keyId(), sealed, LEASE, RETENTION).record())
        .isEqualTo(record);
  }

  @Provide
  Arbitrary<KeyRecord> records() {
    Arbitrary<byte[]> slot =
        Arbitraries.bytes().array(byte[].class).ofMaxSize(40).injectNull(0.3).withoutEdgeCases();
    Arbitrary<FingerprintDigest> fingerprint =
        Combinators.combine(
                Arbitraries.strings().withCharRange('!', '~').ofMinLength(1).ofMaxLength(100),
                Arbitraries.bytes().array(byte[].class).ofSize(FingerprintDigest.LENGTH))
            .as(FingerprintDigest::new)
            .withoutEdgeCases();
    Arbitrary<String> reference =
        Arbitraries.strings()
            .withCharRange('\u0001', '\uD7FF')
            .ofMaxLength(KeyRecord.REFERENCE_LENGTH / 3)
            .injectNull(0.3);
    Arbitrary<Grant> grant =
        Combinators.combine(Arbitraries.longs(), Arbitraries.integers())
            .as(Grant::new)
            .withoutEdgeCases();
    return Combinators.combine(
            Arbitraries.bytes()
                .array(byte[].class)
                .ofSize(KeyId.LENGTH)
                .map(KeyId::of)
                .withoutEdgeCases(),
            grant,
            Arbitraries.integers().between(1, 5).map(KeyState::ofCode).map(Optional::orElseThrow),
            Combinators.combine(
                    Arbitraries.longs().greaterOrEqual(0), Arbitraries.integers().greaterOrEqual(0))
                .as((fence, attempt) -> KeyRecord.builder().fence(fence).attempt(attempt)),
            grant,
            fingerprint,
            reference,
            Combinators.combine(slot, slot).as(Slots::of))
        .as(
            (id, holder, state, numbers, last, print, text, slots) ->
                numbers
                    .keyId(id)
                    .stamp(Stamp.first(holder))
                    .state(state)
                    .grant(last)
                    .fingerprint(print)
                    .reference(text)
                    .slots(slots)
                    .build());
  }

  @Provide
  Arbitrary<byte[]> garbage() {
    return Arbitraries.bytes().array(byte[].class).ofMaxSize(300).withoutEdgeCases();
  }

  @Provide
  Arbitrary<byte[]> tails() {
    return Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(20).withoutEdgeCases();
  }

  private static void seal(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - 4);
    ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) crc.getValue());
  }

  private static void unreadableOrHandedThrough(byte[] bytes) {
    int format = bytes.length < 2 ? 0 : ByteBuffer.wrap(bytes).getShort() & 0xFFFF;
    Stamp stamp =
        bytes.length < COMMON ? Stamp.ABSENT : Stamp.of(Arrays.copyOfRange(bytes, 2, COMMON));
    if (format > KeyRecord.FORMAT && !stamp.equals(Stamp.ABSENT)) {
      handedThrough(bytes, format, stamp);
    } else {
      unreadable(bytes);
    }
  }

  private static void unreadable(byte[] bytes) {
    assertThatThrownBy(() -> RecordCodec.decode(Samples.keyId(), bytes, LEASE, RETENTION))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.UNREADABLE);
              assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
            });
  }

  private static void handedThrough(byte[] bytes, int format, Stamp stamp) {
    KeyId id = Samples.keyId();
    StoredRecord read = RecordCodec.decode(id, bytes, LEASE, RETENTION);
    assertThat(read.format()).isEqualTo(format);
    assertThat(read.stamp()).isEqualTo(stamp);
    assertThat(read.keyId()).isEqualTo(id);
    assertThat(read.retentionLeft()).isEqualTo(RETENTION);
    assertThatThrownBy(read::record)
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNREADABLE));
  }
}
