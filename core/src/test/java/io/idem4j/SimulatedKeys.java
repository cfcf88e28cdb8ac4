package io.idem4j;

import io.idem4j.OperationPolicy.Mode;
import java.util.Optional;
import java.util.stream.IntStream;

/** The keys of the model. */
final class SimulatedKeys {
  /** Kinds of keys: asked for under re-run, hold or recover alone, and under all of them. */
  static final int KINDS = 4;

  private static final int SETS = 4;

  private static final IdempotencyKey[] KEYS =
      IntStream.range(0, SETS * KINDS)
          .mapToObj(i -> key("a-" + i % 2, "1-" + i / 2))
          .toArray(IdempotencyKey[]::new);

  private SimulatedKeys() {}

  private static IdempotencyKey key(String scope, String value) {
    return IdempotencyKey.of(
        Scope.of(Canaries.SCOPE + scope), Plan.OPERATION, Canaries.KEY + value);
  }

  static int keys() {
    return KEYS.length;
  }

  /** The only mode under which this key is asked for, if there is only one. */
  static Optional<Mode> mode(int key) {
    return switch (key % KINDS) {
      case 0 -> Optional.of(Mode.RERUN);
      case 1 -> Optional.of(Mode.HOLD);
      case 2 -> Optional.empty();
      default -> Optional.of(Mode.RECOVER);
    };
  }

  static IdempotencyKey key(int number) {
    return KEYS[number];
  }
}
