package io.idem4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.MisuseException;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

final class StampTest {
  @Property
  void bytes_readBack_areTheStamp(@ForAll long high, @ForAll long low) {
    Stamp stamp = new Stamp(high, low);
    assertThat(stamp.bytes()).hasSize(Stamp.LENGTH);
    assertThat(Stamp.of(stamp.bytes())).isEqualTo(stamp);
  }

  @Property
  void next_keepsTheGrantAndDiffers(
      @ForAll long high, @ForAll int low, @ForAll @IntRange(min = 1, max = 300) int writes) {
    Grant grant = new Grant(high, low);
    Stamp stamp = Stamp.first(grant);
    assertThat(stamp.isOf(grant)).isTrue();
    assertThat(stamp.grant()).isEqualTo(grant);
    Stamp later = stamp;
    for (int i = 0; i < writes; i++) {
      later = later.next();
      assertThat(later.isOf(grant)).isTrue();
      assertThat(later.grant()).isEqualTo(grant);
      assertThat(later).isNotEqualTo(stamp);
    }
  }

  @Property
  void isOf_ofAnotherGrant_isFalse(
      @ForAll long high, @ForAll int low, @ForAll @IntRange(max = 95) int bit) {
    Grant grant = new Grant(high, low);
    Grant other =
        bit < 64 ? new Grant(high ^ (1L << bit), low) : new Grant(high, low ^ (1 << (bit - 64)));
    assertThat(Stamp.first(grant).isOf(other)).isFalse();
  }

  @Test
  void bytes_areBigEndian_grantThenCounter() {
    Stamp stamp = Stamp.first(new Grant(0x0102_0304_0506_0708L, 0x090A_0B0C));
    assertThat(HexFormat.of().formatHex(stamp.bytes()))
        .isEqualTo("0102030405060708090a0b0c00000001");
    assertThat(HexFormat.of().formatHex(stamp.next().bytes())).endsWith("0c00000002");
  }

  @Test
  void next_afterTheLastCounter_staysWithinTheGrant() {
    Stamp last = new Stamp(7, 0x0000_0009_FFFF_FFFFL);
    assertThat(last.next()).isEqualTo(new Stamp(7, 0x0000_0009_0000_0000L));
    assertThat(new Stamp(7, 0xFFFF_FFFF_FFFF_FFFFL).next().grant()).isEqualTo(new Grant(7, -1));
  }

  @Test
  void first_ofAnyGrant_isNeverAbsent() {
    assertThat(Stamp.first(new Grant(0, 0))).isNotEqualTo(Stamp.ABSENT);
  }

  @Test
  void absent_isSixteenZeroes() {
    assertThat(Stamp.ABSENT.bytes()).isEqualTo(new byte[16]);
    assertThat(Stamp.of(new byte[16])).isEqualTo(Stamp.ABSENT);
  }

  @Test
  void of_otherLengths_isMisuse() {
    for (int length : new int[] {0, 12, 15, 17, 32}) {
      assertThatThrownBy(() -> Stamp.of(new byte[length])).isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void toString_hidesTheBytes() {
    Grant grant = new Grant(0x1234_5678_9ABC_DEF0L, 0x1357_9BDF);
    for (String text : new String[] {grant.toString(), Stamp.first(grant).toString()}) {
      assertThat(text.toLowerCase(java.util.Locale.ROOT))
          .contains("hidden")
          .doesNotContain("1234", "1311768467463790320", "1357", "324508639");
    }
    assertThat(Stamp.ABSENT).hasToString("Stamp[ABSENT]");
  }
}
