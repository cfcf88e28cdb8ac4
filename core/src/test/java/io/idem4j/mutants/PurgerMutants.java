package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** How far a purge goes, when it pauses, and what keeps its schedule alive. */
final class PurgerMutants {
  private static final String BATCHES =
      "PurgerTest.run_deletesInBatchesWithPausesUntilNothingIsLeft";
  private static final String BUDGET = "PurgerTest.budget_endsARunAndTheNextOneGoesOn";
  private static final String WAIT = "PurgerTest.pauseOrClose_betweenTwoBatches_endsTheWaitAtOnce";
  private static final String CLOSE = "PurgerTest.close_endsTheRunAndAllLaterOnes";
  private static final String INTERRUPT = "PurgerTest.interrupt_endsTheRunAndStaysSet";
  private static final String FAILS = "PurgerTest.storeThatFails_isToldAndNotThrown";
  private static final String SCHEDULE =
      "PurgerTest.schedule_spreadsTheRunsBacksOffAndOutlivesEveryFailure";
  private static final String INTERRUPTED_SCHEDULE =
      "PurgerTest.interruptOfTheSchedule_stopsOneRun";
  private static final String START = "PurgerTest.start_runsOnADaemonThreadUntilItIsClosed";
  private static final String BAD_INPUT = "PurgerTest.badInput_isRefusedAtOnce";

  private PurgerMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(runs());
    all.addAll(ends());
    all.addAll(schedule());
    all.addAll(builder());
    return all;
  }

  private static List<Mutant> runs() {
    return Mutant.in("Purger")
        .mutant(
            "purgesAllAtOnce",
            "no transaction of a purge is long",
            "Math.min(batchSize, budget - deleted)",
            "(budget - deleted)",
            BATCHES)
        .mutant(
            "purgesOverItsBudget",
            "a run deletes no more than its budget",
            "Math.min(batchSize, budget - deleted)",
            "batchSize",
            BUDGET)
        .mutant(
            "purgesWithoutABudget",
            "a run ends at its budget",
            "} else if (deleted >= budget) { return new Run(End.BUDGET, deleted, batches, "
                + "Optional.empty()); }",
            "}",
            BUDGET)
        .mutant(
            "asksOnceMoreThanItMust",
            "a batch that is not full was the last one",
            "if (got < wanted) {",
            "if (got == 0) {",
            BATCHES)
        .mutant(
            "purgesWithoutPauses",
            "the store has time for its callers",
            "await(halt, jittered(pause));",
            "",
            BATCHES)
        .mutant(
            "pausesInStep",
            "the batches of several nodes are spread",
            "await(halt, jittered(pause));",
            "await(halt, pause);",
            BATCHES)
        .mutant(
            "sleepsThroughItsPause",
            "who pauses it need not wait for the next batch",
            "await(halt, jittered(pause));",
            "await(closed, jittered(pause));",
            WAIT)
        .mutant(
            "throwsWhatAStoreThrows",
            "whatever a store throws ends a run and nothing else",
            "catch (RuntimeException e) { // A store",
            "catch (IllegalThreadStateException e) { // A store",
            FAILS,
            "IllegalStateException")
        .mutant(
            "showsWhatAStorePurgedSaid",
            "I45: the message of a foreign throwable is withheld",
            "new Withheld(e)",
            "e",
            FAILS)
        .mutant(
            "throwsWhatItsListenerThrows",
            "a listener that throws is ignored",
            "try { listener.accept(run); } catch (RuntimeException e) { log.warn(\"the listener of a "
                + "purger threw {}\", e.getClass().getName()); }",
            "listener.accept(run);",
            "PurgerTest.listenerThatThrows_isIgnored",
            "IllegalStateException")
        .list();
  }

  private static List<Mutant> ends() {
    return Mutant.in("Purger")
        .mutant(
            "purgesThoughPaused",
            "a purger that is paused does nothing",
            "closed.isDone() || halt.isDone() ||",
            "closed.isDone() ||",
            "PurgerTest.pause_endsTheRunAfterItsBatchAndResumeLetsItGoOn")
        .mutant(
            "purgesThoughInterrupted",
            "I24: an interrupt ends a run",
            "|| Thread.currentThread().isInterrupted();",
            ";",
            INTERRUPT)
        .mutant(
            "purgesOnWithoutItsInterrupt",
            "I24: an interrupt stays set",
            "catch (InterruptedException e) { Thread.currentThread().interrupt();",
            "catch (InterruptedException e) {",
            INTERRUPT)
        .mutant(
            "closesAfterItsWait",
            "a close wakes whoever waits between two batches",
            "closed.complete(true); halt.complete(true);",
            "closed.complete(true);",
            WAIT)
        .mutant(
            "resumesAfterItsEnd",
            "a close is for good",
            "closed.complete(true); halt.complete(true);",
            "halt.complete(true);",
            CLOSE)
        .mutant(
            "resumesWhatIsNotPaused",
            "a pause wakes whoever waits, though somebody resumed it meanwhile",
            "if (halt.isDone() && !closed.isDone()) {",
            "if (!closed.isDone()) {",
            WAIT)
        .list();
  }

  private static List<Mutant> schedule() {
    return Mutant.in("Purger")
        .mutant(
            "purgesOnEveryNodeAtOnce",
            "nodes that start together do not run together",
            "Duration.ofNanos(random.nextLong(interval.toNanos()));",
            "interval;",
            "PurgerTest.nodesThatStartTogether_doNotRunTogether")
        .mutant(
            "runsInStep",
            "the runs of several nodes are spread",
            "wait = jittered(interval.multipliedBy(backoff));",
            "wait = interval.multipliedBy(backoff);",
            SCHEDULE)
        .mutant(
            "troublesAStoreThatFails",
            "each failure in a row doubles the wait",
            "failed ? Math.min(backoff * 2, LONGEST_BACKOFF) : 1;",
            "1;",
            SCHEDULE)
        .mutant(
            "backsOffWithoutEnd",
            "the wait after failures has a bound",
            "Math.min(backoff * 2, LONGEST_BACKOFF)",
            "backoff * 2",
            SCHEDULE)
        .mutant(
            "neverForgivesAStore",
            "a run that gets through ends the backoff",
            "LONGEST_BACKOFF) : 1;",
            "LONGEST_BACKOFF) : backoff;",
            SCHEDULE)
        .mutant(
            "diesOfAnError",
            "the schedule outlives every failure",
            "catch (Error e) {",
            "catch (ThreadDeath e) {",
            SCHEDULE)
        .mutant(
            "takesAnErrorForASuccess",
            "an error is a failure",
            "e.getClass().getName()); failed = true;",
            "e.getClass().getName()); failed = false;",
            SCHEDULE)
        .mutant(
            "endsItsScheduleByAnInterrupt",
            "only the close ends the schedule",
            "return signal.isDone();",
            "return true;",
            INTERRUPTED_SCHEDULE)
        .mutant(
            "staysInterrupted",
            "an interrupt stops one run at most",
            "Thread.interrupted(); boolean failed;",
            "boolean failed;",
            INTERRUPTED_SCHEDULE)
        .mutant(
            "startsTwice",
            "a purger has one thread",
            "|| !started.compareAndSet(false, true)",
            "",
            START)
        .mutant(
            "startsAfterItsEnd",
            "a closed purger does not start",
            "if (closed.isDone() ||",
            "if (",
            CLOSE)
        .mutant(
            "keepsItsProcessAlive",
            "the thread of a purger is a daemon",
            "thread.setDaemon(true);",
            "thread.setDaemon(false);",
            START)
        .list();
  }

  private static List<Mutant> builder() {
    return Mutant.in("Purger")
        .mutant(
            "purgesNothingForEver",
            "batches and budgets are positive",
            "if (records < 1) {",
            "if (records < -1) {",
            BAD_INPUT)
        .mutant(
            "runsWithoutAnInterval",
            "an interval is a millisecond at least",
            "if (time.compareTo(least) < 0 ||",
            "if (",
            BAD_INPUT)
        .mutant(
            "pausesForWeeks",
            "no pause is longer than a day",
            "|| time.compareTo(Duration.ofDays(1)) > 0",
            "",
            BAD_INPUT)
        .list();
  }
}
