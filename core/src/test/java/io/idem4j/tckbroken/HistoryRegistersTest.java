package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.FaultyKeyStore.Fault;
import io.idem4j.tck.History;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.Samples;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The history checker, on histories made by hand: good ones pass, bad ones are named. */
final class HistoryRegistersTest {
  private final KeyId id = Samples.keyId();
  private final KeyRecord one = record();
  private final KeyRecord two = record();
  private final KeyRecord three = record();

  @Test
  void nothing_isLinearizable() {
    assertThat(violations()).isEmpty();
    assertThat(violations(sawNone(0, 1), sawNone(0, 5))).isEmpty();
  }

  @Test
  void chain_ofOverlappingWrites_isLinearizable() {
    assertThat(
            violations(
                applied(0, 10, Stamp.ABSENT, one),
                applied(0, 10, one.stamp(), two),
                applied(0, 10, two.stamp(), three),
                saw(0, 10, one),
                saw(0, 10, three),
                sawNone(0, 10)))
        .isEmpty();
  }

  @Test
  void chain_whoseWriteReturnedBeforeItsPredecessorBegan_isNot() {
    assertThat(violations(applied(5, 9, Stamp.ABSENT, one), applied(0, 4, one.stamp(), two)))
        .singleElement()
        .asString()
        .contains("after the write that replaced it had returned");
  }

  @Test
  void chain_whoseConflictOnlyShowsOverThreeWrites_isNot() {
    // two lies between one and three in the chain, and one begins after three has returned.
    assertThat(
            violations(
                applied(6, 20, Stamp.ABSENT, one),
                applied(0, 20, one.stamp(), two),
                applied(0, 5, two.stamp(), three)))
        .hasSize(1);
  }

  @Test
  void twoWinners_areNot() {
    assertThat(violations(applied(0, 9, Stamp.ABSENT, one), applied(0, 9, Stamp.ABSENT, two)))
        .singleElement()
        .asString()
        .contains("two writes were applied over the same version");
  }

  @Test
  void writeAppliedTwice_isNot() {
    assertThat(
            violations(
                applied(0, 1, Stamp.ABSENT, one),
                applied(2, 3, one.stamp(), two),
                applied(4, 5, two.stamp(), one)))
        .singleElement()
        .asString()
        .contains("applied twice");
  }

  @Test
  void writeOverAVersionThatNobodyWrote_isNot() {
    assertThat(violations(applied(0, 1, Stamp.ABSENT, one), applied(2, 3, two.stamp(), three)))
        .singleElement()
        .asString()
        .contains("over no known version");
  }

  @Test
  void staleRead_isNot() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call second = applied(2, 6, one.stamp(), two);
    assertThat(violations(first, second, saw(5, 9, one))).isEmpty();
    assertThat(violations(first, second, saw(7, 9, one))).hasSize(1);
    assertThat(violations(first, second, sawNone(7, 9))).hasSize(1);
    assertThat(violations(first, second, saw(7, 9, two))).isEmpty();
  }

  @Test
  void readFromTheFuture_isNot() {
    Call first = applied(5, 9, Stamp.ABSENT, one);
    assertThat(violations(first, saw(0, 4, one)))
        .singleElement()
        .asString()
        .contains("before it could have been written");
    assertThat(violations(first, saw(0, 5, one))).isEmpty();
  }

  @Test
  void newValueThenOldValue_withinOneWrite_isNot() {
    // The write is still running: each read alone could be right, but not both in this order.
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call second = applied(2, 20, one.stamp(), two);
    assertThat(violations(first, second, saw(3, 5, one), saw(6, 8, two))).isEmpty();
    assertThat(violations(first, second, saw(3, 5, two), saw(6, 8, one))).hasSize(1);
  }

  @Test
  void refusals_countAsReads() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call second = applied(2, 3, one.stamp(), two);
    assertThat(violations(first, second, refused(0, 9, Stamp.ABSENT, one))).isEmpty();
    assertThat(violations(first, second, refused(4, 9, Stamp.ABSENT, two))).isEmpty();
    assertThat(violations(first, second, refused(4, 9, Stamp.ABSENT, one))).hasSize(1);
    assertThat(violations(first, second, refused(0, 9, one.stamp(), one)))
        .singleElement()
        .asString()
        .contains("by the very record that it expected");
  }

  @Test
  void contentsThatNobodyWrote_areNot() {
    KeyRecord altered = one.toBuilder().slots(Slots.of(new byte[1], null)).build();
    Call first = applied(0, 1, Stamp.ABSENT, one);
    assertThat(violations(first, saw(2, 3, altered)))
        .singleElement()
        .asString()
        .contains("contents that nobody wrote");
    assertThat(violations(first, saw(2, 3, two))).hasSize(1);
  }

  @Test
  void unchangedSlots_areThoseOfTheVersionBefore() {
    KeyRecord renewal = two.toBuilder().slots(Slots.UNCHANGED).build();
    KeyRecord kept = two.toBuilder().slots(one.slots()).build();
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call second = applied(2, 3, one.stamp(), renewal);
    assertThat(violations(first, second, saw(4, 5, kept))).isEmpty();
    assertThat(violations(first, second, saw(4, 5, two))).hasSize(1);
  }

  @Test
  void unansweredWrite_countsWhereItsEffectWasSeen() {
    Call first = applied(0, 1, Stamp.ABSENT, one);
    Call maybe = maybe(2, 3, one.stamp(), two);
    assertThat(violations(first, maybe, saw(4, 5, one))).isEmpty();
    assertThat(violations(first, maybe, saw(4, 5, two))).isEmpty();
    assertThat(violations(first, maybe, applied(4, 5, two.stamp(), three))).isEmpty();
    assertThat(violations(first, maybe, applied(4, 5, one.stamp(), three))).isEmpty();
    assertThat(violations(first, maybe, saw(4, 5, two), saw(6, 7, one))).hasSize(1);
    assertThat(violations(first, maybe, saw(4, 5, two), applied(6, 7, one.stamp(), three)))
        .hasSize(1);
  }

  @Test
  void keys_areJudgedApart() {
    KeyId other = Samples.keyId();
    KeyRecord there = Samples.locked(other, Samples.stamp()).build();
    Call elsewhere =
        new Call(
            other, 1, 0, 1, Answer.APPLIED, Stamp.ABSENT, Optional.of(there), Optional.empty());
    assertThat(violations(applied(0, 1, Stamp.ABSENT, one), elsewhere)).isEmpty();
  }

  @Test
  void historyBehindALossyLine_isLinearizable() {
    for (long seed = 1; seed <= 5; seed++) {
      BytesSubject backend = new BytesSubject(BytesKeyStore::new);
      FaultyKeyStore line = lossy(new FaultyKeyStore(backend.store()), seed);
      FaultyKeyStore second = lossy(new FaultyKeyStore(backend.secondInstance()), -seed);
      KeyStoreSubject subject =
          new KeyStoreSubject() {
            @Override
            public FaultyKeyStore store() {
              return line;
            }

            @Override
            public FaultyKeyStore secondInstance() {
              return second;
            }
          };
      History history = History.record(subject, 4, 2, 50, seed);
      assertThat(history.violations()).as(history.toString()).isEmpty();
      line.deliverHeld();
      second.deliverHeld();
    }
  }

  @Test
  void i23_refusalByItsOwnEffect_countsAsTheWrite() {
    Call retried = call(0, 4, Answer.REFUSED, Stamp.ABSENT, one, one);
    assertThat(violations(retried, applied(5, 9, one.stamp(), two))).isEmpty();
    assertThat(violations(maybe(0, 1, Stamp.ABSENT, one), retried, saw(5, 9, one))).isEmpty();
    assertThat(violations(retried, applied(0, 9, Stamp.ABSENT, two)))
        .anyMatch(each -> each.contains("two writes were applied over the same version"));
    assertThat(violations(retried, applied(5, 6, one.stamp(), two), saw(7, 9, one))).hasSize(1);
    assertThat(violations(saw(-9, -5, one), retried)).hasSize(1);
  }

  private static FaultyKeyStore lossy(FaultyKeyStore line, long seed) {
    Fault[] faults = Fault.values();
    new Random(seed)
        .ints(60, 0, faults.length)
        .mapToObj(i -> faults[i])
        .forEach(fault -> line.onWrites(fault, Fault.NONE));
    return line;
  }

  private KeyRecord record() {
    return Samples.locked(id, Samples.stamp()).slots(Slots.of(Samples.bytes(8), null)).build();
  }

  private static List<String> violations(Call... calls) {
    return History.of(Stream.of(calls).toList()).violations();
  }

  private Call applied(long invoked, long returned, Stamp expected, KeyRecord next) {
    return call(invoked, returned, Answer.APPLIED, expected, next, null);
  }

  private Call maybe(long invoked, long returned, Stamp expected, KeyRecord next) {
    return call(invoked, returned, Answer.MAYBE, expected, next, null);
  }

  private Call refused(long invoked, long returned, Stamp expected, KeyRecord seen) {
    return call(invoked, returned, Answer.REFUSED, expected, record(), seen);
  }

  private Call saw(long invoked, long returned, KeyRecord seen) {
    return call(invoked, returned, Answer.READ, Stamp.ABSENT, null, seen);
  }

  private Call sawNone(long invoked, long returned) {
    return call(invoked, returned, Answer.READ, Stamp.ABSENT, null, null);
  }

  private Call call(
      long invoked, long returned, Answer answer, Stamp expected, KeyRecord next, KeyRecord seen) {
    Duration minute = Duration.ofMinutes(1);
    return new Call(
        id,
        1,
        invoked,
        returned,
        answer,
        expected,
        Optional.ofNullable(next),
        Optional.ofNullable(seen).map(record -> StoredRecord.of(record, minute, minute)));
  }
}
