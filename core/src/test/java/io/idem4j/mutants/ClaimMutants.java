package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** How a claim is sent, resolved and withdrawn. */
final class ClaimMutants {
  private ClaimMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(claiming());
    all.addAll(withdrawing());
    all.addAll(stamping());
    return all;
  }

  private static List<Mutant> claiming() {
    return Mutant.in("Claiming")
        .mutant(
            "neverReadsFirst",
            "a store that is read first is read first",
            "calls.readsFirst() ? lookFirst() : Optional.empty()",
            "Optional.empty()",
            "ClaimGuardsTest.roundTrips_readFirst_areThreeForAFirstCallAndOneForAReplayOrARefusal")
        .mutant(
            "alwaysReadsFirst",
            "a store is not read before its first write",
            "calls.readsFirst() ? lookFirst() : Optional.empty()",
            "lookFirst()",
            "ExecuteTest.execute_firstCall_runsAndRecords")
        .mutant(
            "believesAReplica",
            "S1: what a replica answers a first read is for the claim to see",
            "mayPass(e) || e.reason() == KeyStoreException.Reason.READ_ONLY",
            "mayPass(e)",
            "FirstReadTest.firstRead_thatAReplicaAnswers_isForTheClaim",
            "KeyStoreException")
        .mutant(
            "failsWithTheFirstRead",
            "a first read that fails for now is for the claim to see, which insists",
            "mayPass(e) || e.reason() == KeyStoreException.Reason.READ_ONLY",
            "e.reason() == KeyStoreException.Reason.READ_ONLY",
            "FirstReadTest.firstRead_thatFailsForNow_isForTheClaim",
            "KeyStoreException")
        .mutant(
            "claimsWhatCannotBeRead",
            "S10: a first read that fails for good ends the call",
            "mayPass(e) || e.reason() == KeyStoreException.Reason.READ_ONLY",
            "true",
            "FirstReadTest.firstRead_thatFailsForGood_isATypedErrorAndSendsNothing")
        .mutant(
            "endsAWaitOnAPassingError",
            "a poll that fails for now is skipped",
            "if (mayPass(e)) { return null; }",
            "",
            "HostileSurroundingsTest.pollThatFailsForNow_endsNoWait",
            "KeyStoreException")
        .mutant(
            "waitsOnWhatIsUnreadable",
            "S10: a poll that fails for good ends the wait",
            "if (mayPass(e)) { return null; }",
            "if (true) { return null; }",
            "WaitingTest.wait_whenLookingFails_isATypedError")
        .mutant(
            "forgetsItsPendingWrites",
            "I21: the engine knows the writes that it still sends",
            "engine.pending().of(live.get().record().grant())",
            "new KeyMachine.Known.Nothing()",
            "HostileSurroundingsTest.ownCompletionStillPending_isNeverReRunByItsOwnEngine")
        .mutant(
            "forgetsItsPendingWritesUnderAMark",
            "I21: an answer that is still sent is not settled otherwise under another's mark",
            "engine.pending().of(live.get().record().grant())",
            "engine.pending().of(live.get().stamp().grant())",
            "DoubtRightsTest.i21_pendingAnswerUnderAnothersMark_isNotTakenByItsOwnCompleter")
        .mutant(
            "countsARecognisedLeaseFromTheReply",
            "I25: the lease of a lost reply counts from the first send",
            "mine.locked(), firstSent, firstSent, leaseLeft",
            "mine.locked(), firstSent, now(), leaseLeft",
            "ClaimGuardsTest.claimWhoseReplyWasLost_countsItsLeaseFromTheFirstSend")
        .mutant(
            "forgetsWhatIsLeftOfARecognisedLease",
            "a claim recognised late is renewed before it runs",
            "Duration leaseLeft = mine.leaseLeft();",
            "Duration leaseLeft = policy.lease();",
            "LateRefusalTest.claimThatLearnsLateThatItHoldsTheKey_isRenewedBeforeItRuns")
        .mutant(
            "outlastsABusyKey",
            "a busy key is in flight to a claim, at once",
            "send(write, sentAt, false, guard)",
            "send(write, sentAt, true, guard)",
            "ClaimGuardsTest.busyKey_isAnAnswerToAClaimAtOnceAndOutlastedByTheRenewalBeforeTheRun")
        .mutant(
            "takesBusyForAnError",
            "a busy key is in flight to a claim, not an error",
            "if (reply.kind() == Kind.BUSY) {",
            "if (false) {",
            "UnknownOutcomesTest.busy_isInFlightToAClaim",
            "KeyStoreException")
        .mutant(
            "countsItsLeaseFromTheReply",
            "I25: the local deadline counts from before the first send",
            "grant(take.next(), firstSent, sentAt, leaseLeft",
            "grant(take.next(), firstSent, now(), leaseLeft",
            "LeaseTest.i25_localDeadline_countsFromBeforeTheFirstSend")
        .mutant(
            "forgetsHowLongAClaimTook",
            "a claim answered late is renewed before it runs",
            "policy.lease().minusNanos(subject.at(now()) - sentAt)",
            "policy.lease()",
            "LeaseTest.claimAnsweredAfterAThirdOfTheLease_isRenewedBeforeTheOperationRuns")
        .mutant(
            "runsAnUnresolvedClaim",
            "I18: an unresolved claim never runs",
            "Decision.Take take) { withdraw(take); }",
            "Decision.Take take) { return grant(take.next(), firstSent, sentAt, "
                + "policy.lease(), take, guard); }",
            "UnknownOutcomesTest.i18_unresolvedClaim_runsNothingAndIsWithdrawn")
        .mutant(
            "leavesAnUnresolvedClaim",
            "I18: an unresolved claim is withdrawn",
            "Decision.Take take) { withdraw(take); }",
            "Decision.Take take) { }",
            "UnknownOutcomesTest.i18_unresolvedClaim_runsNothingAndIsWithdrawn")
        .mutant(
            "withdrawsWhatWasNeverApplied",
            "what was certainly not applied needs no withdrawal",
            "if (reply.kind() == Kind.UNKNOWN && wanted instanceof",
            "if (wanted instanceof",
            "UnknownOutcomesTest.transientRefusals_areRepeatedForASecondAtMost")
        .mutant(
            "claimsForEver",
            "a record that changes for ever is given up at the store deadline",
            "if (now - firstSent - storeDeadline >= 0) {",
            "if (false) {",
            "ClaimGuardsTest.recordThatChangesForEver_isGivenUpAtTheStoreDeadline")
        .mutant(
            "dropsAnAnswerThatCameLate",
            "an answer after the store deadline is still an answer",
            "while (true) { if (decision instanceof Decision.Replay replay) {",
            "while (true) { if (now() - firstSent - storeDeadline >= 0) { throw "
                + "restless(); } if (decision instanceof Decision.Replay replay) {",
            "LateRefusalTest.replayAnsweredAfterTheStoreDeadline_isStillAReplay",
            "KeyStoreException")
        .mutant(
            "skipsTheRenewalBeforeTheRun",
            "a claim answered late is renewed before it runs",
            "if (engine.isBound() || !KeyMachine.needsRenewal(policy.lease(), leaseLeft)) {",
            "if (leaseLeft != null) {",
            "LateRefusalTest.claimThatLearnsLateThatItHoldsTheKey_isRenewedBeforeItRuns")
        .mutant(
            "countsTheRenewalBeforeTheRunFromItsReply",
            "I25: a renewal, too, counts from before its first send",
            "if (reply.kind() == Kind.APPLIED) { return hold(renewed, sentAt, take); }",
            "if (reply.kind() == Kind.APPLIED) { return hold(renewed, now(), take); }",
            "MoreGuardsTest.i25_renewalBeforeTheRun_countsFromBeforeItsFirstSend")
        .mutant(
            "countsARecognisedRenewalFromItsReply",
            "I25: a renewal whose reply was lost counts from its first send",
            "instanceof Settlement.Done) { return hold(renewed, sentAt, take);",
            "instanceof Settlement.Done) { return hold(renewed, now(), take);",
            "ClaimGuardsTest.renewalBeforeTheRun_refusedByItsOwnStamp_countsFromItsFirstSend")
        .mutant(
            "runsAfterARefusedRenewal",
            "I12: a renewal refused by a newer record runs nothing",
            "if (Refusals.renew(renewed, reply.live()) instanceof Settlement.Done) {",
            "if (reply != null) {",
            "ClaimGuardsTest.claimAnsweredAfterAnotherTookTheKey_runsNothingAndGetsItsAnswer")
        .mutant(
            "beginsAnewAfterARefusedRenewal",
            "the deadline of a claim counts on when its renewal is refused",
            "return pursue(decide(reply.live()), firstSent, now());",
            "return resume(reply.live());",
            "ClaimGuardsTest.renewalBeforeTheRun_refusedAgainAndAgain_endsWithTheStoreDeadline")
        .mutant(
            "takesItsOwnDoubtForAnothers",
            "a claim that was doubted before it ran is put back",
            "take.isTakeover() || !Refusals.isOwnDoubt(stamps, reply.live())",
            "true",
            "ClaimGuardsTest.renewalBeforeTheRun_refusedByADoubtOnItsOwnGrant_putsBackWhatWasFound")
        .mutant(
            "leavesAClaimThatWasDoubted",
            "a claim that was doubted before it ran is put back",
            "withdraw(take); forgetGrant(); return new Answer.InFlight(BUSY_RETRY);",
            "forgetGrant(); return new Answer.InFlight(BUSY_RETRY);",
            "ClaimGuardsTest.renewalBeforeTheRun_refusedByADoubtOnItsOwnGrant_putsBackWhatWasFound")
        .mutant(
            "takesAgainWhatItsOwnWithdrawalFollows",
            "I3, I12: a withdrawal must not follow the lock of a later grant",
            "withdraw(take); forgetGrant(); return new Answer.InFlight(BUSY_RETRY);",
            "withdraw(take); return new Answer.InFlight(BUSY_RETRY);",
            "ClaimGuardsTest.keyTakenAgainByTheSameCall_isNotGivenBackByItsOwnEarlierWithdrawal")
        .mutant(
            "takesTheKeyTwiceUnderOneGrant",
            "I2: each grant bears its own nonce, also within one call",
            "if (taken != null && live.filter(it -> stamps.drew(it.stamp())).isEmpty()) {",
            "if (false) {",
            "ClaimGuardsTest.keyTakenAgainAfterAnother_bearsAnotherGrant")
        .mutant(
            "leavesAClaimThatCannotBeRenewed",
            "a claim that cannot be renewed before it runs is withdrawn",
            "withdraw(new Decision.Take(locked.stamp(), renewed, take.found(), "
                + "take.putBack()));",
            "",
            "HostileSurroundingsTest.claimThatCannotBeRenewedBeforeItRuns_isPutBack")
        .mutant(
            "givesUpTheRenewalBeforeTheRunWhenBusy",
            "to anything but a claim, busy is a passing refusal",
            "send(calls.write(locked.stamp(), renewed), sentAt, true, guard)",
            "send(calls.write(locked.stamp(), renewed), sentAt, false, guard)",
            "ClaimGuardsTest.busyKey_isAnAnswerToAClaimAtOnceAndOutlastedByTheRenewalBeforeTheRun",
            "KeyStoreException")
        .mutant(
            "tellsTheListenerBeforeItRenews",
            "the renewals begin before the listener is told",
            "HeldKey held; try { held = new HeldKey( engine, request, locked, earlier, checkpoint, "
                + "stamps, calls, subject, leaseFrom); } catch (Throwable e) { withdraw(take, "
                + "locked); throw e; } subject.holds(locked.attempt(), locked.fence()); if "
                + "(take.isTakeover()) { subject.tell(\"takenOver\", "
                + "IdempotencyListener::takenOver); } else { subject.tell(\"claimed\", "
                + "IdempotencyListener::claimed); } return new Answer.Held(held);",
            "subject.tell(\"claimed\", IdempotencyListener::claimed); return new "
                + "Answer.Held(new HeldKey(engine, request, locked, earlier, checkpoint, stamps, "
                + "calls, subject, leaseFrom));",
            "HostileSurroundingsTest.listenerThatThrowsOrDawdles_delaysNoRenewal")
        .mutant(
            "keepsAKeyWithoutATimer",
            "a claim whose lease cannot be renewed is put back",
            "withdraw(take, locked); throw e;",
            "throw e;",
            "HeldKeyGuardsTest.claimWithoutATimer_isPutBack_andNothingIsUnderWay")
        .mutant(
            "tellsNoTakeover",
            "a takeover is told",
            "if (take.isTakeover()) {",
            "if (false) {",
            "LeaseTest.i4_holderThatWasTakenOver_changesNothing")
        .mutant(
            "repeatsAPermanentRefusal",
            "what is refused for good is not repeated",
            "case APPLIED, REFUSED, PERMANENT -> false;",
            "case APPLIED, REFUSED -> false; case PERMANENT -> true;",
            "MoreGuardsTest.claimThatIsRefusedForGood_isSentOnce")
        .mutant(
            "givesUpAtAPassingRefusal",
            "a passing refusal is repeated",
            "case TRANSIENT, UNKNOWN -> true;",
            "case TRANSIENT -> false; case UNKNOWN -> true;",
            "UnknownOutcomesTest.transientRefusals_areRepeatedForASecondAtMost",
            "KeyStoreException")
        .mutant(
            "repeatsPassingRefusalsForLong",
            "passing refusals are repeated for a second at most",
            "reply.kind() == Kind.UNKNOWN ? deadline : transientEnd",
            "deadline",
            "UnknownOutcomesTest.transientRefusals_areRepeatedForASecondAtMost")
        .mutant(
            "outlastsItsStoreDeadline",
            "nothing is repeated past the store deadline",
            "Math.min(sentAt + TRANSIENT_BUDGET, deadline)",
            "sentAt + TRANSIENT_BUDGET",
            "ClaimGuardsTest.refusalsForNow_underAShortStoreDeadline_endWithIt")
        .mutant(
            "givesUpAtTheFirstUnknown",
            "I17: an unknown write is sent again until the store deadline",
            "case TRANSIENT, UNKNOWN -> true;",
            "case TRANSIENT -> true; case UNKNOWN -> false;",
            "UnknownOutcomesTest.i17_claimThatNeverArrived_isSentAgain",
            "KeyStoreException")
        .mutant(
            "leavesAnInterruptToTheNextSend",
            "I24: an interrupt during a claim is set aside",
            "Reply reply = write.send(); guard.absorb();",
            "Reply reply = write.send();",
            "ClaimGuardsTest.interruptDuringAWrite_isSetAsideForTheNextWrite")
        .mutant(
            "withdrawsForEver",
            "a withdrawal ends a lease after the last send of its claim",
            "now() + policy.lease().toNanos());",
            "now() + 10 * policy.lease().toNanos());",
            "UnknownOutcomesTest.i19_orphanThatNobodyWithdraws_healsWithinALease")
        .mutant(
            "holdsItsOwnWithdrawnKey",
            "a claim under withdrawal may be taken at once",
            "new KeyMachine.Known.Released(putBack.get().attempt())",
            "new KeyMachine.Known.Ended()",
            "UnknownOutcomesTest.pendingRelease_isTakenByItsOwnEngineAtOnce",
            "OutcomeException")
        .list();
  }

  private static List<Mutant> withdrawing() {
    return Mutant.in("Withdrawing")
        .mutant(
            "endsAWithdrawalThatGotNoAnswer",
            "a withdrawal goes on until it is answered",
            "boolean settled = reply.kind() == Kind.APPLIED;",
            "boolean settled = true;",
            "UnknownOutcomesTest.i18_unresolvedClaim_runsNothingAndIsWithdrawn")
        .mutant(
            "endsAWithdrawalAtAnyRefusal",
            "I22: only another's record settles a withdrawal",
            "settled = next == Withdrawal.SETTLED;",
            "settled = true;",
            "UnknownOutcomesTest.i22_claimThatLandsLate_isWithdrawnToo")
        .mutant(
            "followsWithTheSameStamp",
            "every different write bears a different stamp",
            "reply.live().orElseThrow().record(), stamps.fresh()",
            "reply.live().orElseThrow().record(), write.next().stamp()",
            "MoreGuardsTest.everyDifferentBackgroundWrite_bearsADifferentStamp")
        .mutant(
            "withdrawsInSilence",
            "an applied withdrawal wakes those who wait",
            "engine.rooms().ring(write.next().keyId());",
            "",
            "ClaimGuardsTest.withdrawal_onceApplied_ringsTheBell")
        .list();
  }

  private static List<Mutant> stamping() {
    return Mutant.in("Stamping")
        .mutant(
            "drawsOneStampForAllItsWrites",
            "every different write bears a different stamp",
            "drawn.next()",
            "drawn",
            "LeaseTest.everyDifferentWrite_bearsADifferentStamp")
        .mutant(
            "drawsAGrantForEachWrite",
            "all stamps of a claim share its grant",
            "drawn == null ? Stamp.first(grants.get()) : drawn.next()",
            "Stamp.first(grants.get())",
            "UnknownOutcomesTest.i20_completionWhoseReplyWasLost_isRecorded")
        .mutant(
            "knowsItsLastStampOnly",
            "I3: the grant tells the own stamps from others', not the last one",
            "return drawn != null && stamp.isOf(drawn.grant());",
            "return stamp.equals(drawn);",
            "HostileSurroundingsTest.claimThatCannotBeRenewedBeforeItRuns_isPutBack")
        .mutant(
            "comparesTheCounterOfStampsOnly",
            "I3: the grant tells the own stamps from others', not the counter",
            "return drawn != null && stamp.isOf(drawn.grant());",
            "return drawn != null && (int) stamp.low() == (int) drawn.low();",
            "ExecuteTest.execute_whileRunning_saysWhenToRetry")
        .list();
  }
}
