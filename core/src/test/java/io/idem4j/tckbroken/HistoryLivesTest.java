package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.Proof;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.Samples;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Keys that are forgotten and used again: times are in seconds, and a record is kept for sixty. */
final class HistoryLivesTest {
  private final KeyId id = Samples.keyId();
  private final KeyRecord one = record(id);
  private final KeyRecord two = record(id);
  private final KeyRecord three = record(id);

  @Test
  void secondLife_afterTheRetention_isFine() {
    assertThat(violations(applied(0, 1, Stamp.ABSENT, one), applied(61, 62, Stamp.ABSENT, two)))
        .isEmpty();
    // The retention counts from the instant of the write, which may be long before its answer.
    assertThat(violations(applied(0, 50, Stamp.ABSENT, one), applied(51, 60, Stamp.ABSENT, two)))
        .isEmpty();
  }

  @Test
  void s01_secondLife_beforeTheRetention_isFound() {
    assertFound(
        "S1: two writes were applied over the same version",
        applied(0, 1, Stamp.ABSENT, one),
        applied(58, 59, Stamp.ABSENT, two));
  }

  @Test
  void s01_secondLife_tooSoonAfterTheLastVersion_isFound() {
    assertFound(
        "S1: two writes were applied over the same version",
        applied(0, 1, Stamp.ABSENT, one),
        applied(50, 51, one.stamp(), two),
        applied(70, 71, Stamp.ABSENT, three));
  }

  @Test
  void s01_secondLife_whileTheFirstIsStillSeen_isFound() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    assertFound(
        "S1: two writes were applied over the same version",
        first,
        saw(80, 81, one),
        applied(70, 75, Stamp.ABSENT, two));
    assertThat(violations(first, saw(80, 81, one), applied(70, 85, Stamp.ABSENT, two))).isEmpty();
  }

  @Test
  void lives_ofNoRetention_followAtOnce() {
    KeyRecord gone = record(id).toBuilder().retention(Duration.ZERO).build();
    assertThat(
            violations(
                applied(0, 1, Stamp.ABSENT, gone),
                sawNone(2, 3),
                applied(4, 5, Stamp.ABSENT, two),
                saw(6, 7, two)))
        .isEmpty();
    assertFound(
        "S1: two writes were applied over the same version",
        applied(0, 1, Stamp.ABSENT, two),
        applied(4, 5, Stamp.ABSENT, gone));
  }

  @Test
  void lives_whoseClaimsOverlap_areToldApart() {
    KeyRecord second = record(id).toBuilder().retention(Duration.ofSeconds(1)).build();
    KeyRecord gone = record(id).toBuilder().retention(Duration.ZERO).build();
    Call lasting = applied(0, 5, Stamp.ABSENT, one);
    Call brief = applied(3, 9, Stamp.ABSENT, second);
    Call seen = saw(10, 20, one);
    assertThat(violations(lasting, brief, seen)).isEmpty();
    assertThat(violations(lasting, brief, seen, saw(4, 20, second))).isEmpty();
    assertThat(violations(lasting, brief, seen, applied(2, 8, Stamp.ABSENT, gone))).isEmpty();

    String twice = "S1: two writes were applied over the same version";
    assertFound(twice, lasting, seen, applied(6, 9, Stamp.ABSENT, second));
    assertFound(twice, lasting, seen, applied(5, 9, Stamp.ABSENT, second));
    assertFound(twice, lasting, brief, seen, saw(6, 20, second));
  }

  @Test
  void absence_isSeenBetweenLives() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call second = applied(100, 101, Stamp.ABSENT, two);
    assertThat(violations(first, second, sawNone(-2, -1), sawNone(80, 81))).isEmpty();
    assertThat(violations(first, second, sawNone(102, 170))).isEmpty();
    assertThat(violations(first, second, sawNone(0, 5), sawNone(99, 110))).isEmpty();
  }

  @Test
  void s01_absenceWithinALife_isFound() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call second = applied(100, 101, Stamp.ABSENT, two);
    assertFound("S1: ", first, second, sawNone(20, 21));
    assertFound("S1: ", first, second, sawNone(120, 121));
    // Nothing was live until 90, so the second life cannot have been seen at 85.
    Call slow = applied(80, 101, Stamp.ABSENT, two);
    assertThat(violations(first, slow, sawNone(90, 91))).isEmpty();
    assertFound("S1: ", first, slow, sawNone(90, 91), saw(84, 85, two));
  }

  @Test
  void unansweredClaim_mayBeginTheSecondLife() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call maybe = call(2, 3, Answer.MAYBE, Stamp.ABSENT, two, null);
    assertThat(violations(first, maybe, saw(10, 11, one))).isEmpty();
    assertThat(violations(first, maybe, saw(70, 71, two))).isEmpty();
    assertFound("S1: ", first, maybe, saw(10, 11, two));
  }

  @Test
  void unansweredWriteThatNobodySaw_mayHaveEndedTheLife() {
    KeyRecord brief = record(id).toBuilder().retention(Duration.ofSeconds(10)).build();
    KeyRecord briefer = record(id).toBuilder().retention(Duration.ofSeconds(1)).build();
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call maybe = call(20, 21, Answer.MAYBE, one.stamp(), brief, null);
    assertThat(violations(first, maybe, sawNone(32, 33))).isEmpty();
    assertThat(violations(first, maybe, applied(32, 33, Stamp.ABSENT, two))).isEmpty();
    Call over = call(22, 23, Answer.MAYBE, brief.stamp(), briefer, null);
    assertThat(violations(first, maybe, over, sawNone(25, 26))).isEmpty();

    assertFound("S1: ", first, maybe, sawNone(25, 26));
    assertFound("S1: ", first, maybe, saw(30, 31, one), sawNone(32, 33));
    Call another = call(20, 21, Answer.MAYBE, two.stamp(), brief, null);
    assertFound("S1: ", first, another, sawNone(32, 33));
    Call not = call(20, 21, Answer.NOT_APPLIED, one.stamp(), brief, null);
    assertFound("S1: ", first, not, sawNone(32, 33));
  }

  @Test
  void s01_versionOfTheLifeBefore_isFound() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call second = applied(70, 71, Stamp.ABSENT, two);
    assertFound("S1: ", first, second, saw(72, 73, one));
  }

  @Test
  void i14_recordOfAnotherKey_isFound() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    assertFound("I14: a record answers for another key", first, saw(2, 3, record(Samples.keyId())));
  }

  @Test
  void s08_writeThatIsAppliedAgainAfterItsFirstAnswer_isFound() {
    assertFound(
        "S8, I17, I20: one write was applied twice",
        applied(0, 1, Stamp.ABSENT, one),
        applied(2, 3, Stamp.ABSENT, one));
  }

  @Test
  void s08_unansweredWriteThatIsSentAgain_isOneWrite() {
    Call lost = call(0, 1, Answer.MAYBE, Stamp.ABSENT, one, null);
    assertThat(violations(lost, call(2, 3, Answer.REFUSED, Stamp.ABSENT, one, one))).isEmpty();
    assertThat(violations(lost, applied(2, 3, Stamp.ABSENT, one))).isEmpty();
    // The second was applied, so the first was not: nothing can have been seen before.
    assertFound("S1: ", lost, saw(1, 1, one), applied(2, 3, Stamp.ABSENT, one));
  }

  private static void assertFound(String what, Call... calls) {
    assertThat(violations(calls)).singleElement().asString().startsWith(what);
    Proof.count("history checker", "bad histories", 1);
  }

  private static List<String> violations(Call... calls) {
    return History.of(List.of(calls)).violations();
  }

  private static KeyRecord record(KeyId id) {
    return Samples.locked(id, Samples.stamp()).retention(Duration.ofSeconds(60)).build();
  }

  private Call applied(long invoked, long returned, Stamp expected, KeyRecord next) {
    return call(invoked, returned, Answer.APPLIED, expected, next, null);
  }

  private Call saw(long invoked, long returned, KeyRecord seen) {
    return call(invoked, returned, Answer.READ, Stamp.ABSENT, null, seen);
  }

  private Call sawNone(long invoked, long returned) {
    return call(invoked, returned, Answer.READ, Stamp.ABSENT, null, null);
  }

  private Call call(
      long invoked, long returned, Answer answer, Stamp expected, KeyRecord next, KeyRecord seen) {
    Duration left = Duration.ofSeconds(1);
    return new Call(
        id,
        1,
        Duration.ofSeconds(invoked).toNanos(),
        Duration.ofSeconds(returned).toNanos(),
        answer,
        expected,
        Optional.ofNullable(next),
        Optional.ofNullable(seen).map(record -> StoredRecord.of(record, left, left)));
  }
}
