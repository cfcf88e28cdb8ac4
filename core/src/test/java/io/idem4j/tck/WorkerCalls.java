package io.idem4j.tck;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Recovery.Finding;
import io.idem4j.Scope;
import io.idem4j.spi.KeyStore;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The calls that workers and their master make. A number stands for a key and for the policy it is
 * called under: of three numbers one is re-run, one held, one recovered. Safe for use by many
 * threads.
 */
final class WorkerCalls {
  private static final Codec<String> TEXT = Codec.text();
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int LONGEST_NAP_MILLIS = 6;
  private static final int ONE_FAILS_IN = 24;

  /** An effect that another holder had ruled out, or that was made before. */
  private static final class RuledOut extends Exception {
    private static final long serialVersionUID = 1;

    RuledOut(String message) {
      super(message);
    }
  }

  private final Idempotency idempotency;
  private final HistoryRecorder recorder;
  private final EffectFiles effects;
  private final boolean isBlind;
  private final OperationPolicy.Mode[] modes = OperationPolicy.Mode.values();
  private final Map<OperationPolicy.Mode, Operation<String>> operations;

  /**
   * @param waitBudget for how long a duplicate waits
   * @param isBlind whether recoveries say that nothing was done, without a look: a defect, for
   *     tests of tests, which make failures frequent too
   */
  WorkerCalls(
      KeyStore store,
      HistoryRecorder recorder,
      EffectFiles effects,
      Duration lease,
      Duration waitBudget,
      boolean isBlind) {
    this.idempotency = Idempotency.builder(recorder.around(store)).build();
    this.recorder = recorder;
    this.effects = effects;
    this.isBlind = isBlind;
    this.operations = new EnumMap<>(OperationPolicy.Mode.class);
    for (OperationPolicy.Mode mode : modes) {
      OperationPolicy policy =
          switch (mode) {
            case RERUN -> OperationPolicy.rerun();
            case HOLD -> OperationPolicy.hold();
            case RECOVER -> OperationPolicy.recover();
          };
      OperationPolicy timed = policy.withLease(lease).withWaitBudget(waitBudget);
      operations.put(mode, idempotency.operation(mode.name(), TEXT, timed));
    }
  }

  OperationPolicy.Mode mode(int number) {
    return modes[number % modes.length];
  }

  IdempotencyKey key(int number) {
    return operations.get(mode(number)).key(Scope.single(), Integer.toString(number));
  }

  KeyId id(int number) {
    return key(number).id();
  }

  /**
   * Calls once.
   *
   * @param random decides how long the action takes, and whether it fails
   */
  Outcome<String> call(int number, RandomGenerator random) throws Exception {
    int fate = random.nextInt(isBlind ? 4 : 2 * ONE_FAILS_IN);
    return recorder.execute(
        operation(number),
        TEXT,
        key(number),
        Fingerprint.none(),
        context -> {
          nap(random);
          if (fate == 0) {
            throw new IOException("failed before its effect");
          }
          String value = number + " by " + context.fence();
          if (!effects.make(number, context.attempt(), value)) {
            throw new RuledOut("attempt " + context.attempt() + " of " + number);
          }
          if (fate == 1) {
            throw new IOException("failed behind its effect");
          }
          nap(random);
          return value;
        });
  }

  private Operation<String> operation(int number) {
    Operation<String> operation = operations.get(mode(number));
    return mode(number) == OperationPolicy.Mode.RECOVER
        ? operation.withRecovery(context -> recover(number, context))
        : operation;
  }

  private Finding<String> recover(int number, OperationContext context) {
    if (isBlind) {
      return Finding.notDone();
    }
    Optional<String> made = effects.blockBefore(number, context.attempt());
    return made.isPresent() ? Finding.done(made.get()) : Finding.notDone();
  }

  private static void nap(RandomGenerator random) throws InterruptedException {
    Thread.sleep(random.nextInt(LONGEST_NAP_MILLIS));
  }

  /** Waits until nothing runs any more. */
  void end() throws InterruptedException {
    if (!idempotency.close(PATIENCE)) {
      throw new AssertionError("something runs for ever");
    }
  }
}
