package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** What is asked before an operation runs again, and what an operator does to a record. */
final class RecoveryMutants {
  private RecoveryMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(decisions());
    all.addAll(asking());
    all.addAll(ends());
    all.addAll(admin());
    return all;
  }

  private static List<Mutant> decisions() {
    return Mutant.in("KeyMachine")
        .mutant(
            "runsAgainWithoutAQuestion",
            "I12: nothing runs again that nobody had looked up",
            "return policy.mode() == Mode.RECOVER && locked.attempt() > 1;",
            "return false;",
            "RecoveryTest.notDone_runsTheOperationUnderTheSameLock")
        .mutant(
            "asksBeforeTheFirstAttempt",
            "a first attempt has nothing to be looked up",
            "locked.attempt() > 1;",
            "locked.attempt() > 0;",
            "RecoveryTest.firstCall_isNotAsked")
        .mutant(
            "asksBeforeItsTime",
            "a doubt says when it is asked about next",
            "Mode.RECOVER && !isRunning(live.leaseLeft()) &&",
            "Mode.RECOVER &&",
            "RecoveryTest.unknown_staysInDoubtAndIsAskedAgainAfterThePause")
        .mutant(
            "leavesADoubtUnasked",
            "a doubt is taken by whose policy recovers",
            "Mode.RECOVER && !isRunning(live.leaseLeft()) &&",
            "Mode.RECOVER && false &&",
            "RecoveryTest.row09_existenceCheckUnderLock_findsTheEffectAndRecordsItsAnswer")
        .mutant(
            "asksWhileItsOwnAnswerIsOnTheWay",
            "I21: an answer that is still sent is not asked about under another's doubt",
            "&& !(known instanceof Known.Ended) ?",
            "?",
            "DoubtRightsTest.i21_pendingAnswerUnderAnothersDoubt_isNotTakenByItsOwnRecovery")
        .mutant(
            "marksWhatItShouldAskAbout",
            "only hold() marks a lapsed lock as in doubt",
            "return request.policy().mode() == Mode.HOLD ?",
            "return request.policy().mode() != Mode.RERUN ?",
            "RecoveryTest.lapsedLock_isAskedAbout")
        .mutant(
            "tellsNoTimeOfTheNextQuestion",
            "a doubt tells when it is asked about next",
            "Optional.of(isRunning(live.leaseLeft()) ? live.leaseLeft() : PENDING_RETRY)",
            "Optional.of(PENDING_RETRY)",
            "RecoveryTest.unknown_staysInDoubtAndIsAskedAgainAfterThePause")
        .list();
  }

  private static List<Mutant> asking() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(
        Mutant.in("Recovering")
            .mutant(
                "takesAThrowForNotDone",
                "a recovery that throws cannot tell",
                "lease.held().request().describe(), e.getClass().getName()); return "
                    + "Recovery.Finding.unknown();",
                "lease.held().request().describe(), e.getClass().getName()); return "
                    + "Recovery.Finding.notDone();",
                "RecoveryTest.throw_countsAsUnknown")
            .mutant(
                "swallowsTheInterruptOfARecovery",
                "I24: an interrupt stays set",
                "Thread.currentThread().interrupt();",
                "",
                "RecoveryTest.interrupt_countsAsUnknownAndStaysSet")
            .mutant(
                "renewsForEverAfterAnErrorOfTheMachine",
                "an error of the virtual machine lets the lease lapse",
                "lease.close(); throw e;",
                "throw e;",
                "RecoveryTest.errorOfTheVirtualMachine_letsTheLockLapse")
            .mutant(
                "runsWhatWasFound",
                "I12: what is found done is not run",
                "case DONE -> new Claim.Denied<>(lease.completeRecovered(finding.value()));",
                "case DONE -> new Claim.Granted<>(lease);",
                "RecoveryTest.row09_existenceCheckUnderLock_findsTheEffectAndRecordsItsAnswer")
            .mutant(
                "runsWhatNobodyKnows",
                "I12: what nobody can tell is not run",
                "case UNKNOWN -> new Claim.Denied<>(lease.unrecovered());",
                "case UNKNOWN -> new Claim.Granted<>(lease);",
                "RecoveryTest.unknown_staysInDoubtAndIsAskedAgainAfterThePause")
            .list());
    all.addAll(
        Mutant.in("AsyncExecution")
            .mutant(
                "runsACallThatWasCancelledWhileAsked",
                "a cancelled call is not run",
                "} else if (answer instanceof Claiming.Answer.Held held && result.isDone()) {",
                "} else if (answer instanceof Claiming.Answer.Held held && false) {",
                "RecoveryTest.async_isAskedOnTheExecutorAndCancelledMeanwhile")
            .list());
    return all;
  }

  private static List<Mutant> ends() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(
        Mutant.in("Settling")
            .mutant(
                "countsAQuestionAsAnAttempt",
                "I12: nothing was started",
                ".attempt(held.record().attempt() - 1) .grant(",
                "/* */ .grant(",
                "RecoveryTest.unknown_staysInDoubtAndIsAskedAgainAfterThePause")
            .mutant(
                "takesTheEarlierHoldersGrant",
                "I3: the earlier holder may still settle its own doubt",
                ".grant(held.earlier())",
                "",
                "RecoveryTest.unknown_staysInDoubtAndIsAskedAgainAfterThePause")
            .mutant(
                "leavesTheEarlierHoldersDoubtToAMark",
                "I3: a mark under a recovery does not take the earlier holder's doubt",
                "|| !write.next().grant().equals(own);",
                ";",
                "DoubtRightsTest.findingOverAMark_givesTheDoubtBackToItsHolder")
            .mutant(
                "asksAgainAtOnce",
                "a recovery that cannot tell is left in peace for its pause",
                ".lease(held.request().policy().recoveryPause())",
                "",
                "RecoveryTest.unknown_staysInDoubtAndIsAskedAgainAfterThePause")
            .list());
    all.addAll(
        Mutant.in("StoreCalls")
            .mutant(
                "lowersTheFence",
                "I2: what a recovery drew is not drawn again",
                "long fence = Math.max(next.fence(), live.fence());",
                "long fence = next.fence();",
                "RecoveryTest.oldHolder_settlesItsOwnDoubtAfterARecoveryThatCouldNotTell")
            .list());
    all.addAll(
        Mutant.in("OperationPolicy")
            .mutant(
                "keepsAnswersTooLong",
                "an answer is kept for the retention, counted from its recording",
                "case COMPLETED -> retention();",
                "case COMPLETED -> releasedRetention();",
                "ExecuteTest.retention_over_runsAgain")
            .mutant(
                "forgetsADoubtEarly",
                "IN_DOUBT is kept for its own, longer retention",
                "case FAILED_IN_DOUBT -> inDoubtRetention();",
                "case FAILED_IN_DOUBT -> retention();",
                "ExecuteTest.hold_exception_staysInDoubtAndNeverRunsAgain")
            .mutant(
                "forgetsAReleaseEarly",
                "RETRYABLE is kept for lease + retention",
                "default -> releasedRetention();",
                "default -> retention();",
                "MoreGuardsTest.retention_ofAReleasedKey_isLeaseAndRetention")
            .list());
    return all;
  }

  private static List<Mutant> admin() {
    return Mutant.in("KeyAdmin")
        .mutant(
            "settlesWhatRuns",
            "a running lease is nobody's but its holder's",
            "return new Step(Result.RUNNING, null); } boolean isAbandoned",
            "} boolean isAbandoned",
            "KeyAdminTest.lapsedLock_isADoubtUnlessThePolicyReruns")
        .mutant(
            "forgetsWhatRuns",
            "nothing is erased while a lease runs",
            "return new Step(Result.RUNNING, null); } return new Step(",
            "} return new Step(",
            "KeyAdminTest.forget_erasesAndIsRefusedWhileALeaseRuns")
        .mutant(
            "settlesALockThatWouldRunAgain",
            "under rerun() a lapsed lock is no doubt",
            "&& policy.mode() != OperationPolicy.Mode.RERUN;",
            ";",
            "KeyAdminTest.lapsedLock_isADoubtUnlessThePolicyReruns")
        .mutant(
            "settlesWhatIsSettled",
            "I1: a recorded answer stands",
            "if (record.state() != KeyState.FAILED_IN_DOUBT && !isAbandoned) {",
            "if (false) {",
            "KeyAdminTest.complete_ofADoubt_isReplayed")
        .mutant(
            "keepsTheAnswerOfWhatIsForgotten",
            "what is forgotten is erased, though nobody purges it yet",
            ".slots(Slots.EMPTY)",
            "",
            "KeyAdminTest.forget_erasesAndIsRefusedWhileALeaseRuns")
        .mutant(
            "keepsTheReferenceOfWhatIsForgotten",
            "what is forgotten is erased, though nobody purges it yet",
            ".reference(null)",
            "",
            "KeyAdminTest.forget_erasesAndIsRefusedWhileALeaseRuns")
        .mutant(
            "takesItsOwnSettlementForAnothers",
            "I17: a refusal by the own stamp is a lost reply",
            "if (stamps.drew(live.get().stamp())) {",
            "if (false) {",
            "KeyAdminTest.lostReplies_areAskedAgainAndNeverAppliedTwice")
        .mutant(
            "changesWhatCameAfterItsOwnChange",
            "I16: a change that may have been applied is not made again over a later record",
            "if (wasUnknown && live.isPresent()",
            "if (false && live.isPresent()",
            "KeyAdminTest.i16_releaseWhoseReplyWasLost_releasesNoLaterDoubt")
        .mutant(
            "doesNotKnowWhatItErased",
            "an erasure whose reply was lost leaves nothing to be found",
            "return isSent ? gone : Result.ABSENT;",
            "return Result.ABSENT;",
            "KeyAdminTest.lostReplies_areAskedAgainAndNeverAppliedTwice")
        .list();
  }
}
