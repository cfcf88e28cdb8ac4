package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That what is compared does the same: nothing is measured that was not done. */
final class ContendersTest {
  private static final byte[] ANSWER = {1, 2, 3};

  @ParameterizedTest
  @EnumSource(
      value = StoreType.class,
      names = {"MEMORY", "H2"})
  void bothSides_runOnce_andReplayTheRecordedAnswer(StoreType type) throws Exception {
    try (OpenedStore opened = type.open();
        Contender floor = opened.floor().orElseThrow();
        Contender idem4j = new Idem4j(opened.store())) {
      for (Contender each : new Contender[] {floor, idem4j}) {
        Object key = each.prepare("k");
        assertThat(each.first(key, ANSWER)).isEqualTo(ANSWER);
        assertThat((byte[]) each.replay(key)).containsExactly(ANSWER);
        assertThatThrownBy(() -> each.first(key, ANSWER)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> each.replay(each.prepare("another")))
            .isInstanceOfAny(IllegalStateException.class, NullPointerException.class);
      }
    }
  }

  @Test
  void unknownStore_isToldWithTheNamesOfAll() {
    assertThatThrownBy(() -> StoreType.open("oracle"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("oracle")
        .hasMessageContaining("postgresql");
  }

  @Test
  void serverThatIsNotNamed_isAskedFor() {
    assertThatThrownBy(StoreType.POSTGRESQL::open)
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("-Didem4j.jmh.postgresql=");
  }
}
