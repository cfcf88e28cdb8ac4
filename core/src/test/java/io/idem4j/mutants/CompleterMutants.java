package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** Which records a completer takes, what it makes of them, and where a run ends. */
final class CompleterMutants {
  private static final String LIMIT = "CompleterRunsTest.limit_endsARunAndTheNextOneGoesOn";
  private static final String CLOSE = "CompleterRunsTest.close_endsTheRunAfterTheRecordAtHand";
  private static final String CLOSED_ENGINE =
      "CompleterRunsTest.closedIdempotency_endsTheRunAndWaitsForTheRecordAtHand";
  private static final String NESTED = "CompleterRunsTest.runInsideARun_doesNotBegin";
  private static final String INTERRUPT = "CompleterRunsTest.interrupt_endsTheRunAndStaysSet";
  private static final String PLACE =
      "CompleterRunsTest.place_isKeptOverAFailureOfTheStore_butForOneThatTheStoreDoesNotKnow";
  private static final String FOREIGN =
      "CompleterRunsTest.storeThatThrowsWhateverElse_isATypedFailureThatShowsNothing";
  private static final String BAD_INPUT = "CompleterRunsTest.badInput_isRefusedAtOnce";
  private static final String STALE = "CompleterTest.staleView_losesByCompareAndSetAndAsksNobody";
  private static final String RERUN =
      "CompleterTest.policyThatReruns_unknownIsReleasedAndTheNextCallRunsButADoubtIsAPersons";
  private static final String UNKNOWN =
      "CompleterTest.unknown_staysInDoubtForThePauseAndForItsHolder";
  private static final String COMPENSATED =
      "CompleterTest.row45_doubt_isCompensatedAndItsFailureReplayed";
  private static final String LOST =
      "CompleterTest.i40_completerPausedBeyondItsLease_overwritesNothing";

  private CompleterMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(runs());
    all.addAll(scans());
    all.addAll(records());
    all.addAll(claims());
    all.addAll(findings());
    return all;
  }

  private static List<Mutant> runs() {
    return Mutant.in("Completer")
        .mutant(
            "runsBesideItself",
            "a completer has one run under way",
            "if (!running.compareAndSet(false, true)) {",
            "if (false) {",
            NESTED)
        .mutant(
            "runsOnce",
            "the end of a run lets the next one begin",
            "engine.activity().end(cell); running.set(false);",
            "engine.activity().end(cell);",
            NESTED)
        .mutant(
            "isUnderWayAfterItsRun",
            "I34: close waits for no run that has ended",
            "engine.activity().end(cell); running.set(false);",
            "running.set(false);",
            CLOSED_ENGINE)
        .mutant(
            "isUnderWayThoughItNeverBegan",
            "a run that a closed engine refused is not under way",
            "catch (MisuseException e) { running.set(false);",
            "catch (MisuseException e) {",
            CLOSED_ENGINE)
        .mutant(
            "examinesWithoutALimit",
            "a run examines no more than its limit",
            "while (tally.examined < limit) {",
            "while (tally.examined >= 0) {",
            LIMIT)
        .mutant(
            "readsPagesOverItsLimit",
            "a page is no longer than what the limit leaves",
            "Math.min(pageSize, limit - tally.examined)",
            "pageSize",
            LIMIT)
        .mutant(
            "readsTheWholeLimitAtOnce",
            "a page is no longer than the page size",
            "Math.min(pageSize, limit - tally.examined)",
            "limit - tally.examined",
            LIMIT)
        .mutant(
            "readsThoughClosed",
            "a closed completer asks nobody",
            "if (isStopped()) { return End.STOPPED; } RecordScanner.Page",
            "RecordScanner.Page",
            CLOSE)
        .mutant(
            "finishesItsPage",
            "a run ends after the record at hand",
            "if (isStopped()) { return End.STOPPED; } tally.examined++;",
            "tally.examined++;",
            CLOSE)
        .mutant("completesAfterItsEnd", "a close is for good", "return closed ||", "return", CLOSE)
        .mutant(
            "completesForAClosedEngine",
            "I34: a closed engine begins nothing",
            "|| engine.activity().isClosed()",
            "",
            CLOSED_ENGINE)
        .mutant(
            "completesThoughInterrupted",
            "I24: an interrupt ends a run",
            "|| Thread.currentThread().isInterrupted();",
            ";",
            INTERRUPT)
        .mutant(
            "goesOnBehindWhatItLeft",
            "a run that ends within a page begins with it again",
            "if (isStopped()) { return End.STOPPED; } tally.examined++;",
            "if (isStopped()) { place = place.after(page); return End.STOPPED; } tally.examined++;",
            INTERRUPT)
        .mutant(
            "completesNothing",
            "limit and page size are positive",
            "if (limit < 1 || pageSize < 1) {",
            "if (limit < 1 && pageSize < 1) {",
            BAD_INPUT)
        .mutant(
            "isMadeForAnyStore",
            "a store that lists nothing has no completer",
            "if (!(engine.store() instanceof RecordScanner scanning)) {",
            "RecordScanner scanning = engine.store() instanceof RecordScanner it ? it : null; if "
                + "(operation == null) {",
            BAD_INPUT)
        .list();
  }

  private static List<Mutant> scans() {
    return Mutant.in("Completer")
        .mutant(
            "readsTheFirstPageOnly",
            "a scan goes on behind its page",
            "if (page.next().isPresent()) {",
            "if (false) {",
            LIMIT)
        .mutant(
            "looksAtAbandonedKeysOnly",
            "what is in doubt is looked after, too",
            "return kind == Kind.ABANDONED ? new Place(Kind.IN_DOUBT, Optional.empty()) : BEGIN;",
            "return BEGIN;",
            COMPENSATED)
        .mutant(
            "throwsWhatAScanThrows",
            "whatever a store throws ends a run and nothing else",
            "catch (RuntimeException e) { // A store",
            "catch (IllegalThreadStateException e) { // A store",
            FOREIGN,
            "IllegalStateException")
        .mutant(
            "showsWhatAScanSaid",
            "I45: the message of a foreign throwable is withheld",
            "new Withheld(e)",
            "e",
            FOREIGN)
        .mutant(
            "keepsAPlaceThatIsNone",
            "a place that the store does not know is given up",
            "place = BEGIN; throw",
            "throw",
            PLACE)
        .mutant(
            "losesItsPlaceByAFailure",
            "a failure of the store does not lead back to the records in front",
            "catch (KeyStoreException e) { throw e; } catch (RuntimeException e) { // A",
            "catch (KeyStoreException e) { place = BEGIN; throw e; } catch (RuntimeException e) { // A",
            PLACE)
        .mutant(
            "throwsAStoreFailure",
            "a failure of the store is returned, for a scheduler that ends by a throw",
            "return tally.run(End.STORE_FAILED, e);",
            "throw e;",
            PLACE,
            "KeyStoreException")
        .mutant(
            "meetsOthersAtEachRecord",
            "nodes that see one page begin at different records",
            "shuffled(page.records())",
            "page.records()",
            "CompleterRunsTest.nodesThatSeeOnePage_beginAtDifferentRecords")
        .list();
  }

  private static List<Mutant> records() {
    return Mutant.in("Completer")
        .mutant(
            "takesWhatIsOthers",
            "a completer touches what its filter says is its own",
            "return isOurs.test(record);",
            "return isOurs.test(record) || true;",
            "CompleterTest.recordsOfOthers_areLeftUntouched")
        .mutant(
            "takesWhatItsFilterCannotTell",
            "a filter that throws leaves a record alone",
            "e.getClass().getName()); return false;",
            "e.getClass().getName()); return true;",
            "CompleterTest.filterThatThrows_leavesTheRecordAlone")
        .mutant(
            "stopsAtAnUnreadableRecord",
            "S10: what cannot be read does not keep the others waiting",
            "if (e.reason() != KeyStoreException.Reason.UNREADABLE) { throw e; }",
            "if (e.reason() != null) { throw e; }",
            "CompleterRunsTest.recordOfAnotherFormat_doesNotKeepTheOthersWaiting")
        .mutant(
            "passesOverAStoreThatFails",
            "records that could not be claimed are not passed over",
            "if (e.reason() != KeyStoreException.Reason.UNREADABLE) { throw e; }",
            "",
            "CompleterRunsTest.writesThatFail_endTheRunAndKeepThePageInHand")
        .mutant(
            "countsWhatItLost",
            "I40: what another took is lost, and counted so",
            "!completing.settle(lease, finding)",
            "completing.settle(lease, finding) && false",
            LOST)
        .list();
  }

  private static List<Mutant> claims() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(
        Mutant.in("KeyMachine")
            .mutant(
                "completesWhatChangedSince",
                "a completer takes the record that the scan showed, or none",
                "record.stamp().equals(scanned) && known",
                "known",
                "CompleterTest.doubtThatIsMarkedAgainMeanwhile_isLeftToTheNextScan")
            .mutant(
                "completesWhatIsBeingRecorded",
                "I21: a completion that is still sent holds its key",
                "&& known instanceof Known.Nothing",
                "",
                "CompleterTest.recordWhoseAnswerIsBeingResent_isNotTaken")
            .mutant(
                "completesBeforeTheTime",
                "nobody is asked about a doubt before its pause is over",
                "known instanceof Known.Nothing && !isRunning(live.leaseLeft());",
                "known instanceof Known.Nothing;",
                UNKNOWN)
            .mutant(
                "completesADoubtThatWouldRunAgain",
                "under rerun() a doubt is a person's: a lock that a completer leaves runs again",
                "&& request.policy().mode() != Mode.RERUN) { return retake(",
                ") { return retake(",
                RERUN)
            .mutant(
                "doesNotKnowItsOwnTakeover",
                "I17: a refusal by the own stamp is a lost reply",
                "if (stamps.drew(record.stamp()) && record.state() == KeyState.LOCKED) { return new "
                    + "Decision.Mine(record, live.leaseLeft()); } boolean waits",
                "boolean waits",
                "CompleterTest.lostReplies_areFollowed")
            .list());
    all.addAll(
        Mutant.in("Claiming")
            .mutant(
                "completesWhatIsGone",
                "a record that is gone is not made anew by a completer",
                ": new Decision.Leave();",
                ": KeyMachine.claimNew(request, stamps, nowMillis);",
                STALE)
            .list());
    all.addAll(
        Mutant.in("Completing")
            .mutant(
                "claimsAsACallerWould",
                "a completer takes the record that the scan showed, or none",
                ".take(scanned)",
                ".start()",
                COMPENSATED,
                "IncomparableFingerprintException")
            .list());
    return all;
  }

  private static List<Mutant> findings() {
    return Mutant.in("Completing")
        .mutant(
            "doubtsWhatWouldRunAgain",
            "under rerun() an abandoned lock that nobody can tell about is released",
            "&& operation.policy().mode() == Mode.RERUN) {",
            "&& operation.policy().mode() == null) {",
            RERUN)
        .mutant(
            "releasesWhatNobodyKnows",
            "I12: what nobody can tell is not run",
            "result = Settling.unrecovered(held);",
            "result = Settling.released(held);",
            UNKNOWN)
        .mutant(
            "takesAnothersAnswerForItsOwn",
            "I40: a finding that came too late is lost",
            "subject.leaseLost(\"another's answer was recorded first\"); return false;",
            "subject.leaseLost(\"another's answer was recorded first\"); return true;",
            LOST)
        .mutant(
            "takesAnothersLockForItsOwn",
            "I40: a finding that came too late is lost",
            "subject.leaseLost(lost.why()); return false;",
            "subject.leaseLost(lost.why()); return true;",
            "CompleterRunsTest.i40_keyThatAnotherHoldsByNow_isLostAndLeftToIt")
        .mutant(
            "tellsAnUnknownAsCompleted",
            "a finding that is not known to be recorded is told so",
            "subject.tell(\"recordedUnknown\", IdempotencyListener::recordedUnknown); return true;",
            "",
            "CompleterTest.findingThatIsNotAnswered_isResentInTheBackground")
        .mutant(
            "completesInSilence",
            "what a completer records is told to the listener",
            "case DONE -> subject.tell(\"completed\", IdempotencyListener::completed);",
            "case DONE -> { }",
            "CompleterTest.row45_abandonedKey_isRolledForwardUnderItsLock")
        .mutant(
            "compensatesInSilence",
            "what a completer records is told to the listener",
            "to.failed(event, Verdict.Kind.FINAL)",
            "to.failed(event, Verdict.Kind.RETRYABLE)",
            COMPENSATED)
        .mutant(
            "releasesInSilence",
            "what a completer records is told to the listener",
            "to.failed(event, Verdict.Kind.RETRYABLE)",
            "to.failed(event, Verdict.Kind.FINAL)",
            "CompleterTest.notDone_releasesTheKeyAndCountsNoAttempt")
        .mutant(
            "doubtsInSilence",
            "what a completer records is told to the listener",
            "case UNKNOWN -> subject.tell(\"inDoubt\", IdempotencyListener::inDoubt);",
            "case UNKNOWN -> { }",
            UNKNOWN)
        .list();
  }
}
