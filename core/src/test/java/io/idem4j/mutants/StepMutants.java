package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** Steps: what is run, what is recorded, and what becomes of it. */
final class StepMutants {
  private StepMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(steps());
    all.addAll(checkpointing());
    all.addAll(checkpointSlot());
    all.addAll(heldKey());
    all.addAll(keyMachine());
    all.addAll(settling());
    all.addAll(lease());
    all.addAll(leaseContext());
    all.addAll(recovering());
    all.addAll(recordedSteps());
    return all;
  }

  private static List<Mutant> steps() {
    return Mutant.in("Steps")
        .mutant(
            "runsARecordedStepAgain",
            "I30, row 7: a recorded step is not run again",
            "if (position < recorded.size()) {",
            "if (position < 0) {",
            "StepsTest.step_thatIsDone_isNotRunByALaterAttempt")
        .mutant(
            "takesAnyStepForTheNext",
            "a step is the recorded one by its name",
            "if (!found.name().equals(name)) {",
            "if (name.isEmpty()) {",
            "StepLimitsTest.changedSteps_runNothingAndSucceedNotEvenIfTheOperationDoesNotMind")
        .mutant(
            "nestsSteps",
            "steps follow one another",
            "if (running) { throw misuse(",
            "if (running && name.isEmpty()) { throw misuse(",
            "StepLimitsTest.nestedStep_isRefusedAndTheOuterOneGoesOn")
        .mutant(
            "repeatsStepNames",
            "two steps have two names",
            "if (recorded.names().subList(0, position).contains(name)) {",
            "if (name.isEmpty()) {",
            "StepLimitsTest.nestedStep_isRefusedAndTheOuterOneGoesOn")
        .mutant(
            "startsStepsAfterTheEnd",
            "no step starts once the attempt has ended",
            "if (held.hasEnded()) {",
            "if (name.isEmpty()) {",
            "StepLimitsTest.nestedStep_isRefusedAndTheOuterOneGoesOn")
        .mutant(
            "hasAnyNumberOfSteps",
            "the number of steps is bounded",
            "if (position >= OperationContext.MAXIMUM_STEPS) {",
            "if (name.isEmpty()) {",
            "StepLimitsTest.tooManySteps_areRefusedBeforeTheyRun")
        .mutant(
            "runsAStepWithoutRoom",
            "what cannot be recorded at all is not run",
            "if (least > held.engine().maximumPayload()) {",
            "if (name.isEmpty()) {",
            "StepLimitsTest.stepWithoutRoom_isNotRun")
        .mutant(
            "startsAStepUnderALostLease",
            "no step starts once the lease is known lost",
            "if (held.isLost()) {",
            "if (name.isEmpty()) {",
            "StepRefusalsTest.stepUnderALostLease_isNotRun")
        .mutant(
            "goesOnAfterItsDoom",
            "no step starts in an attempt that cannot succeed",
            "if (known != null) { throw known; }",
            "",
            "StepLimitsTest.resultOverTheLimit_endsTheAttemptInDoubtWhateverThePolicyAndTheOperationSay")
        .mutant(
            "recordsStepsOfAnySize",
            "the steps of a record are bounded",
            "if (more.length() > limit) {",
            "if (name.isEmpty()) {",
            "StepLimitsTest.resultOverTheLimit_endsTheAttemptInDoubtWhateverThePolicyAndTheOperationSay")
        .mutant(
            "releasesWhatItCouldNotRecord",
            "a step that cannot be recorded is in doubt, whatever the policy says",
            "of instanceof StepNotRecordedException ? Verdict.inDoubt() :",
            "",
            "StepLimitsTest.resultOverTheLimit_endsTheAttemptInDoubtWhateverThePolicyAndTheOperationSay")
        .mutant(
            "asksTheCodecAboutNull",
            "a null result is recorded",
            "if (value == null) { return null; }",
            "",
            "StepsTest.nullResult_isRecordedAsNull",
            "StepNotRecordedException")
        .mutant(
            "isUnderWayAfterAThrow",
            "a step that threw has ended",
            "value = supplier.get(); } catch (Throwable e) { end();",
            "value = supplier.get(); } catch (Throwable e) {",
            "StepsTest.stepThatThrew_mayBeRunAgainInTheSameAttempt",
            "MisuseException")
        .mutant(
            "isUnderWayWithoutAStage",
            "a step that did not start has ended",
            "\"the stage of the step\"); } catch (Throwable e) { end();",
            "\"the stage of the step\"); } catch (Throwable e) {",
            "StepsAsyncTest.supplierThatFails_isNotRecordedAndMayBeRunAgain")
        .mutant(
            "isUnderWayAfterItsStageFailed",
            "a step whose stage failed has ended",
            "} else { end(); boolean",
            "} else { boolean",
            "StepsAsyncTest.supplierThatFails_isNotRecordedAndMayBeRunAgain")
        .mutant(
            "callsTheStoreOnTheStagesThread",
            "the store is called on an executor",
            "submit(new Once(() -> finish(name, answers, value, result)));",
            "finish(name, answers, value, result);",
            "StepsAsyncTest.store_isCalledOnTheEnginesExecutorAlone")
        .mutant(
            "losesAStepThatNobodyRuns",
            "whoever refuses, a step is recorded",
            "catch (Throwable e) { task.run(); }",
            "catch (Throwable e) { }",
            "StepsAsyncTest.executorThatRefuses_doesNotLoseTheStep")
        .list();
  }

  private static List<Mutant> checkpointing() {
    return Mutant.in("Checkpointing")
        .mutant(
            "takesARefusedCheckpointForOpen",
            "a refused checkpoint is a lost lease",
            "held.isSettledOrLost() ? Saved.LOST : Saved.OPEN",
            "Saved.OPEN",
            "StepRefusalsTest.refusedCheckpoint_isALostLeaseWithTheValue")
        .mutant(
            "sendsACheckpointOnce",
            "a checkpoint is sent up to the store deadline",
            "saved == Saved.OPEN && backoff.pause(end)",
            "saved == Saved.OPEN && end == 0 && backoff.pause(end)",
            "StepFaultsTest.interrupt_doesNotKeepTheCheckpointFromBeingWritten")
        .mutant(
            "goesOnWithoutTheStep",
            "a checkpoint over the store's limit fails the step",
            "if (held.checkpoint().isTooLarge()) {",
            "if (held.checkpoint().isTooLarge() && held.hasEnded()) {",
            "StepRefusalsTest.checkpointThatDoesNotFitTheStore_isInDoubtWhateverThePolicySays")
        .list();
  }

  private static List<Mutant> checkpointSlot() {
    return Mutant.in("CheckpointSlot")
        .mutant(
            "wantsWhatDoesNotFit",
            "a lease goes on without a checkpoint that does not fit",
            "tooLarge = true; wanted = stored;",
            "tooLarge = true;",
            "StepRefusalsTest.checkpointThatIsFoundNotToFitLater_endsTheAttemptInDoubt")
        .list();
  }

  private static List<Mutant> heldKey() {
    return Mutant.in("HeldKey")
        .mutant(
            "overlapsItsWrites",
            "the writes of a lease are one after the other",
            "if (ended || lost || suspended || sending) {",
            "if (ended || lost || suspended) {",
            "StepFaultsTest.renewalUnderWay_isNotOverlappedByACheckpointThatItIsFollowedBy")
        .mutant(
            "forgetsTheCheckpointBehind",
            "what waits behind an unresolved write follows it at once",
            "if (!checkpoint.isStored()) { nextRenewal = now(); }",
            "",
            "StepFaultsTest.checkpointBehindAnUnresolvedOne_isSentAsSoonAsThatIsSettled")
        .mutant(
            "sendsWhatDoesNotFitForEver",
            "a write that does not fit is not sent again",
            "checkpoint.refuse(); renewal = null;",
            "checkpoint.refuse();",
            "StepRefusalsTest.checkpointThatIsFoundNotToFitLater_endsTheAttemptInDoubt")
        .mutant(
            "heartbeatEmptiesTheCheckpoint",
            "peer 29: a renewal leaves both slots as they are",
            ".slots(checkpoint.slots())",
            ".slots(io.idem4j.spi.Slots.EMPTY)",
            "MoreGuardsTest.peer29_checkpoint_survivesEveryWriteThatDoesNotEndTheOperation")
        .list();
  }

  private static List<Mutant> keyMachine() {
    return Mutant.in("KeyMachine")
        .mutant(
            "runsOnWithLittleOfItsLease",
            "a claim answered late is renewed before it runs",
            "return leaseLeft.toNanos() < (lease.toNanos() * 2 + 2) / 3;",
            "return false;",
            "LeaseTest.claimAnsweredAfterAThirdOfTheLease_isRenewedBeforeTheOperationRuns")
        .mutant(
            "renewsWithTwoThirdsLeft",
            "two thirds of the lease are enough to run",
            "return leaseLeft.toNanos() < (lease.toNanos() * 2 + 2) / 3;",
            "return leaseLeft.toNanos() <= (lease.toNanos() * 2 + 2) / 3;",
            "MoreGuardsTest.claim_withTwoThirdsOfItsLeaseLeft_runsAndWithLessIsRenewed")
        .mutant(
            "takesOverStepsThatItCannotRead",
            "S10: what cannot be read is not overwritten",
            "RecordedSteps.requireReadable(found.keyId(), found.slots().checkpoint());",
            "",
            "StepRefusalsTest.damagedSteps_areATypedErrorAndNeitherOverwrittenNorRunAgain")
        .list();
  }

  private static List<Mutant> settling() {
    return Mutant.in("Settling")
        .mutant(
            "failureForgetsTheUnresolvedStep",
            "a failure carries what is unresolved",
            "new Settling(held, end, slots, List.of())",
            "new Settling(held, end, Slots.UNCHANGED, List.of())",
            "StepFaultsTest.unresolvedCheckpoint_isCarriedByTheFailure")
        .mutant(
            "leavesTheStepsOfAMark",
            "a doubt that somebody marked gets the steps that its holder made",
            "&& !isToBeCarried(reply.live())",
            "",
            "StepFaultsTest.unresolvedCheckpoint_isCarriedOverAMarkOfItsOwnGrant")
        .mutant(
            "releasesAheadOfItsSteps",
            "a release that carries steps is not overtaken",
            "&& wanted.slots().isUnchanged()",
            "",
            "StepFaultsTest.releaseThatCarriesAStep_isNotOvertakenByACallOfTheSameProcess")
        .mutant(
            "releasesWhatDoesNotFit",
            "a step that does not fit is in doubt",
            "&& write.next().slots().checkpoint() != null) {",
            "&& write.next().slots().payload() != null) {",
            "StepRefusalsTest.checkpointThatIsFoundNotToFitLater_endsTheAttemptInDoubt")
        .list();
  }

  private static List<Mutant> lease() {
    return Mutant.in("Lease")
        .mutant(
            "staysInsideAfterAFailure",
            "a call after one that threw is not nested",
            "finally { held.runner().end(); nesting.leave(); }",
            "finally { held.runner().end(); }",
            "OperationGuardsTest.callAfterOneThatThrew_isNotTakenForANestedOne")
        .mutant(
            "interruptsAfterTheThrow",
            "an interrupt of a loss is taken back when the operation throws",
            "finally { held.runner().end(); nesting.leave(); }",
            "finally { nesting.leave(); }",
            "HeldKeyGuardsTest.interruptOfALossThatTheOperationThrowsOn_isTakenBack")
        .mutant(
            "interruptsAfterTheRun",
            "an interrupt never reaches a thread whose operation has ended",
            "finally { held.runner().end(); nesting.leave(); }",
            "finally { nesting.leave(); }",
            "HeldKeyGuardsTest.lossBetweenTheRunAndTheCompletion_interruptsNobody")
        .mutant(
            "preparesBesideAStep",
            "a step that is under way is not left behind by a prepared end",
            "steps.requireAtRest();",
            "",
            "SeamsTest.prepareWhileAStepIsUnderWay_isRefused")
        .mutant(
            "completesADoomedAttempt",
            "an attempt whose steps were changed is no success",
            "IdempotencyException doom = steps.doom(); if (doom != null) { Optional<",
            "IdempotencyException doom = steps.doom(); if (doom != null && "
                + "held.hasEnded()) { Optional<",
            "StepLimitsTest.changedSteps_runNothingAndSucceedNotEvenIfTheOperationDoesNotMind")
        .mutant(
            "asksTheClassifierAboutADoomedAttempt",
            "the classifier has no say on a doomed attempt",
            "doom == null ? operation.policy().verdict(failure) : steps.verdict(doom)",
            "operation.policy().verdict(failure)",
            "StepLimitsTest.changedSteps_areNoFailureThatTheClassifierIsAskedAbout")
        .mutant(
            "takesAnyVerdictOnADoomedAttempt",
            "the embedder has no say on a doomed attempt",
            "doom == null ? verdict : steps.verdict(doom)",
            "verdict",
            "StepLimitsTest.attemptThatCannotBeRecorded_isInDoubtHoweverItIsFailed")
        .mutant(
            "letsADoomedAttemptLapse",
            "a step that cannot be recorded is in doubt, even in an error of the virtual machine",
            "&& steps.doom() == null",
            "",
            "StepLimitsTest.attemptThatCannotBeRecorded_isInDoubtHoweverItIsFailed")
        .list();
  }

  private static List<Mutant> leaseContext() {
    return Mutant.in("LeaseContext")
        .mutant(
            "runsStepsInARecovery",
            "a recovery runs no steps",
            "if (!mayRunSteps) {",
            "if (!mayRunSteps && held.hasEnded()) {",
            "StepsTest.recovery_seesTheStepsAndRunsNone",
            "OutcomeException")
        .list();
  }

  private static List<Mutant> recovering() {
    return Mutant.in("Recovering")
        .mutant(
            "givesARecoveryTheWholeContext",
            "a recovery runs no steps",
            "lease.recoveryContext()",
            "lease.context()",
            "StepsTest.recovery_seesTheStepsAndRunsNone",
            "OutcomeException")
        .list();
  }

  private static List<Mutant> recordedSteps() {
    return Mutant.in("RecordedSteps")
        .mutant(
            "readsDamagedSteps",
            "S10: steps bear a sum",
            "|| in.getInt(end) != checksum(id, checkpoint, end)",
            "",
            "StepRefusalsTest.damagedSteps_areATypedErrorAndNeitherOverwrittenNorRunAgain")
        .mutant(
            "readsStepsOfAnotherKey",
            "S10: the sum binds steps to their key",
            "crc.update(id.bytes());",
            "",
            "StepRefusalsTest.damagedSteps_areATypedErrorAndNeitherOverwrittenNorRunAgain")
        .mutant(
            "readsStepsOfALaterRelease",
            "S10: a later version is not read",
            "if (version != VERSION) {",
            "if (version < 0) {",
            "StepRefusalsTest.damagedSteps_areATypedErrorAndNeitherOverwrittenNorRunAgain")
        .mutant(
            "readsStepsWithARest",
            "S10: the lengths of the steps add up",
            "if (in.position() != end ||",
            "if (",
            "StepRefusalsTest.damagedSteps_areATypedErrorAndNeitherOverwrittenNorRunAgain")
        .mutant(
            "readsStepsOfOneName",
            "S10: recorded steps have different names",
            "|| new HashSet<>(steps.stream().map(Step::name).toList()).size() != steps.size()",
            "",
            "StepRefusalsTest.damagedSteps_areATypedErrorAndNeitherOverwrittenNorRunAgain")
        .list();
  }
}
