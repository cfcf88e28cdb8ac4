package io.idem4j;

import io.idem4j.OperationPolicy.Mode;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyState;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;

/** Compares what one call was told with what truly happened while it was under way. */
final class CallJudge {
  private final Ledger ledger;
  private final SimulatedCall call;
  private final List<RecordVersion> during;

  CallJudge(Ledger ledger, SimulatedCall call) {
    this.ledger = ledger;
    this.call = call;
    this.during = ledger.during(call.key.id(), call.from, call.to);
  }

  private void check(boolean holds, String what) {
    if (!holds) {
      ledger.violated(
          "%s: %s was told %s%s".formatted(what, call, call.outcome, shown(call.thrown)));
    }
  }

  private static String shown(Throwable thrown) {
    return thrown == null ? "" : " " + thrown;
  }

  private void reached(String what) {
    call.process.simulation().reached(what);
  }

  private static boolean isSecretIn(Object shown) {
    return !Canaries.in(String.valueOf(shown)).isEmpty();
  }

  void judge() {
    checkInterrupt();
    check(
        !call.afterClose || call.thrown instanceof MisuseException,
        "I34 a call was let in after the end");
    check(!isSecretIn(call.outcome), "I45 an outcome shows a secret");
    if (call.cancelled) {
      check(call.thrown instanceof CancellationException, "a cancelled call was answered");
      reached(call.started ? "cancelled while it ran" : "cancelled before it ran");
    } else if (call.thrown != null) {
      checkThrown(call.thrown);
    } else if (call.outcome == null) {
      check(call.closedWithoutOutcome && call.started, "no outcome");
      reached("closed without an outcome");
    } else {
      call.outcome.fold(
          this::executed,
          this::replayed,
          this::recovered,
          this::inFlight,
          this::keyReused,
          this::failed,
          this::inDoubt);
      reached(call.outcome.getClass().getSimpleName());
    }
  }

  /** I24: no interrupt is swallowed, and none is made up. */
  private void checkInterrupt() {
    if (!call.interrupted) {
      check(!call.interruptedAtEnd, "I24 an interrupt came out that nobody sent");
    } else if (!call.plan().policy().interruptsOnLeaseLoss()) {
      check(call.interruptedAtEnd, "I24 an interrupt was swallowed");
      reached("interrupt kept");
    }
  }

  private boolean was(Predicate<RecordVersion> wanted) {
    return during.stream().anyMatch(wanted);
  }

  private boolean isSameRequest(RecordVersion version) {
    return version.record.fingerprint().equals(fingerprint());
  }

  private FingerprintDigest fingerprint() {
    return SimulatedCall.fingerprint(call.spec.otherRequest()).first();
  }

  private boolean wasSame(KeyState state) {
    return was(version -> version.state() == state && isSameRequest(version));
  }

  /** I16, I20, I21: an answer is reported as recorded only if it is. */
  @SuppressWarnings("ReferenceEquality") // it must be the very value
  private Void executed(Outcome.Executed<String> executed) {
    check(call.ended && call.failure == null, "I12 executed without a run");
    check(executed.value() == call.value, "executed with another value");
    boolean recorded = isRecorded();
    check(recorded || !executed.recorded(), "I16 reported as recorded and is not");
    if (!executed.recorded()) {
      reached(recorded ? "recorded but not known to be" : "not recorded and not known to be");
    }
    return null;
  }

  /** As of an executed one, but that nothing was run. */
  @SuppressWarnings("ReferenceEquality") // it must be the very value
  private Void recovered(Outcome.Recovered<String> recovered) {
    check(!call.started, "I12 recovered and run");
    check(call.found == CallSpec.Finding.DONE, "recovered what was not found");
    check(recovered.value() == call.value, "recovered with another value");
    check(isRecorded() || !recovered.recorded(), "I16 reported as recorded and is not");
    return null;
  }

  private boolean isRecorded() {
    return ledger.versions(call.key.id()).stream()
        .anyMatch(each -> each.isOf(call.grant) && each.state() == KeyState.COMPLETED);
  }

  /** I1, I6, I7, I10: a replay is the recorded answer of the same request, once it was recorded. */
  private Void replayed(Outcome.Replayed<String> replayed) {
    String type = Codec.text().type();
    byte[] expected =
        replayed.bodyKept()
            ? Envelope.answer(
                type, replayed.answer().orElseThrow().getBytes(StandardCharsets.UTF_8))
            : Envelope.notKept(type);
    checkReplay(KeyState.COMPLETED, expected, replayed.ownRun());
    return null;
  }

  private Void failed(Outcome.Failed<String> failed) {
    byte[] expected = Envelope.failure(failed.failure().code(), failed.failure().bytes());
    checkReplay(KeyState.FAILED_FINAL, expected, failed.ownRun());
    return null;
  }

  @SuppressWarnings("ReferenceEquality") // it must be the very value
  private void checkReplay(KeyState state, byte[] expected, Optional<Outcome.OwnRun> own) {
    check(
        was(
            version ->
                version.state() == state
                    && isSameRequest(version)
                    && Arrays.equals(version.record.slots().payload(), expected)),
        "I6, I7, I10 a replay of what was not recorded");
    boolean hasOwn = call.started || call.found == CallSpec.Finding.DONE;
    check(own.isPresent() == hasOwn, "an answer hides the call's own run");
    if (own.isPresent()) {
      check(
          own.get().value() == call.value && own.get().failure() == call.failure,
          "an answer bears another's own run");
      check(!during.get(during.size() - 1).isOf(call.grant), "superseded by itself");
      reached("superseded answer");
    }
  }

  private Void inFlight(Outcome.InFlight<String> inFlight) {
    check(!call.started, "an operation ran, and its answer is: in flight");
    check(
        !inFlight.retryAfter().isNegative() && !inFlight.retryAfter().isZero(),
        "in flight without a time to wait");
    check(call.metBusy || wasSame(KeyState.LOCKED), "in flight where nobody was");
    if (call.found == CallSpec.Finding.NOT_DONE) {
      // Its lease was over when its recovery was: it ran nothing, and lets the lock lapse.
      check(call.wasLostWhenFound, "a recovery was not heard");
      call.process.simulation().reached("recovery outlived its lease");
    } else {
      checkNothingLeft();
    }
    return null;
  }

  private Void keyReused(Outcome.KeyReused<String> reused) {
    check(!call.started, "I10 an operation ran, and its answer is: key reused");
    check(was(version -> !isSameRequest(version)), "reused where the request was the same");
    checkNothingLeft();
    return null;
  }

  private Void inDoubt(Outcome.InDoubt<String> inDoubt) {
    check(!call.started, "an operation ran, and its answer is: in doubt");
    check(
        inDoubt.retryAfter().isPresent() == (call.plan().mode() == Mode.RECOVER),
        "in doubt with the wrong time of the next question");
    if (call.isSettledByItsRecovery()) {
      check(call.found != CallSpec.Finding.DONE, "in doubt about what was found");
      check(call.settlementSent, "a doubt was not recorded");
    } else {
      check(wasSame(KeyState.FAILED_IN_DOUBT), "in doubt where nothing was");
      checkNothingLeft();
    }
    return null;
  }

  /** I16: who is turned away holds nothing. */
  private void checkNothingLeft() {
    check(
        ledger
            .live(call.key.id())
            .filter(it -> call.grant != null && it.isOf(call.grant))
            .filter(it -> it.state() == KeyState.LOCKED)
            .isEmpty(),
        "I16 a call was turned away that holds the key");
    checkNothingUnresolved();
  }

  private void checkNothingUnresolved() {
    check(
        call.unresolved.values().stream().noneMatch(it -> it.state() == KeyState.LOCKED),
        "I16 a call was turned away whose claim may yet be applied");
  }

  @SuppressWarnings("ReferenceEquality") // it must be the very throwable
  private void checkThrown(Throwable thrown) {
    if (thrown == call.failure) {
      // I40: recorded before it is thrown on, and never lost.
      check(call.verdict().isPresent() == call.settlementSent, "I40 a failure was not recorded");
      reached(call.settlementSent ? "failure thrown on" : "VM error thrown on");
      return;
    }
    check(!hasSecret(thrown, 0), "I45 a message shows a secret");
    if (thrown instanceof LeaseLostException lost) {
      boolean hasValue =
          call.found == CallSpec.Finding.DONE || (call.ended && call.failure == null);
      check(hasValue, "a lease lost without a value");
      check(lost.value() == call.value, "the value of the run was lost");
      check(
          ledger.live(call.key.id()).filter(it -> it.isOf(call.grant)).isEmpty(),
          "I16 reported as lost, and is there");
      check(
          ledger
              .live(call.key.id())
              .filter(it -> it.state() == KeyState.FAILED_IN_DOUBT)
              .filter(it -> it.record.grant().equals(call.grant))
              // One that a recovery put back was a lock, perhaps, when the completion was refused.
              .filter(it -> ledger.callOf(it.record.stamp().grant()).plan().mode() != Mode.RECOVER)
              .isEmpty(),
          "I3 a doubt on the own grant was not settled");
      reached("late completion refused");
    } else if (thrown instanceof KeyStoreException e) {
      check(!call.started, "I18 an operation ran, and its claim is reported as unresolved");
      if (e.certainty() == KeyStoreException.Certainty.UNKNOWN) {
        check(call.metUnknown, "unknown without a reason");
        reached("claim not resolved");
      } else {
        checkNothingUnresolved();
        reached("claim refused by the store");
      }
    } else if (thrown instanceof MisuseException) {
      check(call.process.closed, "misuse");
      check(!call.started, "I34 a call was let in after the end");
      reached("call refused after close");
    } else if (thrown instanceof RejectedExecutionException) {
      check(call.isAsync() && call.process.everRefusedWork, "rejected by nobody");
      check(!call.started, "an operation ran whose call was rejected");
    } else {
      check(false, "something else was thrown");
    }
  }

  private static boolean hasSecret(Throwable thrown, int depth) {
    if (thrown == null || depth > 10) {
      return false;
    }
    return isSecretIn(thrown)
        || hasSecret(thrown.getCause(), depth + 1)
        || Arrays.stream(thrown.getSuppressed()).anyMatch(each -> hasSecret(each, depth + 1));
  }

  /** I18, I21: what must have become of the call when all background work is done. */
  void judgeAtTheEnd() {
    if (!call.process.isAlive() || call.process.everRefusedWork) {
      return;
    }
    if (call.thrown instanceof KeyStoreException e
        && e.certainty() == KeyStoreException.Certainty.UNKNOWN
        && call.grant != null
        && call.claimSentLast
        && !call.takeoverSent) {
      check(call.withdrawn.contains(call.grant), "I18 an unresolved claim was not withdrawn");
    }
    boolean notKnown =
        (call.outcome instanceof Outcome.Executed<String> executed && !executed.recorded())
            || (call.outcome instanceof Outcome.Recovered<String> recovered
                && !recovered.recorded());
    if (notKnown && !isRecorded() && !call.outlivedItsHold) {
      check(wasLossTold(), "I21 a finished answer was forgotten");
    }
  }

  private boolean wasLossTold() {
    return call.process.losses.stream()
        .anyMatch(
            it -> it.fence() == call.context.fence() && it.attempt() == call.context.attempt());
  }
}
