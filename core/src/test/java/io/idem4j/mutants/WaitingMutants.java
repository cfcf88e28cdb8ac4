package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** Waiting, closing and what is under way. */
final class WaitingMutants {
  private WaitingMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(waitingRooms());
    all.addAll(activity());
    all.addAll(idempotency());
    return all;
  }

  private static List<Mutant> waitingRooms() {
    return Mutant.in("WaitingRooms")
        .mutant(
            "everybodyLooks",
            "one poll per room and interval, whoever many wait",
            "round.led.compareAndSet(false, true)",
            "true",
            "WaitingTurnsTest.oneGuestLeads_andTheOthersFollow")
        .mutant(
            "leaderHearsNoBell",
            "a bell wakes the leader",
            "return leads ? round.bell : round.ended;",
            "return leads ? new CompletableFuture<>() : round.ended;",
            "HostileSurroundingsTest.waitersOfAHolderHere_areWokenAndDoNotPoll")
        .mutant(
            "ringsNothing",
            "a bell wakes the room",
            "rung.bell.complete(null);",
            "",
            "HostileSurroundingsTest.waitersOfAHolderHere_areWokenAndDoNotPoll")
        .mutant(
            "looksBeforeTheNextRoundBegins",
            "a bell during a look is not lost",
            "room.beginRound(now); try { Sight seen = look.get();",
            "try { Sight seen = look.get(); room.beginRound(now);",
            "WaitingTurnsTest.bellDuringALook_isHeardByTheNextRound")
        .mutant(
            "pollsLessAndLess",
            "a poll comes once a second at least",
            "interval = Math.min(interval * 2, LONGEST_POLL);",
            "interval = interval * 2;",
            "WaitingTurnsTest.polls_getRarerUpToOneASecond_andAreJittered")
        .mutant(
            "pollsAsOftenAsAtFirst",
            "polls get rarer",
            "interval = Math.min(interval * 2, LONGEST_POLL);",
            "",
            "OperationGuardsTest.longWait_stillPollsOnceASecond")
        .mutant(
            "pollsWithoutJitter",
            "I43: polls are jittered",
            "return interval / 2 + random.nextLong(interval / 2 + 1);",
            "return interval;",
            "WaitingTurnsTest.polls_getRarerUpToOneASecond_andAreJittered")
        .mutant(
            "leaderWaitsPastItsBudget",
            "a wait ends with its budget",
            "leads ? Math.min(poll, until) : until",
            "leads ? poll : until",
            "WaitingTest.wait_untilTheBudgetIsOver_isInFlight")
        .mutant(
            "followersPollToo",
            "a follower waits for what the leader sees",
            "leads ? Math.min(poll, until) : until",
            "Math.min(poll, until)",
            "WaitingTurnsTest.oneGuestLeads_andTheOthersFollow")
        .mutant(
            "looksWithoutCause",
            "a leader whose time is over before the poll goes without a look",
            "if (!called && now - poll < 0) {",
            "if (false) {",
            "WaitingTurnsTest.leaderThatGoes_handsOver")
        .mutant(
            "goesWithoutHandingOver",
            "a leader that goes hands over",
            "if (!called && now - poll < 0) { leave();",
            "if (!called && now - poll < 0) {",
            "WaitingTurnsTest.leaderThatGoes_handsOver")
        .mutant(
            "keepsWhatItSaw",
            "what the leader sees is seen by all",
            "round.seen.complete(seen);",
            "",
            "WaitingTurnsTest.oneGuestLeads_andTheOthersFollow")
        .mutant(
            "swallowsAnUnreadableRecord",
            "S10: what cannot be understood is told to all who wait",
            "round.seen.completeExceptionally(e);",
            "",
            "WaitingTest.wait_whenLookingFails_isATypedError")
        .mutant(
            "leavesFollowersWithoutALook",
            "a leader that could not look ends the round for its followers",
            "if (!round.seen.isDone()) { round.open.complete(null); }",
            "",
            "WaitingTurnsTest.leaderThatCannotLook_endsTheRound")
        .mutant(
            "leavesAnEmptyRoom",
            "I43: a room is gone with its last guest",
            "--present.guests == 0 ? null : present",
            "present",
            "WaitingTest.wait_untilTheBudgetIsOver_isInFlight")
        .mutant(
            "leavesWithTheFirstGuest",
            "a room lasts as long as its last guest",
            "--present.guests == 0 ? null : present",
            "null",
            "WaitingTurnsTest.room_lastsAsLongAsItsLastGuest")
        .mutant(
            "followerThatGoesEndsTheRound",
            "a follower that goes disturbs nobody",
            "if (!leads) { return; }",
            "",
            "WaitingTurnsTest.followerThatGoes_disturbsNobody")
        .mutant(
            "dropsTheBellOfTheOldRound",
            "a bell that rang while the leader went is passed on",
            "if (round.bell.isDone()) { next.bell.complete(null); }",
            "",
            "WaitingTurnsTest.bellWhileTheLeaderGoes_isHeardByTheNext")
        .mutant(
            "leadsOnAfterItWent",
            "a leader that goes opens its round",
            "next.bell.complete(null); } round.open.complete(null);",
            "next.bell.complete(null); }",
            "WaitingTurnsTest.leaderThatGoes_handsOver")
        .mutant(
            "interruptedLeaderStaysLeader",
            "a leader that is interrupted hands over",
            "if (!waited) { turn.leave(); }",
            "",
            "WaitingTurnsTest.leaderThatIsInterrupted_handsOver")
        .list();
  }

  private static List<Mutant> activity() {
    return Mutant.in("Activity")
        .mutant(
            "countsRefusedCalls",
            "a call that is refused is not under way",
            "counts.getAndUpdate(cell, count -> count < 0 ? count : count + 1)",
            "counts.getAndIncrement(cell)",
            "OperationGuardsTest.activity_thatIsClosedWhileACallLooks_refusesItAndDoesNotCountIt")
        .mutant(
            "letsCallsInWhileItIsClosed",
            "a call that finds its cell closed is refused",
            "if (counts.getAndUpdate(cell, count -> count < 0 ? count : count + 1) >= 0) {",
            "if (counts.getAndUpdate(cell, count -> count < 0 ? count : count + 1) >= CLOSED) {",
            "OperationGuardsTest.activity_thatIsClosedWhileACallLooks_refusesItAndDoesNotCountIt")
        .mutant(
            "losesWhatFollowsOnAnotherThread",
            "I34: what follows from a call is waited for wherever it is counted",
            "counts.incrementAndGet(TOTAL);",
            "",
            "OperationGuardsTest.activity_whatFollowsOnAnotherThread_"
                + "isWaitedForThoughItsCellWasEmptyAtTheClose")
        .mutant(
            "countsACellTwice",
            "what found its cell filled meanwhile takes its part of the total back",
            "leaveTotal(); return false;",
            "return false;",
            "OperationGuardsTest.activity_whatFindsItsCellFilledMeanwhile_leavesNothingBehind")
        .mutant(
            "closesTwice",
            "a second close does nothing",
            "if (counts.getAndUpdate(TOTAL, count -> count < 0 ? count : CLOSED + count) < 0) {",
            "if (counts.getAndUpdate(TOTAL, count -> count < 0 ? count : CLOSED + count) == 7) {",
            "OperationGuardsTest.activity_isIdleWhenClosedAndAllThatBeganHasEnded")
        .mutant(
            "countsEachThreadAsTheSame",
            "a thread's id may be any number",
            "Long.remainderUnsigned(Thread.currentThread().getId(), cells)",
            "Long.remainderUnsigned(0, cells)",
            "OperationGuardsTest.activity_whatFollowsOnAnotherThread_"
                + "isWaitedForThoughItsCellWasEmptyAtTheClose")
        .mutant(
            "takesIdsForPositive",
            "a thread's id may be any number",
            "Long.remainderUnsigned(Thread.currentThread().getId(), cells)",
            "(Thread.currentThread().getId() % cells)",
            "OperationGuardsTest.activity_countsForEachThread_andEndsWhereItBegan",
            "ExecutionException")
        .mutant(
            "isIdleTooEarly",
            "I34: idle is when all that began has ended",
            "if (counts.decrementAndGet(cell) == CLOSED) {",
            "if (counts.decrementAndGet(cell) < 0) {",
            "OperationGuardsTest.activity_isIdleWhenClosedAndAllThatBeganHasEnded")
        .mutant(
            "isNeverIdleIfUnused",
            "close of an idle engine is idle at once",
            "if (counts.addAndGet(cell(i), CLOSED) == CLOSED) {",
            "if (counts.addAndGet(cell(i), CLOSED) == 0) {",
            "OperationGuardsTest.activity_isIdleWhenClosedAndAllThatBeganHasEnded")
        .list();
  }

  private static List<Mutant> idempotency() {
    return Mutant.in("Idempotency")
        .mutant(
            "closesNothing",
            "I34: a closed engine refuses new calls",
            "engine.activity().close();",
            "",
            "LeaseTest.i34_close_letsWhatRunsFinishAndRefusesTheRest")
        .mutant(
            "closesInSilence",
            "close ends waits at once",
            "engine.rooms().ringAll();",
            "",
            "MoreGuardsTest.close_endsAWaitAtOnce")
        .mutant(
            "closeMayOverflow",
            "a timeout beyond the clock is for ever",
            "length.compareTo(Duration.ofDays(36_500)) > 0",
            "false",
            "HostileSurroundingsTest.closeForEver_isAllowed",
            "ArithmeticException")
        .list();
  }
}
