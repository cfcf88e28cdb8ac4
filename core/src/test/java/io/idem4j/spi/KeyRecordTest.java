package io.idem4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.tck.Samples;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Records, slots, fingerprints and what is read of them. */
final class KeyRecordTest {
  private final KeyRecord record =
      Samples.completed(Samples.keyId(), Samples.stamp()).reference("order 4711").build();

  @Test
  void build_withoutAMandatoryPart_isMisuse() {
    for (KeyRecord.Builder builder :
        List.of(
            KeyRecord.builder(),
            KeyRecord.builder().keyId(record.keyId()),
            KeyRecord.builder().keyId(record.keyId()).stamp(record.stamp()),
            KeyRecord.builder().keyId(record.keyId()).stamp(record.stamp()).state(KeyState.LOCKED),
            KeyRecord.builder()
                .stamp(record.stamp())
                .state(KeyState.LOCKED)
                .fingerprint(record.fingerprint()))) {
      assertThatThrownBy(builder::build).isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void build_outOfRange_isMisuse() {
    misuse(builder -> builder.stamp(Stamp.ABSENT));
    misuse(builder -> builder.state(KeyState.NEW));
    misuse(builder -> builder.fence(-1));
    misuse(builder -> builder.attempt(-1));
    misuse(builder -> builder.format(0));
    misuse(builder -> builder.format(-1));
    misuse(builder -> builder.format(0x1_0000));
    misuse(builder -> builder.lease(Duration.ofNanos(-1)));
    misuse(builder -> builder.retention(Duration.ofNanos(-1)));
    misuse(builder -> builder.lease(KeyRecord.MAXIMUM_DURATION.plusNanos(1)));
    misuse(builder -> builder.retention(Duration.ofSeconds(Long.MAX_VALUE)));
  }

  @Test
  void build_atTheEdges_isFine() {
    fine(builder -> builder.fence(0).attempt(0));
    fine(builder -> builder.fence(Long.MAX_VALUE).attempt(Integer.MAX_VALUE));
    fine(builder -> builder.format(1));
    fine(builder -> builder.format(0xFFFF));
    fine(builder -> builder.lease(Duration.ZERO).retention(Duration.ZERO));
    fine(
        builder -> builder.lease(KeyRecord.MAXIMUM_DURATION).retention(KeyRecord.MAXIMUM_DURATION));
  }

  @Test
  void reference_thatNoStoreCouldGiveBack_isMisuse() {
    misuse(builder -> builder.reference("x".repeat(257)));
    misuse(builder -> builder.reference("é".repeat(128) + "x"));
    misuse(builder -> builder.reference("\uD83D"));
    misuse(builder -> builder.reference("x\uDE00y"));
    misuse(builder -> builder.reference("\uDE00\uD83D"));
    misuse(builder -> builder.reference("a\0b"));
    fine(builder -> builder.reference("x".repeat(256)));
    fine(builder -> builder.reference("é".repeat(128)));
    fine(builder -> builder.reference("\uD83D\uDE00".repeat(64)));
    fine(builder -> builder.reference(""));
    fine(builder -> builder.reference(null));
  }

  @Test
  void grant_notGiven_isTheStampsOwn() {
    assertThat(record.grant()).isEqualTo(record.stamp().grant());
    Grant other = Samples.grant();
    KeyRecord marked = record.toBuilder().grant(other).stamp(Samples.stamp()).build();
    assertThat(marked.grant()).isEqualTo(other);
  }

  @Test
  void toBuilder_build_isEqual() {
    assertThat(record.toBuilder().build()).isEqualTo(record).hasSameHashCodeAs(record);
  }

  @Test
  void equals_anyFieldChanged_isFalse() {
    List<UnaryOperator<KeyRecord.Builder>> changes =
        List.of(
            builder -> builder.keyId(Samples.keyId()),
            builder -> builder.stamp(record.stamp().next()),
            builder -> builder.state(KeyState.FAILED_FINAL),
            builder -> builder.fence(record.fence() + 1),
            builder -> builder.attempt(record.attempt() + 1),
            builder -> builder.grant(Samples.grant()),
            builder -> builder.fingerprint(Samples.fingerprint()),
            builder -> builder.reference(null),
            builder -> builder.slots(Slots.EMPTY),
            builder -> builder.slots(Slots.UNCHANGED),
            builder -> builder.lease(Duration.ofNanos(1)),
            builder -> builder.retention(Duration.ofNanos(1)),
            builder -> builder.format(2));
    for (UnaryOperator<KeyRecord.Builder> change : changes) {
      assertThat(change.apply(record.toBuilder()).build()).isNotEqualTo(record);
    }
  }

  @Test
  void resolveSlots_unchanged_takesThoseOfTheRecordBefore() {
    KeyRecord unchanged = record.toBuilder().slots(Slots.UNCHANGED).build();
    assertThat(unchanged.resolveSlots(record).slots()).isEqualTo(record.slots());
    assertThat(unchanged.resolveSlots(null).slots()).isEqualTo(Slots.EMPTY);
    assertThat(record.resolveSlots(null)).isEqualTo(record);
  }

  @Test
  void slots_emptyAbsentAndUnchanged_allDiffer() {
    List<Slots> all =
        List.of(
            Slots.EMPTY,
            Slots.UNCHANGED,
            Slots.of(new byte[0], null),
            Slots.of(null, new byte[0]),
            Slots.of(new byte[0], new byte[0]));
    assertThat(all).doesNotHaveDuplicates();
    assertThat(Slots.of(null, null)).isEqualTo(Slots.EMPTY);
    assertThat(Slots.of(null, null).isUnchanged()).isFalse();
    assertThat(Slots.of(new byte[] {1}, new byte[] {2}))
        .isEqualTo(Slots.of(new byte[] {1}, new byte[] {2}))
        .hasSameHashCodeAs(Slots.of(new byte[] {1}, new byte[] {2}))
        .isNotEqualTo(Slots.of(new byte[] {2}, new byte[] {1}));
  }

  @Test
  void toString_showsNothingSecret() {
    byte[] secret = "payload-canary".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    KeyRecord canary = record.toBuilder().slots(Slots.of(secret, secret)).build();
    String stored =
        StoredRecord.of(canary, Duration.ofSeconds(1), Duration.ofSeconds(2)).toString();
    for (String text :
        List.of(
            canary.toString(),
            stored,
            canary.fingerprint().toString(),
            canary.slots().toString(),
            CasResult.refusedBy(StoredRecord.of(canary, Duration.ZERO, Duration.ofSeconds(2)))
                .toString())) {
      assertThat(text)
          .doesNotContain("canary", "4711")
          .doesNotContain(hex(canary.keyId().bytes()))
          .doesNotContain(hex(canary.stamp().bytes()).substring(0, 12))
          .doesNotContain(hex(canary.fingerprint().digest()).substring(0, 12))
          .doesNotContain(hex(secret));
    }
    assertThat(stored).contains(canary.keyId().shortDigest());
  }

  @Test
  void fingerprint_outOfRange_isMisuse() {
    byte[] digest = new byte[FingerprintDigest.LENGTH];
    for (String algorithm : List.of("", " ", "a b", "é", "a\n", "\u007F", "x".repeat(101))) {
      assertThatThrownBy(() -> new FingerprintDigest(algorithm, digest))
          .isInstanceOf(MisuseException.class);
    }
    for (int length : new int[] {0, 31, 33}) {
      assertThatThrownBy(() -> new FingerprintDigest("a", new byte[length]))
          .isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void fingerprint_isCopiedInAndOut() {
    byte[] digest = new byte[FingerprintDigest.LENGTH];
    FingerprintDigest print = new FingerprintDigest("a", digest);
    digest[0] = 1;
    print.digest()[1] = 1;
    assertThat(print.digest()).isEqualTo(new byte[FingerprintDigest.LENGTH]);
    assertThat(print).isEqualTo(new FingerprintDigest("a", new byte[FingerprintDigest.LENGTH]));
    assertThat(print).isNotEqualTo(new FingerprintDigest("a", digest));
    assertThat(print).isNotEqualTo(new FingerprintDigest("b", new byte[FingerprintDigest.LENGTH]));
  }

  @Test
  void storedRecord_ofALaterFormat_hidesItsContents() {
    KeyRecord later = record.toBuilder().format(2).build();
    Duration left = Duration.ofSeconds(5);
    for (StoredRecord stored :
        List.of(
            StoredRecord.of(later, left, left),
            StoredRecord.ofUnknownFormat(later.keyId(), later.stamp(), 2, left))) {
      assertThat(stored.stamp()).isEqualTo(later.stamp());
      assertThat(stored.format()).isEqualTo(2);
      assertThat(stored.retentionLeft()).isEqualTo(left);
      assertThatThrownBy(stored::record)
          .isInstanceOfSatisfying(
              KeyStoreException.class,
              e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.UNREADABLE));
    }
  }

  /** A later release may keep records for longer, and what is far over is over. */
  @Test
  void storedRecord_ofAnyTimes_isReadOrUnreadable() {
    Duration most = KeyRecord.MAXIMUM_DURATION;
    for (long seconds : new long[] {Long.MAX_VALUE, Duration.ofDays(2_900_000).toSeconds()}) {
      Duration left = Duration.ofSeconds(seconds);
      assertThat(StoredRecord.ofUnknownFormat(record.keyId(), record.stamp(), 2, left))
          .extracting(StoredRecord::retentionLeft)
          .isEqualTo(most);
      assertThat(StoredRecord.of(record, left.negated(), most).leaseLeft())
          .isEqualTo(most.negated());
      assertThatThrownBy(() -> StoredRecord.of(record, most, left))
          .isInstanceOf(KeyStoreException.class);
    }
  }

  private void misuse(UnaryOperator<KeyRecord.Builder> change) {
    assertThatThrownBy(() -> change.apply(record.toBuilder()).build())
        .isInstanceOf(MisuseException.class);
  }

  private void fine(UnaryOperator<KeyRecord.Builder> change) {
    assertThatCode(() -> change.apply(record.toBuilder()).build()).doesNotThrowAnyException();
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
