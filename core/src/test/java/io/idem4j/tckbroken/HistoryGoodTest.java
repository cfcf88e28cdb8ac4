package io.idem4j.tckbroken;

import io.idem4j.spi.KeyState;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Kind;
import io.idem4j.tckbroken.Tale.Caller;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Histories that engines make: the checker has nothing to say about them. */
final class HistoryGoodTest {
  private static final Duration OVER = Duration.ZERO;

  private final Tale tale = new Tale();

  @Test
  void firstCallAndReplay_areFine() {
    tale.caller().claims().starts().renews().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.caller().isRefused().gets(Kind.REPLAYED, "paid");
    tale.isFine();
  }

  @Test
  void twoCallersRacing_areFine() {
    Caller first = tale.caller();
    Caller second = tale.caller();
    first.claims().starts();
    second.isRefused().gets(Kind.IN_FLIGHT);
    first.completes("paid").gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void callerThatWaits_getsWhatIsRecordedMeanwhile() {
    Caller second = tale.caller();
    Caller first = tale.caller().claims().starts();
    second.isRefused();
    first.completes("paid").gets(Kind.EXECUTED, "paid");
    second.isRefused().gets(Kind.REPLAYED, "paid");
    tale.isFine();
  }

  @Test
  void answerWithoutBody_isFine() {
    tale.caller().claims().starts().completesWithoutBody().gets(Kind.EXECUTED, "too long");
    tale.caller().isRefused().gets(Kind.REPLAYED_WITHOUT_BODY);
    tale.isFine();
  }

  @Test
  void recordedFailure_isFine() {
    tale.caller().claims().starts().fails("no-funds").gets(Kind.THREW);
    tale.caller().isRefused().getsFailure("no-funds");
    tale.isFine();
  }

  @Test
  void recoveryThatFoundTheEffect_isFine() {
    tale.caller().claims().starts().settles(KeyState.FAILED_IN_DOUBT).gets(Kind.THREW);
    tale.caller().isRefused(OVER).claims().completes("paid").gets(Kind.RECOVERED, "paid");
    tale.caller().isRefused().gets(Kind.REPLAYED, "paid");
    tale.isFine();
  }

  @Test
  void recoveryWhoseRecordIsNotKnown_isFine() {
    tale.caller().claims().starts().settles(KeyState.FAILED_IN_DOUBT).gets(Kind.THREW);
    tale.caller().isRefused(OVER).claims().gets(Kind.RECOVERED_UNRECORDED, "paid");
    tale.isFine();
  }

  @Test
  void releasedKey_isTakenAtOnce() {
    tale.caller().claims().starts().settles(KeyState.FAILED_RETRYABLE).gets(Kind.THREW);
    tale.caller().isRefused(OVER).claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void takeover_andTheLateCompletionIsRefused() {
    Caller first = tale.caller().claims().starts();
    Caller second = tale.caller().isRefused(OVER).claims().starts();
    first.isRefusedCompletion("late").gets(Kind.LOST);
    second.completes("paid").gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void takeover_andTheLateHolderGetsTheRecordedAnswer() {
    Caller first = tale.caller().claims().starts();
    tale.caller().isRefused(OVER).claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    first.isRefusedCompletion("late").gets(Kind.REPLAYED, "paid");
    tale.isFine();
  }

  @Test
  void doubtSettledByItsOwnHolder_isFine() {
    Caller first = tale.caller().claims().starts();
    tale.caller().isRefused(OVER).marks().gets(Kind.IN_DOUBT);
    first.isRefusedCompletion("paid").completes("paid").gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void lostReplyThenOwnStamp_isAGrant() {
    Caller first = tale.caller().loses(Caller::claims).meetsItself().starts();
    first.loses(it -> it.completes("paid")).meetsItself().gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void claimThatNobodyLearnedOf_isWithdrawn() {
    tale.caller().loses(Caller::claims).gets(Kind.ERROR).withdraws();
    tale.caller().isRefused(OVER).claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void pendingRelease_isTakenByItsOwnEngine() {
    tale.caller().loses(Caller::claims).gets(Kind.ERROR);
    tale.caller()
        .isRefused()
        .claims(Answer.APPLIED, it -> it.attempt(1))
        .starts()
        .completes("paid")
        .gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void releaseWithoutAnswer_isTakenByItsOwnEngine() {
    Caller first = tale.caller().claims().starts();
    first.writes(
        Answer.NOT_APPLIED,
        first.held().toBuilder().stamp(first.fresh()).state(KeyState.FAILED_RETRYABLE).build());
    first.gets(Kind.THREW);
    tale.caller().isRefused().claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void claimThatNeverArrived_explainsNothing() {
    tale.caller().claims(Answer.MAYBE, it -> it).gets(Kind.ERROR);
    tale.caller().claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.isFine();
  }

  @Test
  void unknownCompletionThatLandsLater_isReplayed() {
    Caller first = tale.caller().claims().starts();
    first.loses(it -> it.completes("paid")).gets(Kind.EXECUTED_UNRECORDED, "paid");
    tale.caller().isRefused(OVER).gets(Kind.REPLAYED, "paid");
    tale.isFine();
  }

  @Test
  void unknownCompletionThatNeverLands_isRunAgain() {
    Caller first = tale.caller().claims().starts();
    first.completes(Answer.MAYBE, "paid").gets(Kind.EXECUTED_UNRECORDED, "paid");
    tale.caller().isRefused(OVER).claims().starts().completes("again").gets(Kind.EXECUTED, "again");
    tale.isFine();
  }

  @Test
  void otherFingerprint_isRefusedInEveryState() {
    Caller first = tale.caller().claims().starts();
    tale.caller(Tale.OTHER_REQUEST).isRefused().gets(Kind.REUSED);
    tale.caller(Tale.OTHER_REQUEST).isRefused(OVER).gets(Kind.REUSED);
    first.completes("paid").gets(Kind.EXECUTED, "paid");
    tale.caller(Tale.OTHER_REQUEST).isRefused().gets(Kind.REUSED);
    tale.isFine();
  }

  @Test
  void secondLife_mayBeAnotherRequest() {
    for (int life = 0; life < 20; life++) {
      boolean odd = life % 2 == 1;
      Caller first = tale.caller(odd ? Tale.OTHER_REQUEST : Tale.REQUEST);
      first.claims().starts().completes("paid " + life).gets(Kind.EXECUTED, "paid " + life);
      tale.caller(odd ? Tale.OTHER_REQUEST : Tale.REQUEST)
          .isRefused()
          .gets(Kind.REPLAYED, "paid " + life);
      tale.caller(odd ? Tale.REQUEST : Tale.OTHER_REQUEST).isRefused().gets(Kind.REUSED);
      tale.pass(Duration.ofHours(2));
    }
    tale.isFine();
  }

  @Test
  void completionOfAForgottenRecord_isLost() {
    Caller first = tale.caller().claims().starts();
    tale.pass(Duration.ofHours(2));
    tale.caller().claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    first.isRefusedCompletion("late").gets(Kind.LOST);
    tale.isFine();
  }
}
