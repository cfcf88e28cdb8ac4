package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** A held key: its renewals, its loss and the interrupts of its thread. */
final class HolderMutants {
  private HolderMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(heldKey());
    all.addAll(runningThread());
    all.addAll(interruptGuard());
    return all;
  }

  private static List<Mutant> heldKey() {
    return Mutant.in("HeldKey")
        .mutant(
            "renewsAtHalfTheLease",
            "a lease is renewed at a third of it",
            "this.nextRenewal = leaseFrom + lease / 3;",
            "this.nextRenewal = leaseFrom + lease / 2;",
            "LeaseTest.renewal_keepsTheKeyWhileTheOperationRuns")
        .mutant(
            "renewsLaterEachTime",
            "I25: the next renewal counts from the send of the last",
            "nextRenewal = renewalSentAt + lease / 3;",
            "nextRenewal = now() + lease / 3;",
            "LeaseTest.i29_unknownRenewal_keepsTheOldDeadlineAndIsSentAgain")
        .mutant(
            "trustsItsLeaseTooLong",
            "I25: the local deadline is the end of the lease",
            "this.leaseEnd = leaseFrom + lease;",
            "this.leaseEnd = leaseFrom + 2 * lease;",
            "LeaseTest.i25_localDeadline_countsFromBeforeTheFirstSend")
        .mutant(
            "countsTheMaximumHoldFromTheReply",
            "the maximum hold counts from the first send of the claim",
            "this.holdEnd = leaseFrom +",
            "this.holdEnd = engine.timing().nanoTime() +",
            "HeldKeyGuardsTest.maximumHold_countsFromTheFirstSendOfTheClaimAndEndsTheRenewals")
        .mutant(
            "seesNoDeadline",
            "I25: past its deadline a lease counts as lost",
            "lost || (!engine.isBound() && now() - leaseEnd >= 0)",
            "lost",
            "LeaseTest.i25_localDeadline_countsFromBeforeTheFirstSend")
        .mutant(
            "holdsAtTheVeryDeadline",
            "I31: a lease with nothing left is over",
            "&& now() - leaseEnd >= 0));",
            "&& now() - leaseEnd > 0));",
            "LeaseTest.i25_localDeadline_countsFromBeforeTheFirstSend")
        .mutant(
            "seesNoRefusedRenewal",
            "a refused renewal shows the loss before the deadline does",
            "lost || (!engine.isBound() && now() - leaseEnd >= 0)",
            "!engine.isBound() && now() - leaseEnd >= 0",
            "HeldKeyGuardsTest.recordTakenAway_isALossWithTheNextRenewal")
        .mutant(
            "settlesTwice",
            "a lease is settled once",
            "if (ended) { return null; } ended = true;",
            "ended = true;",
            "LeaseTest.bad43_leaseUsedTwice_isMisuseAndChangesNothing")
        .mutant(
            "leavesItsTimer",
            "I43: no timer outlives its call",
            "ended = true; if (timer != null) { timer.cancel(); }",
            "ended = true;",
            "LeaseTest.renewal_keepsTheKeyWhileTheOperationRuns")
        .mutant(
            "endsInSilence",
            "a holder wakes those who wait in its process",
            "engine.rooms().ring(request.id());",
            "",
            "HostileSurroundingsTest.waitersOfAHolderHere_areWokenAndDoNotPoll")
        .mutant(
            "isUnderWayForEver",
            "close waits for no lease that has ended",
            "ring(request.id()); engine.activity().end(cell);",
            "ring(request.id());",
            "SettlementGuardsTest.leaseThatIsClosed_isNoLongerUnderWay")
        .mutant(
            "isUnderWayWithoutATimer",
            "close waits for no lease that never began",
            "engine.activity().end(cell); throw e;",
            "throw e;",
            "HeldKeyGuardsTest.claimWithoutATimer_isPutBack_andNothingIsUnderWay")
        .mutant(
            "isNeverUnderWay",
            "I34: close waits for what runs",
            "engine.activity().begin();",
            "new Activity().begin();",
            "LeaseTest.i34_close_letsWhatRunsFinishAndRefusesTheRest")
        .mutant(
            "armsItsTimerAfterTheEnd",
            "I43: no timer is set once the lease has ended",
            "if (ended || lost || engine.isBound()) { return; } if (timer",
            "if (timer",
            "HostileSurroundingsTest.renewalSubmittedBeforeTheEnd_isNotSentAfterIt")
        .mutant(
            "armsItsTimerForARenewalPastTheHold",
            "no timer is set for a renewal past the maximum hold",
            "&& nextRenewal - holdEnd < 0",
            "",
            "HeldKeyGuardsTest.renewalsThatFailUpToTheMaximumHold_leaveNoTimerPastIt")
        .mutant(
            "renewsPastTheMaximumHold",
            "peer 19: no renewal past the maximum hold",
            "now - nextRenewal >= 0 && now - holdEnd < 0;",
            "now - nextRenewal >= 0;",
            "HeldKeyGuardsTest.maximumHold_countsFromTheFirstSendOfTheClaimAndEndsTheRenewals")
        .mutant(
            "renewsTwiceAtOnce",
            "the renewals of one lease never overlap",
            "renew = !renewing && !suspended && now",
            "renew = !suspended && now",
            "HeldKeyGuardsTest.lossFoundBeforeTheEndAndToldAfterIt_isNotTold")
        .mutant(
            "tellsTheLossAtEachTick",
            "a loss is told once",
            "tell = !lossTold && now - leaseEnd >= 0;",
            "tell = now - leaseEnd >= 0;",
            "LeaseTest.storeOutageLongerThanTheLease_isToldOnceAndHealed")
        .mutant(
            "tellsNoLoss",
            "peer 19: a lost lease is told",
            "if (tell && !engine.submit",
            "if (!tell && !engine.submit",
            "LeaseTest.peer19_maximumHold_endsTheRenewalsAndTellsTheLoss")
        .mutant(
            "tellsNoLossWithoutAnExecutor",
            "a loss is told even if the executor refuses work",
            "tellLoss(\"no renewal was confirmed in time, and the executor refuses " + "work\");",
            "",
            "HeldKeyGuardsTest.executorThatRefusesEverything_stillTellsTheLoss")
        .mutant(
            "neverRenewsAfterTheExecutorRefused",
            "a refused renewal is tried again",
            "afterRenewal(null, null);",
            "",
            "HostileSurroundingsTest.executorThatFailsOnce_renewsLater")
        .mutant(
            "renewsOnTheTimerThread",
            "peer 27: the timer thread does no I/O",
            "if (renew && !engine.submit(this::renew)) {",
            "if (renew) { renew(); } if (false) {",
            "HeldKeyGuardsTest.lossFoundBeforeTheEndAndToldAfterIt_isNotTold")
        .mutant(
            "renewsAfterTheEnd",
            "no renewal follows a sent completion",
            "if (ended || lost || suspended || sending) {",
            "if (suspended || sending) {",
            "HostileSurroundingsTest.renewalSubmittedBeforeTheEnd_isNotSentAfterIt")
        .mutant(
            "drawsAStampForEachResend",
            "an unknown renewal is sent again as it was",
            "if (renewal == null) {",
            "if (true) {",
            "LeaseTest.i29_unknownRenewal_keepsTheOldDeadlineAndIsSentAgain")
        .mutant(
            "renewsBeyondTheMaximumHold",
            "peer 19: the last renewal ends with the maximum hold",
            "Math.min(lease, holdEnd - renewalSentAt)",
            "lease",
            "HeldKeyGuardsTest.maximumHold_countsFromTheFirstSendOfTheClaimAndEndsTheRenewals")
        .mutant(
            "takesAnUnknownRenewalForApplied",
            "I29: an unknown renewal keeps the old deadline",
            "reply != null && reply.kind() == Kind.APPLIED) {",
            "reply != null && reply.kind() != Kind.REFUSED) {",
            "MoreGuardsTest.i29_renewalsWithoutAnAnswer_keepTheOldDeadline")
        .mutant(
            "floodsTheStoreWithResends",
            "renewals of a short lease are 5 ms apart at least",
            "nextRenewal = now() + Math.max(lease / 12, SHORTEST_RETRY); if (reply",
            "nextRenewal = now() + lease / 12; if (reply",
            "HeldKeyGuardsTest.renewalsOfAShortLease_areFiveMillisecondsApart")
        .mutant(
            "resendsAtTheNextThird",
            "an unknown renewal is sent again after a twelfth of the lease",
            "nextRenewal = now() + Math.max(lease / 12, SHORTEST_RETRY); if (reply",
            "nextRenewal = now() + lease / 3; if (reply",
            "MoreGuardsTest.i29_renewalsWithoutAnAnswer_keepTheOldDeadline")
        .mutant(
            "followsAtOnce",
            "a store that refuses renewals is not flooded",
            "renewal = null; nextRenewal = now() + Math.max(lease / 12, " + "SHORTEST_RETRY);",
            "renewal = null; nextRenewal = now();",
            "HeldKeyGuardsTest.renewalRefusedByAnotherStampOfItsClaim_followsIt")
        .mutant(
            "holdsWhatItsRenewalLost",
            "a refused renewal is a loss",
            "lost = !ended;",
            "nextRenewal = now() + lease / 12;",
            "HeldKeyGuardsTest.recordTakenAway_isALossWithTheNextRenewal")
        .mutant(
            "losesWhatItCompleted",
            "a renewal refused by the own completion is no loss",
            "lost = !ended;",
            "lost = true;",
            "HeldKeyGuardsTest.renewalRefusedByTheCompletion_isNoLoss")
        .mutant(
            "tellsALossAgain",
            "a loss is told once",
            "why = ended || lossTold ? null : why;",
            "why = ended ? null : why;",
            "HeldKeyGuardsTest.lossToldBefore_isNotToldAgainByTheRefusalOfARenewal")
        .mutant(
            "renewsWhatItCannotRead",
            "S10: a record that cannot be understood is a loss",
            "return \"its record cannot be understood\";",
            "nextRenewal = now() + lease / 12; return null;",
            "HeldKeyGuardsTest.recordTakenAway_isALossWithTheNextRenewal")
        .mutant(
            "forgetsARecognisedRenewal",
            "a renewal recognised by its own stamp is confirmed",
            "if (settlement instanceof Settlement.Done) { confirm(write);",
            "if (settlement instanceof Settlement.Done) { nextRenewal = now() + lease / " + "3;",
            "LeaseTest.i29_unknownRenewal_keepsTheOldDeadlineAndIsSentAgain")
        .mutant(
            "followsNothing",
            "a renewal refused by another stamp of its claim follows it",
            "current = follow.expected();",
            "",
            "HeldKeyGuardsTest.renewalRefusedByAnotherStampOfItsClaim_followsIt")
        .mutant(
            "expectsItsOldStampForEver",
            "each renewal expects the stamp of the last",
            "current = write.next().stamp();",
            "",
            "LeaseTest.renewal_keepsTheKeyWhileTheOperationRuns")
        .mutant(
            "countsARenewalFromItsReply",
            "I25: a renewed lease counts from before its first send",
            "leaseEnd = renewalSentAt + write",
            "leaseEnd = now() + write",
            "HostileSurroundingsTest.leaseEnd_countsFromTheFirstSendOfARenewalThatWasAnsweredLate")
        .mutant(
            "tellsOneLossOnly",
            "a second loss after healing is told again",
            "lossTold &= now() - leaseEnd >= 0;",
            "",
            "HostileSurroundingsTest.secondLossAfterHealing_isToldAgain")
        .mutant(
            "tellsALossThatARenewalConfirms",
            "a renewal confirmed after its own end is no second loss",
            "lossTold &= now() - leaseEnd >= 0;",
            "lossTold = false;",
            "HeldKeyGuardsTest.renewalConfirmedAfterItsOwnEnd_isNoSecondLoss")
        .mutant(
            "renewsWithoutTheReference",
            "the reference reaches the store with the next renewal",
            ".reference(reference) .slots(checkpoint.slots())",
            ".slots(checkpoint.slots())",
            "HeldKeyGuardsTest.reference_reachesTheStoreWithTheNextRenewal")
        .mutant(
            "tellsALossAfterTheEnd",
            "a loss found before the end and told after it is none",
            "if (locked(() -> ended)) { return; }",
            "",
            "HeldKeyGuardsTest.lossFoundBeforeTheEndAndToldAfterIt_isNotTold")
        .mutant(
            "interruptsWhoDidNotAsk",
            "a loss interrupts only where the policy says so",
            "request.policy().interruptsOnLeaseLoss() ? new RunningThread() : RunningThread.UNWATCHED",
            "new RunningThread()",
            "HeldKeyGuardsTest.lossOfAnOperationThatDidNotAskForIt_interruptsNobody")
        .mutant(
            "interruptsNobody",
            "a loss interrupts where the policy says so",
            "request.policy().interruptsOnLeaseLoss() ? new RunningThread() : RunningThread.UNWATCHED",
            "RunningThread.UNWATCHED",
            "LeaseTest.interruptOnLeaseLoss_reachesTheRunningThreadOnly")
        .mutant(
            "completesWithoutTheReference",
            "the reference is recorded with the answer",
            ".reference(reference())",
            "",
            "ExecuteTest.reference_isStoredReplacedAndNeverCompared")
        .list();
  }

  private static List<Mutant> runningThread() {
    return Mutant.in("RunningThread")
        .mutant(
            "interruptsBeforeItKnowsTheThread",
            "the running thread is the one that is interrupted",
            "thread = Thread.currentThread();",
            "",
            "LeaseTest.interruptOnLeaseLoss_reachesTheRunningThreadOnly")
        .mutant(
            "interruptsWhoHasEnded",
            "an interrupt never reaches a thread whose operation has ended",
            "thread = null;",
            "",
            "HeldKeyGuardsTest.lossBetweenTheRunAndTheCompletion_interruptsNobody")
        .mutant(
            "leavesItsInterrupt",
            "an interrupt that the operation did not take is taken back",
            "interrupted = false; Thread.interrupted();",
            "interrupted = false;",
            "LeaseTest.interruptOnLeaseLoss_reachesTheRunningThreadOnly")
        .mutant(
            "takesBackAnothersInterrupt",
            "I24: an interrupt of somebody else's is never swallowed",
            "if (interrupted) {",
            "if (true) {",
            "HeldKeyGuardsTest.i24_interruptOfSomebodyElses_isKeptWhereALossWouldInterrupt")
        .mutant(
            "claimsAnInterruptThatWasThere",
            "an interrupt that was there before stays another's",
            "if (thread != null && !thread.isInterrupted()) {",
            "if (thread != null) {",
            "HostileSurroundingsTest.interruptThatWasThereBeforeOurs_isKept")
        .list();
  }

  private static List<Mutant> interruptGuard() {
    return Mutant.in("InterruptGuard")
        .mutant(
            "leavesTheInterruptOnTheWrites",
            "I24: the interrupt flag is set aside for the writes",
            "private boolean interrupted = Thread.interrupted();",
            "private boolean interrupted = Thread.currentThread().isInterrupted();",
            "MoreGuardsTest.i24_writesOfAnInterruptedCaller_areNotInterrupted")
        .mutant(
            "swallowsInterrupts",
            "I24: the interrupt flag is put back",
            "if (interrupted) { Thread.currentThread().interrupt(); }",
            "",
            "LeaseTest.i24_interruptOfTheCaller_isSetAsideForTheWritesAndKept")
        .mutant(
            "swallowsInterruptsDuringAWrite",
            "I24: an interrupt during a write is put back",
            "interrupted |= Thread.interrupted();",
            "Thread.interrupted();",
            "ClaimGuardsTest.interruptDuringAWrite_isSetAsideForTheNextWrite")
        .mutant(
            "swallowsInterruptsDuringAPause",
            "I24: an interrupt during a pause is put back",
            "catch (InterruptedException e) { interrupted = true; }",
            "catch (InterruptedException e) { }",
            "PendingWriteGuardsTest.interruptGuard_pausesForTheWholeTimeAndKeepsTheInterrupt")
        .mutant(
            "endsAPauseAtAnInterrupt",
            "a pause between sends lasts its time, whoever interrupts",
            "left = end - timing.nanoTime()",
            "left = 0",
            "PendingWriteGuardsTest.interruptGuard_pausesForTheWholeTimeAndKeepsTheInterrupt")
        .list();
  }
}
