package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** Completions, failures and the writes that go on in the background. */
final class SettlementMutants {
  private SettlementMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(settling());
    all.addAll(lease());
    all.addAll(pendingWrites());
    all.addAll(answers());
    return all;
  }

  private static List<Mutant> settling() {
    return Mutant.in("Settling")
        .mutant(
            "isUnderWayAfterItsEnd",
            "close waits for no lease that has ended",
            "finally { held.release(); }",
            "finally { }",
            "LeaseTest.i34_close_letsWhatRunsFinishAndRefusesTheRest")
        .mutant(
            "sendsACompletionOnce",
            "I20: a completion is sent again until the store deadline",
            "+ held.request().policy().storeDeadline().toNanos();",
            ";",
            "UnknownOutcomesTest.i20_completionWhoseReplyWasLost_isRecorded")
        .mutant(
            "leavesAnInterruptToTheResend",
            "I24: an interrupt during a completion is set aside",
            "result = send(); guard.absorb();",
            "result = send();",
            "SettlementGuardsTest.interruptDuringACompletion_isSetAsideForItsResend")
        .mutant(
            "forgetsAnUnresolvedCompletion",
            "I21: an unresolved completion is re-sent in the background",
            "if (result instanceof Result.NotKnown && !isBound) { resendInBackground(",
            "if (false) { resendInBackground(",
            "PendingWriteGuardsTest.close_waitsForPendingWrites")
        .mutant(
            "holdsItsOwnPendingRelease",
            "a release that is still sent may be taken at once",
            "wanted.state() == KeyState.FAILED_RETRYABLE && wanted.slots().isUnchanged() ?",
            "false ?",
            "UnknownOutcomesTest.unresolvedRelease_isTakenByItsOwnEngineAtOnce",
            "OutcomeException")
        .mutant(
            "runsOverItsOwnPendingAnswer",
            "I21: a completion that is still sent holds its key",
            "wanted.state() == KeyState.FAILED_RETRYABLE && wanted.slots().isUnchanged() ?",
            "true ?",
            "HostileSurroundingsTest.ownCompletionStillPending_isNeverReRunByItsOwnEngine")
        .mutant(
            "releasesTheKeyWhenACompletionFails",
            "peer 12: a failed completion is never a failed operation",
            "private void resendInBackground(long firstSent) {",
            "private void resendInBackground(long firstSent) { write = "
                + "held.calls().write(write.expected(), "
                + "write.next().toBuilder().stamp(held.stamps().fresh()).state(KeyState.FAILED_RETRYABLE).slots(Slots.UNCHANGED).build());",
            "UnknownOutcomesTest.peer12_completionFailure_isNeverAFailureOfTheOperation")
        .mutant(
            "resendsACompletionForEver",
            "a completion is re-sent up to the maximum hold",
            "Math.min(held.holdEnd() - firstSent, wanted",
            "Math.min(2 * (held.holdEnd() - firstSent), wanted",
            "UnknownOutcomesTest.i21_completionThatNeverGetsThrough_endsWithTheMaximumHold")
        .mutant(
            "resendsPastTheRetention",
            "S8: a completion is not re-sent past its own retention",
            "Math.min(held.holdEnd() - firstSent, wanted.retention().toNanos()) + firstSent",
            "held.holdEnd()",
            "SettlementGuardsTest.completionStillPending_isNotSentPastItsRetention")
        .mutant(
            "endsAResendWithoutAnAnswer",
            "I21: a completion is re-sent until it is answered",
            "if (result instanceof Result.NotKnown) { return false; }",
            "if (result instanceof Result.NotKnown) { return true; }",
            "PendingWriteGuardsTest.close_waitsForPendingWrites")
        .mutant(
            "losesAGivenAnswerInSilence",
            "I21: an answer that was given out and lost is told",
            "held.subject().leaseLost(\"an answer that was given out could not be "
                + "recorded\");",
            "",
            "SettlementGuardsTest.answerGivenOutAndThenLostToAnother_isToldAsALoss")
        .mutant(
            "tellsALostRelease",
            "a release taken by somebody else is no loss",
            "&& write.next().state().isTerminal()",
            "",
            "HostileSurroundingsTest.pendingReleaseTakenByItsOwnEngine_isNoLoss")
        .mutant(
            "tellsARecordedAnswerAsLost",
            "a completion that was recorded in the end is no loss",
            "if (!(result instanceof Result.Recorded) && write",
            "if (write",
            "ClaimGuardsTest.completion_onceResent_ringsTheBellAndIsNoLoss")
        .mutant(
            "recordsInSilence",
            "a completion recorded in the background wakes those who wait",
            "held.engine().rooms().ring(held.request().id());",
            "",
            "ClaimGuardsTest.completion_onceResent_ringsTheBellAndIsNoLoss")
        .mutant(
            "followsRefusalsWithoutEnd",
            "refusals are followed sixteen times at once and then later",
            "turn < MOST_TURNS",
            "turn < 10 * MOST_TURNS",
            "SettlementGuardsTest.refusalsThatGoOnForEver_areFollowedSixteenTimesAtOnceAndThenLater")
        .mutant(
            "takesAnUnreadableRecordForItsOwn",
            "S10: a completion over an unreadable record is not known",
            "held.subject().storeError(e); return new Result.NotKnown();",
            "held.subject().storeError(e); return new Result.Recorded();",
            "SettlementGuardsTest.completionOverAnUnreadableRecord_isToldAsAStoreErrorAndNotKnown")
        .mutant(
            "hidesAnUnreadableRecord",
            "S10: a completion over an unreadable record is told as a store error",
            "held.subject().storeError(e); return",
            "return",
            "SettlementGuardsTest.completionOverAnUnreadableRecord_isToldAsAStoreErrorAndNotKnown")
        .mutant(
            "locksTheKeyOverALargeAnswer",
            "I44, peer 13: an answer over the store's limit leaves a tombstone",
            "instanceof PayloadTooLargeException tooLarge) {",
            "instanceof PayloadTooLargeException tooLarge && write == null) {",
            "ExecuteTest.peer13_answerOverTheStoresLimit_isATombstoneToo")
        .mutant(
            "dropsTheBodyAgainAndAgain",
            "what was too large is not offered again",
            "if (next.length < refused.length) {",
            "if (true) {",
            "SettlementGuardsTest.storeThatFindsEveryAnswerTooLarge_isOfferedTheTombstoneOnce")
        .mutant(
            "dropsTheCheckpointOfARelease",
            "peer 29: a release never replaces the slots",
            "return new Settling(held, end, slots, List.of()).settle();",
            "return new Settling(held, end, Slots.of(new byte[1], null), List.of(() -> new byte[0])).settle();",
            "SettlementGuardsTest.releaseThatTheStoreFindsTooLarge_neverReplacesTheCheckpoint")
        .mutant(
            "rewritesWithTheSameStamp",
            "every different write bears a different stamp",
            "write.next().toBuilder().stamp(held.stamps().fresh()).slots(slots)",
            "write.next().toBuilder().slots(slots)",
            "MoreGuardsTest.everyDifferentBackgroundWrite_bearsADifferentStamp")
        .mutant(
            "failureDropsTheCheckpoint",
            "peer 29: a failure leaves both slots as they are",
            "new Settling(held, end, slots, List.of())",
            "new Settling(held, end, Slots.EMPTY, List.of())",
            "MoreGuardsTest.peer29_checkpoint_survivesEveryWriteThatDoesNotEndTheOperation")
        .mutant(
            "completionKeepsTheCheckpoint",
            "a terminal record empties the checkpoint",
            "KeyState.COMPLETED, Slots.of(payload, null), smaller",
            "KeyState.COMPLETED, Slots.of(payload, payload), smaller",
            "MoreGuardsTest.checkpoint_isEmptyOnceTheOperationHasEnded")
        .list();
  }

  private static List<Mutant> lease() {
    return Mutant.in("Lease")
        .mutant(
            "recordsErrorsOfTheVirtualMachine",
            "I40: an error of the virtual machine leaves LOCKED to lapse",
            "if (failure instanceof VirtualMachineError && steps.doom() == null) {",
            "if (false) {",
            "ExecuteTest.i40_everyThrowable_hasExactlyOneVerdict")
        .mutant(
            "failsTwiceOnAnErrorOfTheVirtualMachine",
            "a lease is settled once",
            "if (held.end() == null) { throw Settling.settledBefore(held); }",
            "held.end();",
            "SettlementGuardsTest.errorOfTheVirtualMachine_endsTheLeaseOnceAndLetsItLapse")
        .mutant(
            "isUnderWayAfterAnErrorOfTheVirtualMachine",
            "close waits for no lease that has ended",
            "held.release(); return Optional.empty();",
            "return Optional.empty();",
            "SettlementGuardsTest.errorOfTheVirtualMachine_endsTheLeaseOnceAndLetsItLapse")
        .mutant(
            "claimsThatAnUnknownAnswerIsRecorded",
            "I21: an unresolved completion is marked",
            "return completed(value, false, isRecovered);",
            "return completed(value, true, isRecovered);",
            "UnknownOutcomesTest.i21_unresolvedCompletion_isGivenOutMarkedAndReSent")
        .mutant(
            "hidesThatAnAnswerIsUnknown",
            "I21: an unresolved completion is told to the listener",
            "held.subject().tell(\"recordedUnknown\", "
                + "IdempotencyListener::recordedUnknown); return completed",
            "return completed",
            "UnknownOutcomesTest.i21_unresolvedCompletion_isGivenOutMarkedAndReSent")
        .mutant(
            "claimsThatALostAnswerIsRecorded",
            "I4: a lost completion is an exception with the value attached",
            "throw lost(why, value, null);",
            "return new Outcome.Executed<>(value, true);",
            "LeaseTest.i4_holderThatWasTakenOver_changesNothing")
        .mutant(
            "dropsItsOwnValueForAnothers",
            "I1: the caller's own value is attached to another's answer",
            "Optional.of(new OwnRun(value, null))",
            "Optional.empty()",
            "LeaseTest.peer06_zombie_getsTheRecordedAnswerWithItsOwnValueAttached")
        .mutant(
            "dropsItsOwnFailureForAnothers",
            "I40: the caller's own failure is attached to another's answer",
            "Optional.of(new OwnRun(null, failure))",
            "Optional.empty()",
            "LeaseTest.zombieThatFails_getsTheRecordedAnswerWithItsThrowableAttached")
        .mutant(
            "losesItsValueOverAnUnreadableAnswer",
            "an unreadable answer of another's leaves the holder its own value",
            "throw lost(\"another's answer was recorded first and cannot be read\", "
                + "value, e);",
            "throw e;",
            "HostileSurroundingsTest.recordedAnswerThatCannotBeRead_leavesTheHolderItsOwnValue")
        .mutant(
            "releasesAClosedLease",
            "I34: a lease closed without an outcome lapses, and is not released",
            "if (held.end() != null) { held.release(); }",
            "fail(Verdict.retryable());",
            "LeaseTest.hold_holderThatDied_isMarkedInDoubtByTheNextCaller")
        .list();
  }

  private static List<Mutant> pendingWrites() {
    return Mutant.in("PendingWrites")
        .mutant(
            "keepsAnyNumberOfPendingWrites",
            "I43: pending writes are bounded in number",
            "size.getAndUpdate(present -> Math.min(present + 1, maximum)) >= maximum",
            "size.getAndIncrement() < 0",
            "HostileSurroundingsTest.pendingWrites_areBoundedInNumber")
        .mutant(
            "dropsOnePendingWriteTooMany",
            "the bound of pending writes is reached",
            "size.getAndUpdate(present -> Math.min(present + 1, maximum)) >= maximum",
            "size.getAndUpdate(present -> Math.min(present + 1, maximum)) >= maximum - " + "1",
            "HostileSurroundingsTest.pendingWrites_areBoundedInNumber")
        .mutant(
            "countsDroppedWrites",
            "a write that is dropped does not count",
            "size.getAndUpdate(present -> Math.min(present + 1, maximum)) >= maximum",
            "size.getAndIncrement() >= maximum",
            "PendingWriteGuardsTest.pendingWrites_atTheBound_areDroppedOneByOne")
        .mutant(
            "closesOverPendingWrites",
            "I34: close waits for pending writes",
            "int cell = activity.begin();",
            "int cell = new Activity().begin();",
            "PendingWriteGuardsTest.close_waitsForPendingWrites")
        .mutant(
            "registersNoPendingWrite",
            "the engine knows the writes that it still sends",
            "claims.put(grant, known);",
            "",
            "HostileSurroundingsTest.ownCompletionStillPending_isNeverReRunByItsOwnEngine")
        .mutant(
            "holdsTheKeyOfAWriteThatWasGivenUp",
            "a write that was given up holds no key",
            "claims.remove(grant);",
            "",
            "PendingWriteGuardsTest.completionThatWasGivenUp_noLongerHoldsTheKey")
        .mutant(
            "countsWritesThatHaveEnded",
            "I43: a pending write is gone with its end",
            "size.decrementAndGet(); activity.end(cell);",
            "activity.end(cell);",
            "UnknownOutcomesTest.i21_completionThatNeverGetsThrough_endsWithTheMaximumHold")
        .mutant(
            "neverClosesAfterAPendingWrite",
            "close ends with the last pending write",
            "size.decrementAndGet(); activity.end(cell);",
            "size.decrementAndGet();",
            "PendingWriteGuardsTest.close_waitsForPendingWrites")
        .mutant(
            "givesUpWithoutAThread",
            "a write whose executor refuses it is sent later",
            "what, e.getClass().getName()); again();",
            "what, e.getClass().getName()); end();",
            "HostileSurroundingsTest.executorThatFails_leaksNoPendingWrite")
        .mutant(
            "losesAWriteThatThrows",
            "a write that throws is sent again",
            "log.warn(\"{} failed with {}\", what, e.getClass().getName());",
            "throw e;",
            "PendingWriteGuardsTest.withdrawalThatMeetsAnUnreadableRecord_isGivenUpInItsTime")
        .mutant(
            "resendsForEver",
            "I43: a pending write ends with its time",
            "if (timing.nanoTime() + pause - until >= 0) {",
            "if (pause < 0) {",
            "UnknownOutcomesTest.i21_completionThatNeverGetsThrough_endsWithTheMaximumHold")
        .mutant(
            "resendsLaterAndLater",
            "a pending write is re-sent once a second at least",
            "Math.min(pause * 2, LONGEST_PAUSE)",
            "pause * 2",
            "PendingWriteGuardsTest.pendingWrite_isResentUpToOnceASecondAndNeverPastItsTime")
        .mutant(
            "resendsWithoutBackoff",
            "a pending write is re-sent once a second at most, in the end",
            "Math.min(pause * 2, LONGEST_PAUSE)",
            "pause",
            "PendingWriteGuardsTest.pendingWrite_isResentUpToOnceASecondAndNeverPastItsTime")
        .mutant(
            "leaksAWriteWithoutATimer",
            "a write without a timer is given up",
            "log.warn(\"{} is given up, there is no timer: {}\", what, "
                + "e.getClass().getName()); end();",
            "",
            "PendingWriteGuardsTest.pendingWriteWithoutATimer_isGivenUp")
        .list();
  }

  private static List<Mutant> answers() {
    return Mutant.in("Answers")
        .mutant(
            "dropsAnAnswerAtTheLimit",
            "I44: an answer at the limit is kept",
            "if (bytes.length <= maximumPayload) {",
            "if (bytes.length < maximumPayload) {",
            "ExecuteTest.i44_answerAtTheLimit_isKeptAndOneOverItIsATombstone",
            "OutcomeException")
        .mutant(
            "keepsAnAnswerOfAnySize",
            "I44: an answer over the limit leaves a tombstone",
            "if (bytes.length <= maximumPayload) {",
            "if (bytes.length >= 0) {",
            "ExecuteTest.i44_answerAtTheLimit_isKeptAndOneOverItIsATombstone")
        .mutant(
            "losesACompletionToItsCodec",
            "I21: a codec that throws leaves a tombstone, whatever it throws",
            "catch (Throwable e) { // An error",
            "catch (Exception e) { // An error",
            "HostileSurroundingsTest.codecThatThrowsAnything_losesNoCompletion")
        .mutant(
            "keepsAFailureOfAnySize",
            "I44: the bytes of a failure over the limit are not kept",
            "return bytes.length <= maximumPayload ?",
            "return bytes.length >= 0 ?",
            "MoreGuardsTest.i44_failureOverTheLimit_keepsItsCodeOnly")
        .mutant(
            "replaysAPayloadThatContradictsItsState",
            "S10: state and payload must agree",
            "if (failed != (envelope.kind() == Envelope.Kind.FAILURE)) {",
            "if (false) {",
            "MoreGuardsTest.recordWhoseStateAndPayloadContradictEachOther_isUnreadable")
        .mutant(
            "decodesAnotherCodecsAnswer",
            "the type label of an answer is compared",
            "if (!envelope.isLabelled(typeUtf8)) {",
            "if (false) {",
            "ExecuteTest.codec_thatCannotDecode_isATypedErrorAndRunsNothing")
        .list();
  }
}
