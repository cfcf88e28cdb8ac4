package io.idem4j.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Proof;
import io.idem4j.tck.Samples;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import org.junit.jupiter.api.Assumptions;

/**
 * Bytes that somebody altered on purpose, or that a device mixed up, against {@link RecordCodec}
 * (bad-inputs.md 24 to 26). What {@link RecordCodecTest} shows for one fault at a time is shown
 * here for several, for those whose checksum was made to match, and for the memory that a lie may
 * cost.
 *
 * <p>Each property draws its own random generator from the seed that it prints when it fails. More
 * of it: {@code mvn test -pl core -Dtest=RecordCodecFuzzTest -Djqwik.tries.default=200000}
 */
class RecordCodecFuzzTest {
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final Duration RETENTION = Duration.ofSeconds(9);
  private static final KeyId ASKED = KeyId.of(new byte[KeyId.LENGTH]);
  private static final int COMMON = Short.BYTES + Stamp.LENGTH;
  private static final int CHECKSUM = Integer.BYTES;
  private static final int STATE = COMMON + KeyId.LENGTH;
  private static final int ALGORITHM = STATE + 1 + Long.BYTES + Integer.BYTES + Grant.LENGTH;

  private static final int[] EXTREMES = {
    Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -2, 0, 1, 255, 256, 0xFFFF, 0x10000, 0x7FFF_FFF0
  };

  private static final AtomicLong DECODED = new AtomicLong();
  private static final AtomicLong READ = new AtomicLong();
  private static final AtomicLong HANDED_THROUGH = new AtomicLong();

  @AfterContainer
  static void count() {
    Proof.count("RecordCodecFuzzTest", "altered encodings", DECODED.get());
    Proof.count(
        "RecordCodecFuzzTest", "of these read as a record, with a forged checksum", READ.get());
    Proof.count(
        "RecordCodecFuzzTest", "of these handed through as a later format", HANDED_THROUGH.get());
  }

  /** What came of bytes: a record, a later format, or null for the typed error. */
  private static StoredRecord decode(byte[] bytes) {
    DECODED.incrementAndGet();
    try {
      StoredRecord read = RecordCodec.decode(ASKED, bytes, LEASE, RETENTION);
      if (read.format() != KeyRecord.FORMAT) {
        HANDED_THROUGH.incrementAndGet();
      }
      return read;
    } catch (KeyStoreException e) {
      assertThat(e.reason()).isEqualTo(Reason.UNREADABLE);
      assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
      assertThat(e).hasNoCause().hasNoSuppressedExceptions();
      assertThat(e.getMessage()).matches("the record of key [0-9a-f]{12} cannot be .*");
      return null;
    } catch (OutOfMemoryError e) {
      throw new AssertionError("a length that lies was believed", e);
    }
  }

  /**
   * Decodes bytes whose checksum nobody forged. They are the record, and were not altered; or a
   * later format, handed through by the first eighteen bytes; or unreadable.
   */
  private static void decodeUnforged(KeyRecord written, byte[] bytes) {
    StoredRecord read = decode(bytes);
    if (read == null) {
      return;
    }
    if (read.format() == KeyRecord.FORMAT) {
      assertThat(bytes).as("only what was written is read").isEqualTo(RecordCodec.encode(written));
    }
    requireHonest(read, bytes);
  }

  /** Whatever was read says what its bytes say, and nothing of them was left out. */
  private static void requireHonest(StoredRecord read, byte[] bytes) {
    assertThat(read.format()).isEqualTo(ByteBuffer.wrap(bytes).getShort() & 0xFFFF).isPositive();
    assertThat(read.stamp().bytes()).isEqualTo(Arrays.copyOfRange(bytes, Short.BYTES, COMMON));
    assertThat(read.stamp()).isNotEqualTo(Stamp.ABSENT);
    assertThat(read.retentionLeft()).isEqualTo(RETENTION);
    if (read.format() == KeyRecord.FORMAT) {
      READ.incrementAndGet();
      assertThat(RecordCodec.encode(read.record())).as("every byte has a meaning").isEqualTo(bytes);
      assertThat(read.leaseLeft()).isEqualTo(LEASE);
    } else {
      assertThat(read.keyId()).isEqualTo(ASKED);
    }
  }

  @Property
  void severalFaults_leaveTheRecordOrNothing(@ForAll long seed) {
    Random random = new Random(seed);
    KeyRecord record = record(random);
    byte[] bytes = RecordCodec.encode(record);
    for (int faults = 1 + random.nextInt(4); faults > 0; faults--) {
      bytes = fault(random, bytes);
    }
    decodeUnforged(record, bytes);
  }

  @Property
  void severalFaults_withAForgedChecksum_leaveWhatTheBytesSayOrNothing(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = RecordCodec.encode(record(random));
    for (int faults = 1 + random.nextInt(3); faults > 0; faults--) {
      bytes = fault(random, bytes);
    }
    if (bytes.length >= CHECKSUM) {
      seal(bytes);
    }
    StoredRecord read = decode(bytes);
    if (read != null) {
      requireHonest(read, bytes);
    }
  }

  @Property
  void partsOfTwoRecords_areNeverARecord(@ForAll long seed) {
    Random random = new Random(seed);
    KeyRecord one = record(random);
    byte[] first = RecordCodec.encode(one);
    byte[] second = RecordCodec.encode(record(random));
    int cut = random.nextInt(Math.min(first.length, second.length) + 1);
    byte[] mixed = second.clone();
    System.arraycopy(first, 0, mixed, 0, cut);
    StoredRecord read = decode(mixed);
    if (read != null) {
      // An older write that was torn: the whole of the one, or the whole of the other.
      assertThat(Arrays.equals(mixed, first) || Arrays.equals(mixed, second)).isTrue();
    }
  }

  /** Random bytes in each field with a forged checksum: the same lengths, other contents. */
  @Property
  void randomField_withAForgedChecksum_isReadAsItIsOrUnreadable(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = RecordCodec.encode(record(random));
    int[] starts = {0, Short.BYTES, COMMON, STATE, STATE + 1, STATE + 9, STATE + 13, ALGORITHM};
    int field = random.nextInt(starts.length);
    int end = field + 1 < starts.length ? starts[field + 1] : bytes.length - CHECKSUM;
    byte[] noise = new byte[end - starts[field]];
    random.nextBytes(noise);
    System.arraycopy(noise, 0, bytes, starts[field], noise.length);
    seal(bytes);
    StoredRecord read = decode(bytes);
    if (read != null) {
      requireHonest(read, bytes);
    }
  }

  /** Every place of an encoding, every extreme, in each width, with a forged checksum. */
  @Example
  void extremeNumbers_atEveryPlace_areReadAsTheyAreOrUnreadable() {
    for (KeyRecord record : examples()) {
      byte[] bytes = RecordCodec.encode(record);
      for (int place = 0; place < bytes.length - CHECKSUM; place++) {
        for (int extreme : EXTREMES) {
          for (int width : new int[] {1, 2, 4, 8}) {
            if (place + width <= bytes.length - CHECKSUM) {
              byte[] altered = bytes.clone();
              for (int i = 0; i < width; i++) {
                altered[place + i] = (byte) ((long) extreme >> Math.min(63, 8 * (width - 1 - i)));
              }
              seal(altered);
              StoredRecord read = decode(altered);
              if (read != null) {
                requireHonest(read, altered);
              }
            }
          }
        }
      }
    }
  }

  /** Two flips: the checksum finds all of them, wherever they are. */
  @Example
  void everyPairOfBitFlips_behindTheFormat_isUnreadable() {
    byte[] bytes = RecordCodec.encode(examples().get(0));
    for (int one = Short.SIZE; one < bytes.length * 8; one += 3) {
      for (int other = one + 1; other < bytes.length * 8; other += 7) {
        byte[] flipped = bytes.clone();
        flipped[one / 8] ^= (byte) (1 << one % 8);
        flipped[other / 8] ^= (byte) (1 << other % 8);
        assertThat(decode(flipped)).isNull();
      }
    }
  }

  @Example
  void truncation_withAForgedChecksum_isUnreadable() {
    for (KeyRecord record : examples()) {
      byte[] bytes = RecordCodec.encode(record);
      for (int length = 0; length < bytes.length; length++) {
        byte[] cut = Arrays.copyOf(bytes, length);
        if (length >= CHECKSUM) {
          seal(cut);
        }
        assertThat(decode(cut)).isNull();
      }
    }
  }

  @Example
  void addition_withAForgedChecksum_isUnreadable() {
    for (KeyRecord record : examples()) {
      byte[] bytes = RecordCodec.encode(record);
      for (int more = 1; more < 40; more++) {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + more);
        seal(longer);
        assertThat(decode(longer)).isNull();
      }
    }
  }

  /**
   * A length that lies costs no memory: what one decoding allocates is counted by the virtual
   * machine, and stays far below the length that is claimed.
   */
  @Example
  void lengthThatLies_allocatesNothingOfIt() {
    Assumptions.assumeTrue(
        ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean,
        "this virtual machine does not count what a thread allocates");
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] bytes = RecordCodec.encode(examples().get(0));
    List<byte[]> liars = new ArrayList<>();
    for (int claimed : new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE - 8, 1 << 30, 50_000_000}) {
      for (int slot = 1; slot <= 3; slot++) {
        byte[] liar = bytes.clone();
        ByteBuffer.wrap(liar).putInt(bytes.length - CHECKSUM - Integer.BYTES * slot, claimed);
        seal(liar);
        liars.add(liar);
      }
    }
    liars.forEach(RecordCodecFuzzTest::decode);
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    int rounds = 1_000;
    for (int round = 0; round < rounds; round++) {
      for (byte[] liar : liars) {
        try {
          RecordCodec.decode(ASKED, liar, LEASE, RETENTION);
          throw new AssertionError("a length that lies was believed");
        } catch (KeyStoreException e) {
          DECODED.incrementAndGet();
        }
      }
    }
    long each =
        (threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before)
            / (rounds * (long) liars.size());
    assertThat(each).as("bytes for one decoding").isBetween(1L, 64L * 1024);
  }

  @Property
  void laterFormat_withAnythingBehindItsStamp_isHandedThrough(@ForAll long seed) {
    Random random = new Random(seed);
    Stamp stamp = new Stamp(random.nextLong(), random.nextLong() | 1);
    byte[] bytes = new byte[COMMON + random.nextInt(300)];
    random.nextBytes(bytes);
    int format = 2 + random.nextInt(0xFFFE);
    ByteBuffer.wrap(bytes).putShort((short) format).put(stamp.bytes());
    StoredRecord read = decode(bytes);
    assertThat(read).isNotNull();
    requireHonest(read, bytes);
    assertThat(read.format()).isEqualTo(format);
  }

  private static byte[] fault(Random random, byte[] bytes) {
    byte[] altered = bytes.clone();
    if (altered.length == 0) {
      return new byte[random.nextInt(40)];
    }
    int place = random.nextInt(altered.length);
    switch (random.nextInt(8)) {
      case 0 -> altered[place] ^= (byte) (1 << random.nextInt(8));
      case 1 -> altered[place] = (byte) random.nextInt(256);
      case 2 -> Arrays.fill(altered, place, altered.length, (byte) 0);
      case 3 -> altered = Arrays.copyOf(altered, place);
      case 4 -> altered = Arrays.copyOf(altered, altered.length + 1 + random.nextInt(20));
      case 5 -> altered = Arrays.copyOfRange(altered, place, altered.length);
      case 6 -> {
        if (altered.length >= Integer.BYTES) {
          ByteBuffer.wrap(altered)
              .putInt(
                  random.nextInt(altered.length - Integer.BYTES + 1),
                  EXTREMES[random.nextInt(EXTREMES.length)]);
        }
      }
      default -> {
        byte[] doubled = Arrays.copyOf(altered, altered.length + place);
        System.arraycopy(altered, 0, doubled, altered.length, place);
        altered = doubled;
      }
    }
    return altered;
  }

  private static List<KeyRecord> examples() {
    return List.of(
        Samples.locked(Samples.keyId(), Samples.stamp()).build(),
        Samples.completed(Samples.keyId(), Samples.stamp()).build(),
        Samples.completed(Samples.keyId(), Samples.stamp())
            .state(KeyState.FAILED_IN_DOUBT)
            .reference("Bestellung \u00fc \uD83D\uDE00")
            .slots(Slots.of(new byte[0], new byte[] {1, 2, 3}))
            .build());
  }

  private static KeyRecord record(Random random) {
    byte[] id = new byte[KeyId.LENGTH];
    byte[] digest = new byte[FingerprintDigest.LENGTH];
    random.nextBytes(id);
    random.nextBytes(digest);
    return KeyRecord.builder()
        .keyId(KeyId.of(id))
        .stamp(new Stamp(random.nextLong(), random.nextLong() | 1))
        .state(KeyState.ofCode(1 + random.nextInt(5)).orElseThrow())
        .fence(random.nextLong() >>> 1)
        .attempt(random.nextInt() >>> 1)
        .grant(new Grant(random.nextLong(), random.nextInt()))
        .fingerprint(new FingerprintDigest("a".repeat(1 + random.nextInt(100)), digest))
        .reference(random.nextBoolean() ? null : "ü".repeat(random.nextInt(128)))
        .slots(Slots.of(slot(random), slot(random)))
        .build();
  }

  private static byte[] slot(Random random) {
    return random.nextInt(3) == 0
        ? null
        : Long.toString(random.nextLong(), 36)
            .repeat(random.nextInt(4))
            .getBytes(StandardCharsets.UTF_8);
  }

  private static void seal(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - CHECKSUM);
    ByteBuffer.wrap(bytes).putInt(bytes.length - CHECKSUM, (int) crc.getValue());
  }
}
