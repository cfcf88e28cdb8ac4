package io.idem4j.mutants;

import java.util.List;

/** What a refused withdrawal, settlement or renewal decides, and what each writes. */
final class RefusalMutants {
  private RefusalMutants() {}

  static List<Mutant> all() {
    return Mutant.in("Refusals")
        .mutant(
            "withdrawalKeepsTheAttempt",
            "a withdrawal puts back the attempt that was found",
            ".attempt(claimed.attempt() - 1)",
            ".attempt(claimed.attempt())",
            "UnknownOutcomesTest.i18_unresolvedClaim_runsNothingAndIsWithdrawn")
        .mutant(
            "withdrawalKeepsItsOwnGrant",
            "a withdrawal puts back the grant that was found",
            ".grant(taken.found() == null ? claimed.grant() : taken.found().grant())",
            ".grant(claimed.grant())",
            "UnknownOutcomesTest.withdrawal_overAReleasedKey_putsBackWhatWasFound")
        .mutant(
            "withdrawalRepeatsTheStampOfTheClaim",
            "every different write bears a different stamp",
            ".stamp(stamps.fresh()) .state(putBack)",
            ".state(putBack)",
            "KeyMachinePropertiesTest.withdrawal_putsBackWhatWasFound")
        .mutant(
            "withdrawalEmptiesTheCheckpoint",
            "peer 29: a withdrawal leaves both slots as they are",
            ".slots(Slots.UNCHANGED) .lease(Duration.ZERO) .retention( putBack",
            ".slots(Slots.EMPTY).lease(Duration.ZERO).retention(putBack",
            "KeyMachinePropertiesTest.withdrawal_putsBackWhatWasFound")
        .mutant(
            "withdrawalIsKeptForTheLeaseOnly",
            "a withdrawn claim is kept for lease + retention",
            ": policy.releasedRetention())",
            ": policy.lease())",
            "MoreGuardsTest.retention_ofAWithdrawnClaim_isLeaseAndRetention")
        .mutant(
            "withdrawalEndsWhereNothingIsLive",
            "I22: a claim that may land late is withdrawn until a lease has passed",
            "if (live.isEmpty()) { return Withdrawal.AGAIN;",
            "if (live.isEmpty()) { return Withdrawal.SETTLED;",
            "UnknownOutcomesTest.i22_claimThatLandsLate_isWithdrawnToo")
        .mutant(
            "withdrawalEndsOverWhatTheClaimExpected",
            "while the expected record lives, the claim may still be applied",
            "return live.get().stamp().equals(claimExpected) ? Withdrawal.AGAIN : "
                + "Withdrawal.SETTLED;",
            "return Withdrawal.SETTLED;",
            "UnknownOutcomesTest.withdrawal_whileTheFoundRecordIsStillThere_isSentAgain")
        .mutant(
            "withdrawalGoesOnOverANewerRecord",
            "I22: a newer record settles the withdrawal",
            "return live.get().stamp().equals(claimExpected) ? Withdrawal.AGAIN : "
                + "Withdrawal.SETTLED;",
            "return Withdrawal.AGAIN;",
            "KeyMachinePropertiesTest.withdrawal_isSettledByAnothersRecordAlone")
        .mutant(
            "withdrawalLosesItsOwnRenewedLock",
            "a lock under a later stamp of the claim is put back too",
            "boolean ownLock = state == KeyState.LOCKED && " + "stamps.drew(live.get().stamp());",
            "boolean ownLock = false;",
            "HostileSurroundingsTest.claimThatCannotBeRenewedBeforeItRuns_isPutBack")
        .mutant(
            "withdrawalOverwritesItsOwnAnswer",
            "only a LOCKED write is ever withdrawn",
            "boolean ownLock = state == KeyState.LOCKED && stamps",
            "boolean ownLock = stamps",
            "KeyMachinePropertiesTest.withdrawal_isSettledByAnothersRecordAlone")
        .mutant(
            "withdrawalTakesOverAnothersLock",
            "I22: a withdrawal never resets a newer grant",
            "boolean ownLock = state == KeyState.LOCKED && " + "stamps.drew(live.get().stamp());",
            "boolean ownLock = state == KeyState.LOCKED;",
            "KeyMachinePropertiesTest.withdrawal_isSettledByAnothersRecordAlone")
        .mutant(
            "withdrawalLeavesItsOwnDoubt",
            "a doubt that somebody marked on the claim's grant is put back",
            "if (ownLock || isOwnDoubt(stamps, live)) {",
            "if (ownLock) {",
            "HostileSurroundingsTest.claimMarkedInDoubtThoughItNeverRan_isPutBackByItsOwnWithdrawal")
        .mutant(
            "takesACommitThatWasDoubtedSinceForRolledBack",
            "what was committed and is no answer may be gone again: not known",
            "return !(settlement instanceof Settlement.Superseded) && !written",
            "return settlement instanceof Settlement.Lost && !written",
            "SeamsTest.doubtThatWasCommitted_andAskedAboutSince_isNotTakenForRolledBack")
        .mutant(
            "withdrawalResetsWhatBearsItsGrant",
            "of the records that bear the claim's grant only a doubt is put back",
            "&& live.get().record().state() == KeyState.FAILED_IN_DOUBT && stamps",
            "&& stamps",
            "ClaimGuardsTest.withdrawal_overARecordThatOnlyKeepsItsGrant_isSettled")
        .mutant(
            "withdrawalResetsAnothersDoubt",
            "a doubt on another's grant stays",
            "&& stamps.drew(Stamp.first(live.get().record().grant()));",
            ";",
            "KeyMachinePropertiesTest.withdrawal_isSettledByAnothersRecordAlone")
        .mutant(
            "takesAGoneRecordForSettled",
            "I4: a settlement over no record is lost",
            "return new Settlement.Lost(\"its record is gone\");",
            "return new Settlement.Done();",
            "LeaseTest.recordThatIsGone_losesTheLease")
        .mutant(
            "settlesOverAnothersLock",
            "I3: the grant decides whose record it is",
            "if (record.stamp().isOf(mine.stamp().grant())) {",
            "if (true) {",
            "LeaseTest.i4_holderThatWasTakenOver_changesNothing")
        .mutant(
            "losesItsOwnLaterStamp",
            "I20: an earlier stamp of the own lease is followed",
            "if (record.stamp().isOf(mine.stamp().grant())) {",
            "if (record.stamp().equals(mine.stamp())) {",
            "LeaseTest.completionThatMeetsItsOwnRenewal_followsIt",
            "LeaseLostException")
        .mutant(
            "takesItsOwnLockForTheCompletion",
            "I20: the own lock means write again, not done",
            "return record.state() == KeyState.LOCKED ? new "
                + "Settlement.Follow(record.stamp()) : new Settlement.Done();",
            "return new Settlement.Done();",
            "LeaseTest.completionThatMeetsItsOwnRenewal_followsIt")
        .mutant(
            "writesOverItsOwnCompletion",
            "I5, I20: the own terminal record means done",
            "return record.state() == KeyState.LOCKED ? new "
                + "Settlement.Follow(record.stamp()) : new Settlement.Done();",
            "return new Settlement.Follow(record.stamp());",
            "KeyMachinePropertiesTest.i3_settlementIsDecidedByTheGrant")
        .mutant(
            "ignoresTheAnswerThatWasRecordedFirst",
            "I1: a recorded answer to the same request wins",
            "if (record.state().isTerminal() && record.fingerprint()",
            "if (false && record.fingerprint()",
            "LeaseTest.peer06_zombie_getsTheRecordedAnswerWithItsOwnValueAttached",
            "LeaseLostException")
        .mutant(
            "givesOutTheAnswerToAnotherRequest",
            "I10: an answer under another fingerprint is nobody's but its own",
            "record.state().isTerminal() && " + "record.fingerprint().equals(mine.fingerprint())",
            "record.state().isTerminal()",
            "KeyMachinePropertiesTest.i3_settlementIsDecidedByTheGrant")
        .mutant(
            "losesItsOwnMarkedRecord",
            "I3: a doubt marked on the own grant may still be settled",
            "if (record.state() == KeyState.FAILED_IN_DOUBT && record.grant()",
            "if (false && record.grant()",
            "KeyMachinePropertiesTest.doubtMarkedByAnother_isSettledByItsOwnHolderAlone")
        .mutant(
            "settlesAnothersDoubt",
            "I3: a doubt on another's grant is not settled",
            "record.state() == KeyState.FAILED_IN_DOUBT && "
                + "record.grant().equals(mine.stamp().grant())",
            "record.state() == KeyState.FAILED_IN_DOUBT",
            "KeyMachinePropertiesTest.doubtMarkedByAnother_isSettledByItsOwnHolderAlone")
        .mutant(
            "marksItsOwnDoubtAgain",
            "a doubt that is already marked on the own grant is done",
            "return wanted == KeyState.FAILED_IN_DOUBT ? new Settlement.Done() :",
            "return false ? new Settlement.Done() :",
            "KeyMachinePropertiesTest.doubtMarkedByAnother_isSettledByItsOwnHolderAlone")
        .mutant(
            "takesItsAppliedRenewalForUnapplied",
            "a refusal by the renewal's own stamp is a lost reply",
            "if (live.isPresent() && live.get().stamp().equals(renewed.stamp())) {",
            "if (false) {",
            "KeyMachinePropertiesTest.renewal_neverRevivesWhatAnotherHolds")
        .mutant(
            "renewsAnothersLock",
            "I29: a renewal never revives what another holds",
            "&& live.get().stamp().isOf(renewed.stamp().grant())",
            "",
            "HeldKeyGuardsTest.recordTakenAway_isALossWithTheNextRenewal")
        .mutant(
            "renewsWhatIsSettled",
            "only a lock is renewed",
            "&& live.get().record().state() == KeyState.LOCKED",
            "",
            "KeyMachinePropertiesTest.renewal_neverRevivesWhatAnotherHolds")
        .mutant(
            "renewalRepeatsAStamp",
            "every renewal is a new stamp",
            "return locked.toBuilder() .stamp(stamps.fresh())",
            "return locked.toBuilder()",
            "LeaseTest.everyDifferentWrite_bearsADifferentStamp")
        .mutant(
            "renewalEmptiesTheCheckpoint",
            "peer 29: a renewal leaves both slots as they are",
            ".slots(Slots.UNCHANGED) .lease(policy.lease())",
            ".slots(Slots.EMPTY).lease(policy.lease())",
            "StepFaultsTest.claimThatIsRenewedBeforeItRuns_keepsTheSteps")
        .mutant(
            "renewalIsKeptForTheLeaseOnly",
            "I31: a renewed lock is kept for lease + retention",
            ".lease(policy.lease()) .retention(policy.lockedRetention());",
            ".lease(policy.lease()) .retention(policy.lease());",
            "MoreGuardsTest.retention_ofARenewedLock_isThatOfAClaimedOne")
        .list();
  }
}
