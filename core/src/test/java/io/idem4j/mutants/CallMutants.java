package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** Operations, their policies and what they tell. */
final class CallMutants {
  private CallMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(operation());
    all.addAll(nesting());
    all.addAll(operationPolicy());
    all.addAll(events());
    return all;
  }

  private static List<Mutant> operation() {
    return Mutant.in("Operation")
        .mutant(
            "runsInsideItself",
            "I41: a nested call of the same key is refused",
            "if (Nesting.isInside(engine.store(), key.id())) {",
            "if (false) {",
            "LeaseTest.i41_nestedCallOfTheSameKey_isRejectedAndNotAwaited")
        .mutant(
            "takesAnotherOperationsKey",
            "a key is of its operation",
            "if (!key.operation().equals(name)) {",
            "if (false) {",
            "PolicyTest.names_thatCannotBeUsed_areRefused")
        .mutant(
            "keepsPayloadKeysForSomeTime",
            "keys of the payload need a named retention",
            "if (key.isOfPayload() && !policy.namesRetention()) {",
            "if (false) {",
            "ExecuteTest.payloadKey_sameRequest_isOneCall_andNeedsANamedRetention")
        .mutant(
            "usesAnyPolicy",
            "I32: a policy is checked before it is used",
            "this.policy = policy.validated();",
            "this.policy = policy;",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "claimsOnceClosed",
            "I34: a closed engine refuses new calls",
            "engine.activity().beginCall()",
            "engine.activity().begin()",
            "LeaseTest.i34_close_letsWhatRunsFinishAndRefusesTheRest")
        .mutant(
            "callIsUnderWayForEver",
            "close waits for no call that has ended",
            "finally { engine.activity().end(cell); }",
            "finally { }",
            "OperationGuardsTest.close_afterIdleTimes_stillWaitsForWhatRuns")
        .mutant(
            "waitsOnceClosed",
            "I34: close ends waits",
            "if (seen == null || engine.activity().isClosed()) {",
            "if (seen == null) {",
            "HostileSurroundingsTest.closeDuringAWait_claimsNothingMore")
        .mutant(
            "swallowsTheInterruptOfAWait",
            "I24: an interrupt ends a wait and stays set",
            "Thread.currentThread().interrupt();",
            "",
            "WaitingTest.wait_thatIsInterrupted_endsAsInFlightAndKeepsTheInterrupt")
        .mutant(
            "endsAWaitWithABareError",
            "a failed wait says that nothing was run",
            "throw claiming.failed(e);",
            "throw e;",
            "ClaimGuardsTest.pollThatFailsForGood_saysThatNothingWasRun")
        .mutant(
            "takesItsSeatTooLate",
            "a bell between a refusal and the wait for it is not lost",
            "try (WaitingRooms.Seat seat = engine.rooms().enter(id)) { Claiming.Answer "
                + "answer = claiming.start();",
            "Claiming.Answer answer = claiming.start(); try (WaitingRooms.Seat seat = "
                + "engine.rooms().enter(id)) {",
            "MoreGuardsTest.bellBetweenTheRefusalAndTheWait_isHeard")
        .mutant(
            "hidesWhyAFailureIsNotRecorded",
            "I40: the original throwable is never lost, nor why it was not recorded",
            "failure.addSuppressed(e);",
            "",
            "SettlementGuardsTest.failureThatCannotBeRecorded_isStillTheOneThatTheCallerSees",
            "ArrayIndexOutOfBoundsException")
        .list();
  }

  private static List<Mutant> nesting() {
    return Mutant.in("Nesting")
        .mutant(
            "looksAtTheInnermostFrameOnly",
            "I41: a nested call is refused under every frame",
            "each = each.outer()",
            "each = null",
            "OperationGuardsTest.nestedCall_isRefusedUnderEveryFrameThatRunsItsKey")
        .mutant(
            "comparesNoStore",
            "the same key in another store is another record",
            "each.store() == store && each",
            "each",
            "OperationGuardsTest.nestedCallOfTheSameKeyInAnotherStore_isAnotherKey",
            "MisuseException")
        .mutant(
            "forgetsTheOuterFrame",
            "I41: leaving an inner call leaves the outer one nested",
            "innermost.set(outer);",
            "innermost.remove();",
            "OperationGuardsTest.nestedCall_isRefusedUnderEveryFrameThatRunsItsKey")
        .mutant(
            "neverLeaves",
            "a call after one that ended is not nested",
            "innermost.set(outer);",
            "",
            "OperationGuardsTest.callAfterOneThatThrew_isNotTakenForANestedOne")
        .list();
  }

  private static List<Mutant> operationPolicy() {
    return Mutant.in("OperationPolicy")
        .mutant(
            "acceptsNegativeTimes",
            "I32: no time is negative",
            "time.getValue().isNegative() ||",
            "",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsTimesThatOverflow",
            "I32: no time overflows",
            "|| time.getValue().compareTo(KeyRecord.MAXIMUM_DURATION.dividedBy(4)) > 0",
            "",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsAnyLease",
            "I32: a lease lasts ten milliseconds at least",
            "if (lease().compareTo(MINIMUM_LEASE) < 0) {",
            "if (false) {",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsAHoldBelowTheLease",
            "I32: the maximum hold is not below the lease",
            "if (maximumHold().compareTo(lease()) < 0) {",
            "if (false) {",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsANegativeStoreDeadline",
            "I32: the store deadline is not negative",
            "if (storeDeadline().isNegative() ||",
            "if (",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsNoStoreDeadline",
            "I32: the store deadline is not zero",
            "|| storeDeadline().isZero()",
            "",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsALongStoreDeadline",
            "I32: the store deadline is a third of the lease at most",
            "|| storeDeadline().compareTo(lease().dividedBy(3)) > 0",
            "",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsAShortRetention",
            "I32: the retention outlasts the lease and two store deadlines",
            "if (time.compareTo(lease().plus(storeDeadline().multipliedBy(2))) < 0) {",
            "if (false) {",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "acceptsARetentionOneStoreDeadlineShort",
            "I32: of the store deadline, two",
            "storeDeadline().multipliedBy(2)",
            "storeDeadline()",
            "PolicyTest.bad38_timesThatContradictEachOther_areRefused")
        .mutant(
            "forgetsDoubtsBeforeAnswers",
            "the in-doubt retention is never shorter than the rest",
            "return max(settings.inDoubtRetention, max(releasedRetention(), failureRetention()));",
            "return settings.inDoubtRetention;",
            "PolicyTest.inDoubtRetention_isNeverShorterThanTheRest")
        .mutant(
            "keepsLocksLikeReleases",
            "a lapsed lock under hold() is kept like a doubt",
            "return mode() == Mode.RERUN ? releasedRetention() : "
                + "lease().plus(inDoubtRetention());",
            "return releasedRetention();",
            "PolicyTest.inDoubtRetention_isNeverShorterThanTheRest")
        .mutant(
            "waitsFiveSecondsUnderAShortLease",
            "the store deadline is a third of the lease at most",
            "min(LONGEST_STORE_DEADLINE, settings.lease.dividedBy(3))",
            "LONGEST_STORE_DEADLINE",
            "PolicyTest.storeDeadline_isTheSmallerOfFiveSecondsAndAThirdOfTheLease")
        .mutant(
            "changesPolicies",
            "policies are immutable",
            "Settings copy = settings.copy();",
            "Settings copy = settings;",
            "PolicyTest.policies_areImmutable")
        .mutant(
            "classifiesItsOwnExceptions",
            "core's own exceptions are never classified",
            "failure instanceof IdempotencyException || classifier == null",
            "classifier == null",
            "ExecuteTest.i40_everyThrowable_hasExactlyOneVerdict")
        .mutant(
            "believesAClassifierToBeTotal",
            "I40: a classifier that throws anything says in doubt",
            "catch (Throwable e) {",
            "catch (RuntimeException e) {",
            "HostileSurroundingsTest.classifierThatThrowsAnything_leavesTheOriginalAndADoubt")
        .mutant(
            "releasesWhatNobodyClassified",
            "I40: a classifier that throws says in doubt",
            "e.getClass().getName()); return Verdict.inDoubt();",
            "e.getClass().getName()); return Verdict.retryable();",
            "ExecuteTest.i40_everyThrowable_hasExactlyOneVerdict")
        .mutant(
            "believesAClassifierToAnswer",
            "I40: a classifier that answers null says in doubt",
            "Objects.requireNonNull(classifier.classify(failure), \"verdict\")",
            "classifier.classify(failure)",
            "MoreGuardsTest.i40_classifierThatAnswersNothing_saysInDoubt")
        .mutant(
            "releasesUnderHold",
            "hold() leaves a failure in doubt",
            "return mode() == Mode.RERUN ? Verdict.retryable() : Verdict.inDoubt();",
            "return Verdict.retryable();",
            "ExecuteTest.hold_exception_staysInDoubtAndNeverRunsAgain")
        .list();
  }

  private static List<Mutant> events() {
    return Mutant.in("Events")
        .mutant(
            "listensTooClosely",
            "a throwing listener is logged and ignored",
            "log.warn(\"the listener threw {} when told: {}\", e.getClass().getName(), "
                + "event);",
            "throw new IllegalStateException(e);",
            "LeaseTest.throwingListener_isIgnored",
            "IllegalStateException")
        .list();
  }
}
