package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** Calls that block no thread. */
final class AsyncMutants {
  private AsyncMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(asyncExecution());
    all.addAll(claiming());
    all.addAll(operation());
    return all;
  }

  private static List<Mutant> asyncExecution() {
    return Mutant.in("AsyncExecution")
        .mutant(
            "claimsOnTheCallersThread",
            "each store call is a task of the executor",
            "submit(once, once);",
            "once.run();",
            "ExecuteAsyncTest.executeAsync_firstCall_runsOnceAndIsReplayed")
        .mutant(
            "refusedCallIsUnderWayForEver",
            "close waits for no call that has ended",
            "if (once.take()) { leave();",
            "if (once.take()) {",
            "ExecuteAsyncTest.executor_refusesTheClaim_isToldAndNothingIsWritten")
        .mutant(
            "hidesThatItsExecutorRefuses",
            "a claim that the executor refuses is told",
            "if (once.take()) { leave(); result.completeExceptionally(e);",
            "if (once.take()) { leave();",
            "ExecuteAsyncTest.executor_refusesTheClaim_isToldAndNothingIsWritten")
        .mutant(
            "looksOnTheTimerThread",
            "what follows a wait never runs on the thread that ended it",
            "if (Thread.currentThread() == here && !handedOver.get()) {",
            "if (false) {",
            "AsyncGuardsTest.turnOfAnExecutorThatRunsInPlace_isTheEnginesToRun")
        .mutant(
            "leaderWaitsForItsExecutorForEver",
            "a leader whose executor is stuck hands over",
            "patience = patienceFor(leaving);",
            "",
            "AsyncGuardsTest.leaderWhoseExecutorIsStuck_handsOver")
        .mutant(
            "endsTwiceOnAnExecutorThatAcceptsAndThrows",
            "I20: a completion is begun once",
            "Once once = new Once(task);",
            "Runnable once = task;",
            "AsyncGuardsTest.executorThatAcceptsAndThrows_doesNothingTwice")
        .mutant(
            "claimsOnceCancelled",
            "a call cancelled before its claim writes nothing",
            "if (result.isDone()) { leave(); } else {",
            "if (false) { leave(); } else {",
            "ExecuteAsyncTest.cancel_beforeTheClaim_writesNothing")
        .mutant(
            "cancelledCallIsUnderWayForEver",
            "close waits for no call that has ended",
            "if (result.isDone()) { leave(); } else {",
            "if (result.isDone()) { } else {",
            "ExecuteAsyncTest.cancel_beforeTheClaim_writesNothing")
        .mutant(
            "failedClaimLeavesItsSeat",
            "I43: a claim that fails leaves nothing behind",
            "task.run(); } } catch (Throwable e) { leave();",
            "task.run(); } } catch (Throwable e) {",
            "ExecuteAsyncTest.wait_storeCannotBeRead_isATypedError")
        .mutant(
            "hidesThatItsClaimFailed",
            "I18: an unresolved claim is told",
            "task.run(); } } catch (Throwable e) { leave(); " + "result.completeExceptionally(e);",
            "task.run(); } } catch (Throwable e) { leave();",
            "ExecuteAsyncTest.i18_unresolvedClaim_runsNothing")
        .mutant(
            "cancelledLeaderStaysLeader",
            "a leader that is cancelled hands over",
            "if (turn != null) { turn.run(); }",
            "",
            "AsyncGuardsTest.cancelledLeader_handsOverToAnotherGuest")
        .mutant(
            "leavesItsSeatTaken",
            "I43: a room is gone with its last guest",
            "if (seat != null) { seat.close(); }",
            "",
            "AsyncGuardsTest.cancelledGuest_goesAtOnceAndLeavesNothing")
        .mutant(
            "takesItsAsyncSeatTooLate",
            "a bell between a refusal and the wait for it is not lost",
            "if (!request.policy().waitBudget().isZero()) { seat = "
                + "engine.rooms().enter(request.id()); } pursue(claiming.start());",
            "Claiming.Answer first = claiming.start(); if "
                + "(!request.policy().waitBudget().isZero()) { seat = "
                + "engine.rooms().enter(request.id()); } pursue(first);",
            "AsyncGuardsTest.bellBetweenTheRefusalAndTheWait_isHeard")
        .mutant(
            "asyncCallIsUnderWayForEver",
            "close waits for no call that has ended",
            "engine.activity().end(cell);",
            "",
            "ExecuteAsyncTest.executeAsync_firstCall_runsOnceAndIsReplayed")
        .mutant(
            "claimsAsyncOnceClosed",
            "I34: a closed engine refuses new calls",
            "engine.activity().beginCall();",
            "engine.activity().begin();",
            "ExecuteAsyncTest.close_refusesNewCallsAndEndsWaits_butNotWhatRuns")
        .mutant(
            "waitsOnOnceCancelled",
            "a guest that is cancelled goes at once",
            "CompletableFuture.anyOf(next.signal(), over, result)",
            "CompletableFuture.anyOf(next.signal(), over)",
            "AsyncGuardsTest.cancelledGuest_goesAtOnceAndLeavesNothing")
        .mutant(
            "leavesTheTimerOfItsTurn",
            "I43: no timer outlives its turn",
            "timer.cancel();",
            "",
            "AsyncGuardsTest.cancelledGuest_goesAtOnceAndLeavesNothing")
        .mutant(
            "claimsFromAClosedRoom",
            "I34: close ends waits",
            "if (!looked || engine.activity().isClosed()) {",
            "if (!looked) {",
            "AsyncGuardsTest.guestWhoseRoomIsClosed_claimsNothingMore")
        .mutant(
            "endsAnAsyncWaitWithABareError",
            "a failed wait says that nothing was run",
            "throw claiming.failed(e);",
            "throw e;",
            "AsyncGuardsTest.guestWhoseLookFailsForGood_isToldThatNothingWasRun")
        .mutant(
            "runsOnceCancelled",
            "a call cancelled during its claim runs nothing",
            "if (answer instanceof Claiming.Answer.Held held && result.isDone()) { "
                + "claiming.giveBack(held.key()); leave(); return; } Claim<T> claim = "
                + "operation.answer(subject, answer); leave(); if (claim instanceof "
                + "Claim.Denied<T> denied) { result.complete(denied.outcome()); } else "
                + "if (answer instanceof Claiming.Answer.Held held && result.isDone()) { "
                + "// Cancelled while a recovery was asked. "
                + "claiming.giveBack(held.key()); } else {",
            "Claim<T> claim = operation.answer(subject, answer); leave(); if "
                + "(claim instanceof Claim.Denied<T> denied) { "
                + "result.complete(denied.outcome()); } else {",
            "ExecuteAsyncTest.cancel_duringTheClaim_withdrawsIt")
        .mutant(
            "keepsTheKeyOfACancelledCall",
            "a claim that nobody waits for is withdrawn",
            "claiming.giveBack(held.key()); leave();",
            "held.key().end(); held.key().release(); leave();",
            "ExecuteAsyncTest.cancel_duringTheClaim_withdrawsIt")
        .mutant(
            "asyncRunIsNotNested",
            "I41: a nested call of the same key is refused",
            "Nesting nesting = Nesting.enter(engine.store(), request.id());",
            "Nesting nesting = new Nesting(engine.store(), request.id(), null);",
            "ExecuteAsyncTest.i41_blockingCallInsideTheStart_isRefused")
        .mutant(
            "asyncRunStaysNested",
            "the thread is free once the action has begun",
            "finally { nesting.leave(); }",
            "finally { }",
            "ExecuteAsyncTest.executeAsync_firstCall_runsOnceAndIsReplayed",
            "MisuseException")
        .mutant(
            "losesAnActionThatThrows",
            "I40: an action that throws at once has failed",
            "} catch (Throwable e) { fail(lease, e); }",
            "} catch (Throwable e) { }",
            "ExecuteAsyncTest.i40_actionThrowsAtOnceOrGivesNoStage_isAFailure")
        .mutant(
            "recordsOnTheActionsThread",
            "the completion is a task of the executor",
            "each.execute(once); return;",
            "once.run(); return;",
            "ExecuteAsyncTest.executeAsync_firstCall_runsOnceAndIsReplayed")
        .mutant(
            "dropsAnEndThatIsRefused",
            "I21: an end that every executor refuses is recorded all the same",
            "tellRefusal(e); } } once.run();",
            "tellRefusal(e); } }",
            "AsyncGuardsTest.endThatEveryExecutorRefuses_isRecordedAllTheSame")
        .mutant(
            "classifiesTheWrapper",
            "I40: the original throwable is seen, not a wrapper",
            "fail(lease, wrapped ? thrown.getCause() : thrown);",
            "fail(lease, thrown);",
            "AsyncGuardsTest.failureInAWrapper_isClassifiedAsItself")
        .mutant(
            "hidesALostCompletion",
            "I4: a lost completion is told",
            "result.complete(lease.complete(value)); } catch (Throwable e) { "
                + "result.completeExceptionally(e); }",
            "result.complete(lease.complete(value)); } catch (Throwable e) { }",
            "ExecuteAsyncTest.cancel_duringATakeover_letsTheLockLapseAgain")
        .mutant(
            "prefersItsOwnFailure",
            "I1: a recorded answer wins over the own failure",
            "if (recordedFirst.isPresent()) {",
            "if (false) {",
            "AsyncGuardsTest.zombieThatFails_getsTheRecordedAnswerWithItsThrowableAttached")
        .list();
  }

  private static List<Mutant> claiming() {
    return Mutant.in("Claiming")
        .mutant(
            "cancelledClaimIsUnderWayForEver",
            "close waits for no lease that has ended",
            "withdraw(take, locked); held.release();",
            "withdraw(take, locked);",
            "ExecuteAsyncTest.cancel_duringTheClaim_withdrawsIt")
        .mutant(
            "cancelledClaimGoesOnRenewing",
            "a claim that is given back is renewed no more",
            "Stamp current = held.end();",
            "Stamp current = requireNonNull(taken).next().stamp();",
            "ExecuteAsyncTest.cancel_duringTheClaim_withdrawsIt")
        .mutant(
            "cancelledTakeoverIsReleased",
            "a takeover that is given back lapses again: its operation may have run",
            "new Decision.Take(take.expected(), locked, take.found(), take.putBack())",
            "new Decision.Take(take.expected(), locked, take.found(), "
                + "io.idem4j.spi.KeyState.FAILED_RETRYABLE)",
            "ExecuteAsyncTest.cancel_duringATakeover_letsTheLockLapseAgain")
        .list();
  }

  private static List<Mutant> operation() {
    return Mutant.in("Operation")
        .mutant(
            "nestsAsyncCalls",
            "I41: a nested call of the same key is refused, at once",
            "requireUsable(key); var request = new KeyMachine.Request(key, fingerprint, "
                + "policy); return new AsyncExecution",
            "var request = new KeyMachine.Request(key, fingerprint, policy); return new "
                + "AsyncExecution",
            "AsyncGuardsTest.nestedCall_isRefusedAtOnce")
        .list();
  }
}
