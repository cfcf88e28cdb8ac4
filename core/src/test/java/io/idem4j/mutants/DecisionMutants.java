package io.idem4j.mutants;

import java.util.List;

/** What a claim decides over a live record, and what it writes. */
final class DecisionMutants {
  private DecisionMutants() {}

  static List<Mutant> all() {
    return Mutant.in("KeyMachine")
        .mutant(
            "takesItsOwnWriteForAnothers",
            "I17: a refusal by the own stamp is a lost reply",
            "if (stamps.drew(record.stamp())) {",
            "if (false) {",
            "UnknownOutcomesTest.i17_claimWhoseReplyWasLost_isGrantedWithTheSameFence")
        .mutant(
            "runsOverItsOwnDoubt",
            "of the own writes, only a lock is a grant",
            "return record.state() == KeyState.LOCKED ? new Decision.Mine(record, "
                + "live.leaseLeft()) : doubt(request, live);",
            "return new Decision.Mine(record, live.leaseLeft());",
            "KeyMachinePropertiesTest.ownRecord_isNeverTakenForAnothers")
        .mutant(
            "comparesNoFingerprint",
            "I10: the fingerprint is compared in every state",
            "if (!isSameRequest(request, record)) {",
            "if (false) {",
            "ExecuteTest.i10_otherFingerprint_isRefusedInEveryState")
        .mutant(
            "comparesTheFingerprintOfCompletedRecordsOnly",
            "I10: before a recorded answer and before in-flight alike",
            "if (!isSameRequest(request, record)) {",
            "if (record.state().isTerminal() && !isSameRequest(request, record)) {",
            "ExecuteTest.h15_mismatchWhileRunning_winsOverInFlight")
        .mutant(
            "acceptsAnotherRequestAfterACrash",
            "I10, peer 10: a lapsed lock still binds its fingerprint",
            "if (!isSameRequest(request, record)) {",
            "if ((record.state() != KeyState.LOCKED || isRunning(live.leaseLeft())) && "
                + "!isSameRequest(request, record)) {",
            "ExecuteTest.i10_otherFingerprint_isRefusedInEveryState")
        .mutant(
            "acceptsAnotherRequestAfterARelease",
            "I10, peer 10: a released key still binds its fingerprint",
            "if (!isSameRequest(request, record)) {",
            "if (record.state() != KeyState.FAILED_RETRYABLE && !isSameRequest(request, "
                + "record)) {",
            "ExecuteTest.i10_otherFingerprint_isRefusedInEveryState")
        .mutant(
            "acceptsAnotherRequestInDoubt",
            "I10: a key in doubt still binds its fingerprint",
            "if (!isSameRequest(request, record)) {",
            "if (record.state() != KeyState.FAILED_IN_DOUBT && !isSameRequest(request, "
                + "record)) {",
            "ExecuteTest.i10_otherFingerprint_isRefusedInEveryState")
        .mutant(
            "takesIncomparableForDifferent",
            "digests of different algorithms are an error, not a mismatch",
            ".matching(bound.algorithm())",
            ".matching(bound.algorithm()).or(() -> " + "Optional.of(request.offered().first()))",
            "ExecuteTest.fingerprints_severalOffered_compareTheOneThatTheRecordBears")
        .mutant(
            "comparesTheFirstOfferedOnly",
            "of several offered, the one of the record's algorithm is compared",
            ".matching(bound.algorithm())",
            ".matching(bound.algorithm()).filter(request.offered().first()::equals)",
            "ExecuteTest.fingerprints_severalOffered_compareTheOneThatTheRecordBears",
            "IncomparableFingerprintException")
        .mutant(
            "bindsTheLastOffered",
            "the first fingerprint offered is bound",
            ".fingerprint(request.offered().first())",
            ".fingerprint(request.offered().digests().get(request.offered().digests().size() "
                + "- 1))",
            "ExecuteTest.fingerprints_severalOffered_compareTheOneThatTheRecordBears")
        .mutant(
            "runsACompletedOperationAgain",
            "I5: COMPLETED is replayed",
            "case COMPLETED, FAILED_FINAL -> new Decision.Replay(record);",
            "case FAILED_FINAL -> new Decision.Replay(record); case COMPLETED -> "
                + "retake(request, record, record.attempt(), KeyState.FAILED_RETRYABLE, "
                + "stamps, nowMillis);",
            "ExecuteTest.execute_retry_getsTheFirstAnswerInOneRoundTrip")
        .mutant(
            "runsAFinalFailureAgain",
            "I5: FAILED(FINAL) is replayed",
            "case COMPLETED, FAILED_FINAL -> new Decision.Replay(record);",
            "case COMPLETED -> new Decision.Replay(record); case FAILED_FINAL -> "
                + "retake(request, record, record.attempt(), KeyState.FAILED_RETRYABLE, "
                + "stamps, nowMillis);",
            "ExecuteTest.final_failure_isReplayedWithoutClassOrMessage")
        .mutant(
            "holdsAReleasedKey",
            "FAILED(RETRYABLE) is taken at once",
            "case FAILED_RETRYABLE -> retake(request, record, record.attempt(), "
                + "KeyState.FAILED_RETRYABLE, stamps, nowMillis);",
            "case FAILED_RETRYABLE -> new Decision.Held(PENDING_RETRY);",
            "KeyMachinePropertiesTest.everyDecision_isTheOneOfTheTable")
        .mutant(
            "runsADoubtAgain",
            "I12: FAILED(IN_DOUBT) is never run by itself",
            "request.policy().mode() == Mode.RECOVER && !isRunning(live.leaseLeft()) && ",
            "",
            "ExecuteTest.hold_exception_staysInDoubtAndNeverRunsAgain")
        .mutant(
            "takesOverARunningLease",
            "I8: a running lease is respected",
            "if (isRunning(live.leaseLeft())) {",
            "if (false) {",
            "ExecuteTest.execute_whileRunning_saysWhenToRetry")
        .mutant(
            "takesZeroLeftForRunning",
            "I31, peer 9: a lease with nothing left is over",
            "return !leaseLeft.isNegative() && !leaseLeft.isZero();",
            "return !leaseLeft.isNegative();",
            "LeaseTest.hold_holderThatDied_isMarkedInDoubtByTheNextCaller")
        .mutant(
            "takesLessThanZeroForRunning",
            "I31: a lease that ended before is over",
            "return !leaseLeft.isNegative() && !leaseLeft.isZero();",
            "return !leaseLeft.isZero();",
            "LeaseTest.lapsedLockUnderHold_isKeptForTheInDoubtRetention")
        .mutant(
            "waitsForItsOwnPendingRelease",
            "a release that this engine still sends is taken at once",
            "if (known instanceof Known.Released released) {",
            "if (known instanceof Known.Released released && released.attempt() < 0) {",
            "UnknownOutcomesTest.pendingRelease_isTakenByItsOwnEngineAtOnce",
            "OutcomeException")
        .mutant(
            "countsARunThatNeverBegan",
            "a withdrawn claim does not count as an attempt",
            "request, record, released.attempt(), KeyState.FAILED_RETRYABLE",
            "request, record, record.attempt(), KeyState.FAILED_RETRYABLE",
            "UnknownOutcomesTest.pendingRelease_isTakenByItsOwnEngineAtOnce")
        .mutant(
            "runsAgainWhileItsOwnAnswerIsOnTheWay",
            "I21: a completion that is still sent holds its key",
            "if (known instanceof Known.Ended) {",
            "if (false) {",
            "HostileSurroundingsTest.ownCompletionStillPending_isNeverReRunByItsOwnEngine")
        .mutant(
            "saysRetryAtOnceWhileItsAnswerIsOnTheWay",
            "a pending completion over a lapsed lease says when to come back",
            "new Decision.Held(isRunning(live.leaseLeft()) ? live.leaseLeft() : PENDING_RETRY)",
            "new Decision.Held(live.leaseLeft())",
            "HostileSurroundingsTest.ownCompletionStillPending_isNeverReRunByItsOwnEngine")
        .mutant(
            "forgetsTheLeaseOfAPendingAnswer",
            "a pending completion within its lease says when that is over",
            "new Decision.Held(isRunning(live.leaseLeft()) ? live.leaseLeft() : PENDING_RETRY)",
            "new Decision.Held(PENDING_RETRY)",
            "SettlementGuardsTest.completionStillPending_withinTheLease_saysWhenItIsOver")
        .mutant(
            "takesOverUnderHold",
            "hold() marks a lapsed lock as in doubt",
            "return request.policy().mode() == Mode.HOLD ?",
            "return false ?",
            "LeaseTest.hold_holderThatDied_isMarkedInDoubtByTheNextCaller")
        .mutant(
            "marksUnderRerun",
            "rerun() takes a lapsed lock over",
            "return request.policy().mode() == Mode.HOLD ?",
            "return true ?",
            "KeyMachinePropertiesTest.everyDecision_isTheOneOfTheTable")
        .mutant(
            "withdrawsOverALapsedLock",
            "over a lapsed lock nothing is put back: its operation may have run",
            "retake(request, record, record.attempt(), null, stamps, nowMillis)",
            "retake(request, record, record.attempt(), KeyState.FAILED_RETRYABLE, "
                + "stamps, nowMillis)",
            "UnknownOutcomesTest.withdrawal_overALapsedLock_sendsNothing")
        .mutant(
            "neverWithdrawsAFirstClaim",
            "I18: a claim over no record is put back as released",
            "new Decision.Take(Stamp.ABSENT, next, null, KeyState.FAILED_RETRYABLE)",
            "new Decision.Take(Stamp.ABSENT, next, null, null)",
            "UnknownOutcomesTest.i18_unresolvedClaim_runsNothingAndIsWithdrawn")
        .mutant(
            "firstClaimCountsNoAttempt",
            "attempt counts how often the operation may have started",
            ".attempt(1)",
            ".attempt(0)",
            "UnknownOutcomesTest.i17_claimWhoseReplyWasLost_isGrantedWithTheSameFence")
        .mutant(
            "firstClaimDropsTheReference",
            "the reference is set at the claim",
            ".reference(request.key().reference()) .build()",
            ".build()",
            "ExecuteTest.reference_isStoredReplacedAndNeverCompared")
        .mutant(
            "rerunKeepsTheAttempt",
            "each grant counts as an attempt",
            ".attempt(attempts + 1)",
            ".attempt(attempts)",
            "ExecuteTest.rerun_exception_releasesAndRethrowsTheOriginal")
        .mutant(
            "rerunBindsItsOwnFingerprint",
            "I11, peer 10: a takeover keeps the fingerprint",
            ".fingerprint(found.fingerprint())",
            ".fingerprint(request.offered().first())",
            "MoreGuardsTest.i11_peer10_fingerprintThatIsBound_staysThroughReleaseAndTakeover")
        .mutant(
            "rerunReplacesTheReference",
            "a takeover keeps the reference",
            ".reference(found.reference().orElse(request.key().reference()))",
            ".reference(request.key().reference())",
            "MoreGuardsTest.referenceThatIsBound_staysThroughReleaseAndTakeover")
        .mutant(
            "rerunEmptiesTheCheckpoint",
            "peer 29: a takeover leaves both slots as they are",
            ".slots(Slots.UNCHANGED) .build(); return new Decision.Take(found.stamp()",
            ".slots(Slots.EMPTY).build(); return new Decision.Take(found.stamp()",
            "KeyMachinePropertiesTest.everyWrite_isALegalMoveOverTheRecordThatWasSeen")
        .mutant(
            "rerunExpectsAnotherStamp",
            "S2: a claim expects the stamp that it saw",
            "return new Decision.Take(found.stamp(), next",
            "return new Decision.Take(Stamp.first(found.grant()), next",
            "KeyMachinePropertiesTest.everyWrite_isALegalMoveOverTheRecordThatWasSeen")
        .mutant(
            "markTakesTheGrant",
            "a mark of doubt keeps the grant, so that the holder may settle",
            "found.toBuilder() .stamp(stamps.fresh())",
            "found.toBuilder().stamp(stamps.fresh()).grant(stamps.fresh().grant())",
            "KeyMachinePropertiesTest.everyWrite_isALegalMoveOverTheRecordThatWasSeen")
        .mutant(
            "markRepeatsTheStampOfTheLock",
            "a mark of doubt kills the old stamp",
            "found.toBuilder() .stamp(stamps.fresh())",
            "found.toBuilder()",
            "KeyMachinePropertiesTest.everyWrite_isALegalMoveOverTheRecordThatWasSeen")
        .mutant(
            "markEmptiesTheCheckpoint",
            "peer 29: a mark of doubt leaves both slots as they are",
            ".slots(Slots.UNCHANGED) .lease(Duration.ZERO) .retention(request.policy()",
            ".slots(Slots.EMPTY).lease(Duration.ZERO).retention(request.policy()",
            "KeyMachinePropertiesTest.everyWrite_isALegalMoveOverTheRecordThatWasSeen")
        .mutant(
            "markIsKeptLikeAnAnswer",
            "IN_DOUBT is kept for its own, longer retention",
            ".retention(request.policy().inDoubtRetention())",
            ".retention(request.policy().retention())",
            "LeaseTest.hold_holderThatDied_isMarkedInDoubtByTheNextCaller")
        .mutant(
            "fenceFollowsTheClockAlone",
            "I2, I27: fences rise also where the clock falls back",
            "Math.max(previousFence + 1, nowMillis)",
            "nowMillis",
            "ExecuteTest.i2_fences_riseWithEveryClaim_alsoUnderAClockThatFallsBack")
        .mutant(
            "fenceMayStandStill",
            "I2: fences rise by one at least",
            "Math.max(previousFence + 1, nowMillis)",
            "Math.max(previousFence, nowMillis)",
            "ExecuteTest.i2_fences_riseWithEveryClaim_alsoUnderAClockThatFallsBack")
        .mutant(
            "fenceForgetsTheClock",
            "I2: fences rise across lives",
            "Math.max(previousFence + 1, nowMillis)",
            "previousFence + 1",
            "KeyMachinePropertiesTest.everyWrite_isALegalMoveOverTheRecordThatWasSeen")
        .mutant(
            "lockIsKeptLikeAReleaseUnderHold",
            "a lapsed lock under hold() is kept like a doubt",
            ".retention(request.policy().lockedRetention())",
            ".retention(request.policy().releasedRetention())",
            "LeaseTest.lapsedLockUnderHold_isKeptForTheInDoubtRetention")
        .list();
  }
}
