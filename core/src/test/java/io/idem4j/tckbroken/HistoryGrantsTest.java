package io.idem4j.tckbroken;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Kind;
import io.idem4j.tck.Samples;
import io.idem4j.tckbroken.Tale.Caller;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Histories that no engine writes: each breaks one rule of the grants, and is named by it. */
final class HistoryGrantsTest {
  private static final Duration OVER = Duration.ZERO;

  private final Tale tale = new Tale();

  @Test
  void i01_secondAnswerInOneLife_isFound() {
    Caller first = tale.caller().claims().completes("paid");
    first.completes("paid again");
    tale.breaks("I1", "a second answer was recorded");
  }

  @Test
  void i02_fenceThatDoesNotRise_isFound() {
    Caller first = tale.caller().claims();
    long fence = first.held().fence();
    tale.caller().isRefused(OVER).claims(Answer.APPLIED, it -> it.fence(fence));
    tale.breaks("I2", "a claim did not raise the fence");
  }

  @Test
  void i02_renewalUnderAnotherFence_isFound() {
    Caller first = tale.caller().claims();
    first.writes(KeyState.LOCKED, Slots.UNCHANGED, it -> it.fence(first.held().fence() + 1));
    tale.breaks("I2", "a fence changed without a claim");
  }

  @Test
  void i02_claimThatTakesTheKeyTwice_isFound() {
    Caller first = tale.caller().claims().settles(KeyState.FAILED_RETRYABLE);
    first.claims();
    tale.breaks("I2, I3", "one claim took the key twice");
  }

  @Test
  void i03_settlementThatBearsAnothersGrant_isFound() {
    Caller first = tale.caller().claims();
    first.writes(
        KeyState.FAILED_IN_DOUBT, Slots.UNCHANGED, record -> record.grant(Samples.grant()));
    tale.breaks("I3", "a settlement bears another's grant");
  }

  @Test
  void i03_markThatTakesTheGrantAway_isFound() {
    tale.caller().claims();
    Caller second = tale.caller().isRefused(OVER);
    second.writes(
        Answer.APPLIED,
        tale.live().toBuilder()
            .stamp(second.fresh())
            .state(KeyState.FAILED_IN_DOUBT)
            .grant(Samples.grant())
            .build());
    tale.breaks("I3", "a mark of doubt changed the grant");
  }

  @Test
  void i03_lockUnderAForeignGrant_isFound() {
    tale.caller().claims(Answer.APPLIED, record -> record.grant(Samples.grant()));
    tale.breaks("I3", "a lock bears another grant than its own");
  }

  @Test
  void i04_staleHolderThatCompletesTheNewHoldersRecord_isFound() {
    Caller first = tale.caller().claims().starts();
    tale.caller().isRefused(OVER).claims();
    KeyRecord now = tale.live();
    first.writes(
        Answer.APPLIED, now.toBuilder().stamp(first.fresh()).state(KeyState.COMPLETED).build());
    tale.breaks("I4", "the record of one grant was settled by another");
  }

  @Test
  void i04_strangerThatSettlesADoubt_isFound() {
    tale.caller().claims().starts().settles(KeyState.FAILED_IN_DOUBT);
    Caller stranger = tale.caller();
    KeyRecord doubt = tale.live();
    stranger.writes(
        Answer.APPLIED,
        doubt.toBuilder().stamp(stranger.fresh()).state(KeyState.FAILED_RETRYABLE).build());
    tale.breaks("I4", "the record of one grant was settled by another");
  }

  @Test
  void i05_claimOverARecordedAnswer_isFound() {
    tale.caller().claims().completes("paid");
    tale.caller().isRefused(OVER).claims();
    tale.breaks("I5", "a recorded answer was replaced");
  }

  @Test
  void i05_completionOfAReleasedKey_isFound() {
    Caller first = tale.caller().claims().settles(KeyState.FAILED_RETRYABLE);
    first.completes("late");
    tale.breaks("I5", "illegal move from FAILED_RETRYABLE to COMPLETED");
  }

  @Test
  void i05_lifeThatBeginsCompleted_isFound() {
    tale.caller().claims(Answer.APPLIED, record -> record.state(KeyState.COMPLETED));
    tale.breaks("I5", "a life began as COMPLETED");
  }

  @Test
  void i08_takeoverOfARunningLease_isFound() {
    tale.caller().claims();
    tale.caller().isRefused(Duration.ofNanos(1)).claims();
    tale.breaks("I8, I9", "a running lease was taken over");
  }

  @Test
  void i08_takeoverByWhatWasSeenOfTheStampBefore_isFound() {
    Caller first = tale.caller().claims();
    Caller second = tale.caller().isRefused(OVER);
    first.renews();
    second.isRefused().claims();
    tale.breaks("I8, I9", "a running lease was taken over");
  }

  @Test
  void i08_takeoverWhoseLeaseWasSeenLapsedOnlyAfterwards_isFound() {
    Caller first = tale.caller().claims();
    KeyRecord lock = first.held();
    Caller third = tale.caller();
    Caller second = tale.caller().isRefused();
    // Whoever sees it lapsed is still being answered when the takeover is sent.
    third.isRefusedUntilLater(lock);
    second.claims();
    tale.breaks("I8, I9", "a running lease was taken over");
  }

  @Test
  void i08_markOfARunningLease_isFound() {
    tale.caller().claims();
    tale.caller().isRefused().marks().gets(Kind.IN_DOUBT);
    tale.breaks("I8, I9", "a running lease was marked as in doubt");
  }

  @Test
  void i08_unansweredClaimThatRanAllTheSame_isNoPendingRelease() {
    tale.caller().loses(Caller::claims).meetsItself().starts();
    tale.caller().isRefused().claims();
    tale.breaks("I8, I9", "a running lease was taken over");
  }

  @Test
  void i11_takeoverThatRebindsTheFingerprint_isFound() {
    tale.caller().claims();
    tale.caller().isRefused(OVER).claims(Answer.APPLIED, it -> it.fingerprint(Tale.OTHER_REQUEST));
    tale.breaks("I11", "the fingerprint changed");
  }

  @Test
  void i11_completionThatRebindsTheFingerprint_isFound() {
    tale.caller()
        .claims()
        .writes(KeyState.COMPLETED, Slots.EMPTY, it -> it.fingerprint(Tale.OTHER_REQUEST));
    tale.breaks("I11", "the fingerprint changed");
  }

  @Test
  void i12_startWithoutAGrant_isFound() {
    tale.caller().claims();
    Caller second = tale.caller().isRefused();
    second.starts(999_999, 2).gets(Kind.THREW);
    tale.breaks("I12", "an action started under no grant");
  }

  @Test
  void i12_startUnderAClaimThatNeverArrived_isFound() {
    tale.caller().claims(Answer.MAYBE, it -> it).starts().gets(Kind.THREW);
    tale.breaks("I12", "an action started under no grant");
  }

  @Test
  void i12_secondStartUnderOneGrant_isFound() {
    Caller first = tale.caller().claims().starts().starts();
    first.completes("paid").gets(Kind.EXECUTED, "paid");
    tale.breaks("I12", "an action started twice under one grant");
  }

  @Test
  void i12_secondStartByAnotherCallerWithTheSameFence_isFound() {
    Caller first = tale.caller().claims().starts();
    Caller second = tale.caller().isRefused();
    second.starts(first.held().fence(), 1).gets(Kind.THREW);
    tale.breaks("I12", "an action started twice under one grant");
  }

  @Test
  void i18_startBeforeTheClaimWasAnswered_isFound() {
    // Its claim was applied, but nobody had told it so.
    tale.caller().loses(Caller::claims).starts().completes("paid").gets(Kind.EXECUTED, "paid");
    tale.breaks("I12, I18", "an action started before its claim was granted");
  }

  @Test
  void attempts_firstClaimAsSecondAttempt_isFound() {
    tale.caller().claims(Answer.APPLIED, record -> record.attempt(2));
    tale.breaks("I12 (attempts)", "a first claim is not attempt 1");
  }

  @Test
  void attempts_takeoverThatDoesNotCount_isFound() {
    tale.caller().claims().starts();
    tale.caller().isRefused(OVER).claims(Answer.APPLIED, record -> record.attempt(1));
    tale.breaks("I12 (attempts)", "attempt 1 where 2 is due");
  }

  @Test
  void attempts_withdrawalOfWhatRan_isFound() {
    tale.caller().claims().starts().withdraws();
    tale.breaks("I12 (attempts)", "attempt 0 where 1 is due");
  }

  @Test
  void attempts_claimAfterAWithdrawalThatCountsIt_isFound() {
    tale.caller().loses(Caller::claims).gets(Kind.ERROR).withdraws();
    tale.caller().isRefused(OVER).claims(Answer.APPLIED, record -> record.attempt(2));
    tale.breaks("I12 (attempts)", "attempt 2 where 1 is due");
  }

  @Test
  void attempts_actionThatWasToldAnother_isFound() {
    Caller first = tale.caller().claims();
    first.starts(first.held().fence(), 2);
    tale.breaks("I12 (attempts)", "an action was told another attempt");
  }
}
