package io.idem4j.spi;

import static io.idem4j.spi.KeyState.COMPLETED;
import static io.idem4j.spi.KeyState.FAILED_FINAL;
import static io.idem4j.spi.KeyState.FAILED_IN_DOUBT;
import static io.idem4j.spi.KeyState.FAILED_RETRYABLE;
import static io.idem4j.spi.KeyState.LOCKED;
import static io.idem4j.spi.KeyState.NEW;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class KeyStateTest {
  /** The table of the README, cell by cell. */
  private static final Map<KeyState, Set<KeyState>> LEGAL =
      Map.of(
          NEW, Set.of(LOCKED),
          LOCKED, Set.of(NEW, LOCKED, COMPLETED, FAILED_RETRYABLE, FAILED_FINAL, FAILED_IN_DOUBT),
          COMPLETED, Set.of(NEW),
          FAILED_RETRYABLE, Set.of(NEW, LOCKED),
          FAILED_FINAL, Set.of(NEW),
          FAILED_IN_DOUBT,
              Set.of(NEW, LOCKED, COMPLETED, FAILED_RETRYABLE, FAILED_FINAL, FAILED_IN_DOUBT));

  @Test
  void canMoveTo_everyPair_isAsTheTableSays() {
    for (KeyState from : KeyState.values()) {
      for (KeyState to : KeyState.values()) {
        assertThat(from.canMoveTo(to))
            .as("%s to %s", from, to)
            .isEqualTo(LEGAL.get(from).contains(to));
      }
    }
  }

  @Test
  void isTerminal_whatOnlyTimeCanMove_is() {
    for (KeyState state : KeyState.values()) {
      assertThat(state.isTerminal())
          .as("%s", state)
          .isEqualTo(LEGAL.get(state).equals(Set.of(NEW)));
    }
  }

  @Test
  void code_neverChanges() {
    assertThat(Arrays.stream(KeyState.values()).map(KeyState::code))
        .containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(KeyState.values())
        .containsExactly(NEW, LOCKED, COMPLETED, FAILED_RETRYABLE, FAILED_FINAL, FAILED_IN_DOUBT);
  }

  @Test
  void ofCode_ofAStoredState_isThatState() {
    for (KeyState state : KeyState.values()) {
      if (state != NEW) {
        assertThat(KeyState.ofCode(state.code())).contains(state);
      }
    }
  }

  @Test
  void ofCode_ofNoStoredState_isNothing() {
    for (int code : new int[] {0, 6, -1, 127, 255, Integer.MIN_VALUE}) {
      assertThat(KeyState.ofCode(code)).as("code %d", code).isEmpty();
    }
  }
}
