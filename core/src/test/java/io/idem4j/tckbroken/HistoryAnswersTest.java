package io.idem4j.tckbroken;

import io.idem4j.spi.KeyState;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Kind;
import io.idem4j.tckbroken.Tale.Caller;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Histories whose callers got what they must not: each breaks one rule, and is named by it. */
final class HistoryAnswersTest {
  private static final Duration OVER = Duration.ZERO;

  private final Tale tale = new Tale();

  @Test
  void i01_twoCallersWithTwoRecordedValues_areFound() {
    Caller first = tale.caller().claims().starts();
    tale.caller().isRefused(OVER).claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    first.isRefusedCompletion("mine").gets(Kind.EXECUTED, "mine");
    tale.breaks("I1", "and another's is");
  }

  @Test
  void i06_recoveryOfOtherBytesThanRecorded_isFound() {
    tale.caller().claims().starts().settles(KeyState.FAILED_IN_DOUBT).gets(Kind.THREW);
    tale.caller().isRefused(OVER).claims().completes("paid").gets(Kind.RECOVERED, "Paid");
    tale.breaks("I6, I1", "a replay differs from the recorded answer");
  }

  @Test
  void i07_recoveryThatWasNotRecorded_isFound() {
    tale.caller().claims().starts().settles(KeyState.FAILED_IN_DOUBT).gets(Kind.THREW);
    tale.caller().isRefused(OVER).claims().gets(Kind.RECOVERED, "paid");
    tale.breaks("I7", "an answer was replayed before it was recorded");
  }

  @Test
  void i12_recoveryOfWhatRanAgain_isFound() {
    tale.caller().claims().starts().settles(KeyState.FAILED_IN_DOUBT).gets(Kind.THREW);
    tale.caller().isRefused(OVER).claims().starts().gets(Kind.RECOVERED_UNRECORDED, "paid");
    tale.breaks("I12", "an action started whose effect had been found");
  }

  @Test
  void i06_replayOfOtherBytes_isFound() {
    tale.caller().claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.caller().isRefused().gets(Kind.REPLAYED, "Paid");
    tale.breaks("I6, I1", "a replay differs from the recorded answer");
  }

  @Test
  void i06_replayWithoutTheBodyThatWasKept_isFound() {
    tale.caller().claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.caller().isRefused().gets(Kind.REPLAYED_WITHOUT_BODY);
    tale.breaks("I6, I1", "a replay differs from the recorded answer");
  }

  @Test
  void i06_replayOfABodyThatWasNotKept_isFound() {
    tale.caller().claims().starts().completesWithoutBody().gets(Kind.EXECUTED, "paid");
    tale.caller().isRefused().gets(Kind.REPLAYED, "paid");
    tale.breaks("I6, I1", "a replay differs from the recorded answer");
  }

  @Test
  void i06_recordedFailureUnderAnotherCode_isFound() {
    tale.caller().claims().starts().fails("no-funds").gets(Kind.THREW);
    tale.caller().isRefused().getsFailure("no-account");
    tale.breaks("I6, I1", "a replay differs from the recorded answer");
  }

  @Test
  void i06_recordOfAnotherValueThanTheCallers_isFound() {
    tale.caller().claims().starts().completes("paid").gets(Kind.EXECUTED, "unpaid");
    tale.breaks("I6", "another value than the caller's is kept");
  }

  @Test
  void i06_replayOfTheLifeBefore_isFound() {
    tale.caller().claims().starts().completes("old").gets(Kind.EXECUTED, "old");
    tale.pass(Duration.ofHours(2));
    tale.caller().claims().starts().completes("new").gets(Kind.EXECUTED, "new");
    tale.caller().isRefused().gets(Kind.REPLAYED, "old");
    // The life before is over for certain: its answer is nobody's any more.
    tale.breaks("I6, I1", "a replay differs from the recorded answer");
  }

  @Test
  void i07_replayBeforeTheCompletionWasSent_isFound() {
    Caller first = tale.caller().claims().starts();
    tale.caller().isRefused().gets(Kind.REPLAYED, "paid");
    first.completes("paid").gets(Kind.EXECUTED, "paid");
    tale.breaks("I7", "an answer was replayed before it was recorded");
  }

  @Test
  void i07_replayOfWhatWasNeverRecorded_isFound() {
    tale.caller().claims().starts().settles(KeyState.FAILED_RETRYABLE).gets(Kind.THREW);
    tale.caller().isRefused().gets(Kind.REPLAYED, "paid");
    tale.breaks("I7", "an answer was replayed before it was recorded");
  }

  @Test
  void i07_recordedFailureWhereAnAnswerIsRecorded_isFound() {
    tale.caller().claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.caller().isRefused().getsFailure("no-funds");
    tale.breaks("I7", "an answer was replayed before it was recorded");
  }

  @Test
  void i07_inFlightWithABody_isFound() {
    tale.caller().claims().starts();
    tale.caller().isRefused().gets(Kind.IN_FLIGHT, "paid");
    tale.breaks("I7", "a body was given out without a recorded answer");
  }

  @Test
  void i10_replayToAnotherFingerprint_isFound() {
    tale.caller().claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.caller(Tale.OTHER_REQUEST).isRefused().gets(Kind.REPLAYED, "paid");
    tale.breaks("I10", "an answer was replayed to another fingerprint");
  }

  @Test
  void i10_runForAnotherFingerprint_isFound() {
    tale.caller().claims().starts();
    Caller second = tale.caller(Tale.OTHER_REQUEST).isRefused(OVER);
    second.claims().starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.breaks("I10", "an action started for another fingerprint");
  }

  @Test
  void i10_refusalOfTheSameFingerprint_isFound() {
    tale.caller().claims().starts();
    tale.caller().isRefused().gets(Kind.REUSED);
    tale.breaks("I10", "a call was refused for the very fingerprint that is bound");
  }

  @Test
  void i10_refusalBeforeAnythingWasBound_isFound() {
    tale.caller(Tale.OTHER_REQUEST).gets(Kind.REUSED);
    tale.caller().claims().starts();
    tale.breaks("I10", "a call was refused for the very fingerprint that is bound");
  }

  @Test
  void i10_refusalOfACallThatRan_isFound() {
    tale.caller().claims().settles(KeyState.FAILED_RETRYABLE);
    Caller second = tale.caller(Tale.REQUEST);
    second.isRefused().claims().starts();
    // The bound one is another's, so the refusal alone would be right.
    tale.pass(Duration.ofHours(2));
    tale.caller(Tale.OTHER_REQUEST).claims();
    second.gets(Kind.REUSED);
    tale.breaks("I10", "an action started whose caller was told that it did not");
  }

  @Test
  void i12_ownValueWithoutARun_isFound() {
    tale.caller().claims().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.breaks("I12", "a caller got the result of a run that never started");
  }

  @Test
  void i12_leaseLostWithoutARun_isFound() {
    tale.caller().claims().gets(Kind.LOST);
    tale.breaks("I12", "a caller got the result of a run that never started");
  }

  @Test
  void i12_inFlightOfACallThatRan_isFound() {
    tale.caller().claims().starts().gets(Kind.IN_FLIGHT);
    tale.breaks("I12", "an action started whose caller was told that it did not");
  }

  @Test
  void i16_unknownCompletionReportedAsRecorded_isFound() {
    Caller first = tale.caller().claims().starts();
    first.completes(Answer.MAYBE, "paid").gets(Kind.EXECUTED, "paid");
    tale.breaks("I16", "a caller was told that its value is recorded, which nothing says");
  }

  @Test
  void i16_unknownCompletionThatLanded_isStillNotKnown() {
    Caller first = tale.caller().claims().starts();
    first.loses(it -> it.completes("paid")).gets(Kind.EXECUTED, "paid");
    tale.caller().isRefused().gets(Kind.REPLAYED, "paid");
    tale.breaks("I16", "a caller was told that its value is recorded, which nothing says");
  }

  @Test
  void i18_errorOfACallThatRan_isFound() {
    tale.caller().claims().starts().gets(Kind.ERROR);
    tale.breaks("I18", "an action started whose caller was told that it did not");
  }

  @Test
  void i20_leaseLostThoughItsAnswerIsRecorded_isFound() {
    Caller first = tale.caller().claims().starts();
    first.loses(it -> it.completes("paid")).meetsItself().gets(Kind.LOST);
    tale.breaks("I20", "a caller lost a lease whose answer it had recorded");
  }
}
