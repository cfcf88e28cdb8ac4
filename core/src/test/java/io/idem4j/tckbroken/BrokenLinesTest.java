package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.idem4j.spi.KeyStore;
import io.idem4j.tckbroken.LineSubject.Client;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Each broken store is caught by the cell that its defect belongs to. */
final class BrokenLinesTest {
  /**
   * A store and what catches it.
   *
   * @param method the method of the contract
   * @param cell the name of the cell
   * @param says a part of the message
   */
  private record Broken(Class<?> type, Client make, String method, String cell, String says) {
    @Override
    public String toString() {
      return type.getSimpleName();
    }
  }

  static Stream<Broken> brokenStores() {
    return Stream.of(
        new Broken(
            BrokenLines.ReusesAfterATimeout.class,
            BrokenLines.ReusesAfterATimeout::new,
            "find_ofALiveRecord",
            "find of a live record × reply late",
            "[key id]"),
        new Broken(
            BrokenLines.LosesItsPlaceInThePool.class,
            BrokenLines.LosesItsPlaceInThePool::new,
            "claim_ofAnAbsentKey",
            "claim of an absent key × reply lost, reset",
            "no answer"),
        new Broken(
            BrokenLines.TakesSilenceForSuccess.class,
            BrokenLines.TakesSilenceForSuccess::new,
            "claim_ofAnAbsentKey",
            "claim of an absent key × request lost, silence",
            "it was applied, as the call said"),
        new Broken(
            BrokenLines.TakesALostReplyForNo.class,
            BrokenLines.TakesALostReplyForNo::new,
            "complete",
            "complete × reply lost, closed",
            "nothing was applied, as the call said"),
        new Broken(
            BrokenLines.TakesALostReplyForNo.class,
            BrokenLines.TakesALostReplyForNo::new,
            "complete",
            "complete × request very late",
            "nothing was applied, as the call said"),
        new Broken(
            BrokenLines.TakesAnEndForSuccess.class,
            BrokenLines.TakesAnEndForSuccess::new,
            "claim_refusedByAnAnswer",
            "claim refused: completed × reply cut before its last byte",
            "the record of another key"),
        new Broken(
            BrokenLines.RetriesWithAFreshStamp.class,
            BrokenLines.RetriesWithAFreshStamp::new,
            "renewal_withUnchangedSlots",
            "renewal, slots unchanged × request lost, closed",
            "it was applied, as the call said"),
        new Broken(
            BrokenLines.RetriesWithALongerLease.class,
            BrokenLines.RetriesWithALongerLease::new,
            "claim_ofAnAbsentKey",
            "claim of an absent key × request lost, reset",
            "lease left"),
        new Broken(
            BrokenLines.RetriesOverWhateverThereIs.class,
            BrokenLines.RetriesOverWhateverThereIs::new,
            "complete_byAStaleHolder",
            "complete by a stale holder × request lost, closed",
            "it was applied, as the call said"),
        new Broken(
            BrokenLines.SeesNothingAfterAFailure.class,
            BrokenLines.SeesNothingAfterAFailure::new,
            "find_ofALiveRecord",
            "find of a live record × half the request late",
            "the read saw what is"),
        new Broken(
            BrokenLines.RefusesAfterAFailure.class,
            BrokenLines.RefusesAfterAFailure::new,
            "takeover_ofALapsedLock",
            "takeover of a lapsed lock × request cut in the middle",
            "it was refused by nothing but its own effect"),
        new Broken(
            BrokenLines.ThrowsWhatItGets.class,
            BrokenLines.ThrowsWhatItGets::new,
            "everyCall_whoseRepliesAreAllLost",
            "checkpoint × all replies lost, reset",
            "something else than a KeyStoreException"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenStores")
  void brokenStore_isCaughtByItsCell(Broken broken) {
    FaultsOnTrial.subject = () -> new LineSubject(broken.make());
    List<Event> finished =
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectMethod(FaultsOnTrial.class, broken.method()))
            .execute()
            .testEvents()
            .finished()
            .filter(event -> event.getTestDescriptor().getDisplayName().equals(broken.cell()))
            .toList();
    assertThat(finished).as("the cell %s", broken.cell()).hasSize(1);
    TestExecutionResult result =
        finished.get(0).getPayload(TestExecutionResult.class).orElseThrow();
    assertThat(result.getStatus()).isEqualTo(TestExecutionResult.Status.FAILED);
    assertThat(result.getThrowable().orElseThrow())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(broken.says());
  }

  @Test
  void everyBrokenStore_isOnTheList() {
    assertThat(brokenStores().map(Broken::type).distinct())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(BrokenLines.class.getDeclaredClasses())
                .filter(KeyStore.class::isAssignableFrom)
                .toList());
  }
}
