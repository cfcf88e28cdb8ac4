package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Recovery.Finding;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.HistoryRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One process that dies at one point of a scenario, in virtual time, and another that asks for the
 * same key afterwards: what it gets follows from what is recorded when the first is gone.
 */
final class CrashPoints {
  /** A failure that is known to have had no effect. */
  static final class Harmless extends Exception {
    private static final long serialVersionUID = 1;
  }

  /** A failure that is an answer. */
  static final class Declined extends Exception {
    private static final long serialVersionUID = 1;
  }

  /** A failure of which nobody knows whether it had an effect. */
  static final class Doubtful extends Exception {
    private static final long serialVersionUID = 1;
  }

  private static final Fingerprint BODY = Fingerprint.sha256().part("body", "a").build();
  private static final IdempotencyKey KEY = IdempotencyKey.of(Scope.single(), "charge", "k");
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration RECOVERY_PAUSE = Duration.ofSeconds(30);

  private static final int MOST_QUESTIONS = 4;

  final VirtualTiming timing = new VirtualTiming();
  final FaultyKeyStore line;
  final CrashingStore dying;

  /** What a recovery says without a look; nothing: it looks whether the effect was made. */
  Optional<Finding<String>> finding = Optional.empty();

  private final OperationPolicy.Mode mode;
  private final String where;
  private final MemoryKeyStore memory = new MemoryKeyStore(10, timing::nanoTime);
  private final HistoryRecorder recorder = new HistoryRecorder(timing::nanoTime);
  private final AtomicInteger grants = new AtomicInteger();
  private final Operation<String> first;
  private final Steps steps = new Steps();
  private boolean hasSteps;
  private int effects;
  private String made;
  private int asked;

  CrashPoints(OperationPolicy.Mode mode, boolean readFirst, int last, String scenario) {
    this.mode = mode;
    this.where = "%s under %s, read first %s, point %d".formatted(scenario, mode, readFirst, last);
    this.line = new FaultyKeyStore(memory);
    this.dying = readFirst ? new CrashingStore.Cheap(line, last) : new CrashingStore(line, last);
    this.first = operation(dying);
  }

  /** An operation of a process of its own, on a store. */
  private Operation<String> operation(KeyStore store) {
    Operation<String> operation =
        Idempotency.builder(recorder.around(store))
            .timing(timing)
            .grants(() -> new Grant(7, grants.incrementAndGet()))
            .random(new Random(42))
            .executor(Runnable::run)
            .build()
            .operation("charge", Codec.text(), policy());
    return mode == OperationPolicy.Mode.RECOVER
        ? operation.withRecovery(context -> recover(store))
        : operation;
  }

  private OperationPolicy policy() {
    OperationPolicy policy =
        switch (mode) {
          case RERUN ->
              OperationPolicy.rerun()
                  .withClassifier(
                      it -> it instanceof Doubtful ? Verdict.inDoubt() : Verdict.retryable());
          case HOLD -> OperationPolicy.hold();
          case RECOVER -> OperationPolicy.recover();
        };
    return policy
        .withLease(LEASE)
        .withRecoveryPause(RECOVERY_PAUSE)
        .withReleased(Harmless.class)
        .withFinal(Declined.class, e -> RecordedFailure.of("declined"));
  }

  private Finding<String> recover(KeyStore by) {
    asked++;
    if (by == dying) {
      dying.mark();
    }
    if (finding.isPresent()) {
      return finding.get();
    }
    return made == null ? Finding.notDone() : Finding.done(made);
  }

  /** Calls in the process that dies; whatever it gets then, nobody gets. */
  void call(Action<String, Exception> action) {
    call(first, action);
  }

  private Optional<Outcome<String>> call(
      Operation<String> operation, Action<String, Exception> action) {
    try {
      return Optional.of(recorder.execute(operation, Codec.text(), KEY, BODY, action));
    } catch (CrashingStore.Crash | Exception e) {
      return Optional.empty();
    }
  }

  /** Calls in a process that lives. */
  void callElsewhere(Action<String, Exception> action) {
    call(operation(memory), action);
  }

  /** Takes the key in a process that lives, and does not go on. */
  void abandonElsewhere() {
    assertThat(operation(memory).claim(KEY, BODY)).isInstanceOf(Claim.Granted.class);
    timing.advance(LEASE.multipliedBy(40));
  }

  /** Makes the effect, and answers with its number. */
  String effect() {
    effects++;
    made = "answer " + effects;
    return made;
  }

  /** Takes all steps in the process that dies, or in one that lives. */
  void takeSteps(OperationContext context, boolean dies) {
    takeSteps(context, dies, Steps.NAMES.size(), Duration.ZERO);
  }

  /**
   * Takes the first steps.
   *
   * @param each how long each takes
   */
  void takeSteps(OperationContext context, boolean dies, int count, Duration each) {
    hasSteps = true;
    for (String name : Steps.NAMES.subList(0, count)) {
      String value =
          context.step(
              name,
              Codec.text(),
              () -> {
                if (dies) {
                  dying.mark();
                }
                timing.advance(each);
                String result = steps.run(where, name, context.fence());
                if (dies) {
                  dying.mark();
                }
                return result;
              });
      if (!dies || !dying.isDead()) {
        steps.acknowledge(where, name, value);
      }
    }
  }

  /** The steps that were run, by whom, and which of them are known to be recorded. */
  private static final class Steps {
    static final List<String> NAMES = List.of("draft", "sign", "publish");

    private final List<String> runs = new ArrayList<>();
    private final Map<String, String> acknowledged = new HashMap<>();
    private final Set<String> recorded = new HashSet<>();

    String run(String where, String name, long fence) {
      assertThat(acknowledged).as("%s: acknowledged steps", where).doesNotContainKey(name);
      assertThat(recorded).as("%s: steps on record after the crash", where).doesNotContain(name);
      String value = name + " by " + fence;
      assertThat(runs).as("%s: steps by grant", where).doesNotContain(value);
      runs.add(value);
      return value;
    }

    void acknowledge(String where, String name, String value) {
      String before = acknowledged.putIfAbsent(name, value);
      assertThat(value).as("%s: the result of a step", where).isIn(runs);
      if (before != null) {
        assertThat(value).as("%s: the recorded result", where).isEqualTo(before);
      }
    }

    void found(String where, Set<String> names) {
      recorded.addAll(names);
      assertThat(recorded).as("%s: on record", where).containsAll(acknowledged.keySet());
    }

    void judge(String where, OperationPolicy.Mode mode) {
      if (mode == OperationPolicy.Mode.HOLD) {
        assertThat(runs.stream().map(it -> it.substring(0, it.indexOf(' '))))
            .as("%s: steps that ran", where)
            .doesNotHaveDuplicates();
      }
    }
  }

  /** Sets a mark in an action of the process that dies. */
  void mark() {
    dying.mark();
  }

  /** Asks in a fresh process until the key is settled, and judges each answer. */
  void judge() {
    line.clearFaults();
    finding = Optional.empty();
    Operation<String> fresh = operation(memory);
    Optional<KeyState> left = memory.find(KEY.id()).map(it -> it.record().state());
    if (left.filter(it -> !it.isTerminal()).isPresent()) {
      steps.found(where, Set.copyOf(fresh.admin().steps(KEY.id()).names()));
    }
    boolean isSettled = false;
    for (int i = 0; i < MOST_QUESTIONS && !isSettled; i++) {
      isSettled = ask(fresh);
    }
    if (!isSettled) {
      fail("%s: the key is not settled", where);
    }
    steps.judge(where, mode);
    assertThat(recorder.history().violations()).as(where).isEmpty();
    if (mode == OperationPolicy.Mode.RECOVER) {
      assertThat(effects).as("%s: effects", where).isLessThanOrEqualTo(1);
    }
  }

  /** Asks once; says whether all later calls will get the same. */
  private boolean ask(Operation<String> fresh) {
    Optional<StoredRecord> live = memory.find(KEY.id());
    KeyState state = live.map(it -> it.record().state()).orElse(KeyState.NEW);
    int effectsBefore = effects;
    int askedBefore = asked;
    String madeBefore = made;
    Outcome<String> outcome =
        call(
                fresh,
                context -> {
                  if (mode == OperationPolicy.Mode.RECOVER && context.attempt() > 1) {
                    assertThat(asked).as("%s: asked before it ran again", where).isPositive();
                  }
                  if (hasSteps) {
                    takeSteps(context, false);
                  }
                  return effect();
                })
            .orElseThrow(() -> new AssertionError(where + ": the fresh process got no answer"));
    boolean isRun = effects > effectsBefore;
    boolean isAsked = asked > askedBefore;
    String what = where + ": " + outcome + " over " + state;
    boolean runs = live.map(it -> it.leaseLeft().compareTo(Duration.ZERO) > 0).orElse(false);
    assertThat(outcome instanceof Outcome.Executed).as(what).isEqualTo(isRun);
    switch (state) {
      case COMPLETED, FAILED_FINAL -> {
        assertThat(outcome)
            .as(what)
            .isInstanceOf(
                state == KeyState.COMPLETED ? Outcome.Replayed.class : Outcome.Failed.class);
        if (outcome instanceof Outcome.Replayed) {
          assertThat(outcome.orElseThrow()).as(what).isEqualTo(madeBefore);
        }
        return true;
      }
      case NEW -> assertThat(isRun && !isAsked).as(what).isTrue();
      case FAILED_RETRYABLE -> judgeRun(what, live.get().record(), outcome, isAsked, madeBefore);
      case LOCKED, FAILED_IN_DOUBT -> {
        if (runs && (state == KeyState.LOCKED || mode == OperationPolicy.Mode.RECOVER)) {
          assertThat(isRun || isAsked).as(what).isFalse();
          assertThat(outcome)
              .as(what)
              .isInstanceOf(
                  state == KeyState.LOCKED ? Outcome.InFlight.class : Outcome.InDoubt.class);
          timing.advance(live.get().leaseLeft());
          return false;
        } else if (mode == OperationPolicy.Mode.HOLD
            || (mode == OperationPolicy.Mode.RERUN && state == KeyState.FAILED_IN_DOUBT)) {
          assertThat(outcome).as(what).isInstanceOf(Outcome.InDoubt.class);
          return state == KeyState.FAILED_IN_DOUBT;
        }
        judgeRun(what, live.get().record(), outcome, isAsked, madeBefore);
      }
    }
    return false;
  }

  /** A key that may be taken is run again, and under a recovery only where no effect is found. */
  private void judgeRun(
      String what, KeyRecord found, Outcome<String> outcome, boolean isAsked, String madeBefore) {
    boolean mayHaveRun = found.attempt() > 0;
    assertThat(isAsked).as(what).isEqualTo(mode == OperationPolicy.Mode.RECOVER && mayHaveRun);
    if (isAsked && madeBefore != null) {
      assertThat(outcome).as(what).isEqualTo(new Outcome.Recovered<>(madeBefore, true));
    } else {
      assertThat(outcome).as(what).isInstanceOf(Outcome.Executed.class);
    }
  }
}
