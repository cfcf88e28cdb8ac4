package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.idem4j.spi.KeyStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.MethodSelector;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Each broken store is killed by the contract test that its defect is named after. */
final class BrokenStoresTest {
  private static final List<String> KILLED = new ArrayList<>();

  @TempDir private Path scratch;

  private record Broken(String killer, Function<Backend, ? extends KeyStore> make) {
    String name() {
      return make.apply(new Backend(true)).getClass().getSimpleName();
    }

    @Override
    public String toString() {
      return name();
    }
  }

  static Stream<Broken> brokenStores() {
    return Stream.of(
        new Broken("s01_raceForANewKey_hasExactlyOneWinner", BrokenComparisons.ChecksThenActs::new),
        new Broken(
            "s01_raceOnOneStamp_hasExactlyOneWinner",
            BrokenComparisons.LocksItsOwnProcessOnly::new),
        new Broken(
            "s09_manyWritersOfOneKey_loseNoUpdate", BrokenComparisons.LocksItsOwnProcessOnly::new),
        new Broken(
            "s01_raceForAnExpiredRecord_hasExactlyOneWinner",
            BrokenComparisons.LazyExpiryDeletesFreshRecord::new),
        new Broken(
            "s01_historyOfManyThreads_isLinearizable", BrokenComparisons.ReadsFromAReplica::new),
        new Broken(
            "s01_historyOfManyThreads_isLinearizable", BrokenComparisons.ChecksThenActs::new),
        new Broken("s01_find_seesWhatAnotherInstanceJustWrote", BrokenComparisons.CachesReads::new),
        new Broken(
            "s01_keysDifferingInOneBit_areDifferentRecords", BrokenComparisons.KeysOf31Bytes::new),
        new Broken(
            "s01_keysOfHostileBytes_areDifferentRecords",
            BrokenComparisons.KeysUnderACollation::new),
        new Broken("s02_absent_leaseOver_isRefused", BrokenComparisons.LapsedLeaseIsAbsent::new),
        new Broken(
            "s02_absent_whateverStateIsLive_isRefused",
            BrokenComparisons.AbsentMatchesEverything::new),
        new Broken(
            "s02_holder_leaseOver_isNotRefused",
            BrokenComparisons.LapsedLeaseRefusesItsHolder::new),
        new Broken(
            "s02_stamp_earlierOneOfTheSameClaim_doesNotMatch",
            BrokenComparisons.ComparesTheGrantOnly::new),
        new Broken(
            "s02_stamp_differingInOneBit_doesNotMatch", BrokenComparisons.ComparesHalfAStamp::new),
        new Broken(
            "s02_absent_afterRetentionZero_matches", BrokenContents.ZeroRetentionIsForEver::new),
        new Broken(
            "s03_refusal_returnsTheLiveRecord", BrokenComparisons.RefusesWithoutTheRecord::new),
        new Broken(
            "s03_refusal_returnsTheLiveRecord", BrokenComparisons.RefusesWithAStaleRecord::new),
        new Broken("s04_overTheLimit_isRefusedAndNothingIsWritten", BrokenContents.CutsBytes::new),
        new Broken("s04_emptyAndAbsentSlots_differ", BrokenContents.EmptyBecomesAbsent::new),
        new Broken("s04_unchangedSlots_stayByteForByte", BrokenContents.WipesUnchangedSlots::new),
        new Broken("s04_unchangedSlots_afterAbsent_areEmpty", BrokenContents.ExpiredSlotsStay::new),
        new Broken("s04_everyField_atItsExtremes_comesBack", BrokenContents.NumbersAreDoubles::new),
        new Broken(
            "s04_everyField_atItsExtremes_comesBack", BrokenContents.NormalisesFingerprints::new),
        new Broken("s04_references_comeBack", BrokenContents.ReferencesInLatin1::new),
        new Broken("s05_timeLeft_isWhatWentInToTheMillisecond", BrokenContents.TimeInSeconds::new),
        new Broken("s05_aHundredYears_doNotOverflow", BrokenContents.TimeOverflows::new),
        new Broken("s05_leaseOver_isZeroOrLess", BrokenContents.LeaseNeverEnds::new),
        new Broken("s05_timeLeft_decreases", BrokenContents.TimeLeftStandsStill::new),
        new Broken(
            "s06_retentionOver_isAbsentWithoutAnyPurge", BrokenContents.OnlyPurgeExpires::new),
        new Broken(
            "s06_retention_isCountedAnewAtEachWrite", BrokenContents.RetentionOnlyGrows::new),
        new Broken(
            "s07_backendUnreachable_everyCallThrowsKeyStoreException",
            BrokenConduct.ErrorsBecomeRefusals::new),
        new Broken(
            "s07_backendUnreachable_everyCallThrowsKeyStoreException",
            BrokenConduct.ThrowsWhatTheDriverThrows::new),
        new Broken(
            "s08_reissueAfterApplied_isRefusedByItsOwnStamp",
            BrokenConduct.ReissueAppliesTwice::new),
        new Broken(
            "s08_sameCallFromManyThreads_appliesOnce", BrokenConduct.ReissueAppliesTwice::new),
        new Broken("s08_duplicatedDelivery_appliesOnce", BrokenConduct.ReissueAppliesTwice::new),
        new Broken(
            "s08_lateClaim_afterANewerGrant_changesNothing", BrokenComparisons.ComparesFences::new),
        new Broken(
            "s08_lateRenewal_afterATakeover_changesNothing", BrokenComparisons.ComparesFences::new),
        new Broken(
            "s08_reissue_doesNotExtendLeaseOrRetention",
            BrokenConduct.RefusalExtendsRetention::new),
        new Broken("s10_laterFormat_isHandedThroughByFind", BrokenConduct.LaterFormatIsAbsent::new),
        new Broken(
            "s10_laterFormat_matchingWriteThrowsAndLeavesIt",
            BrokenConduct.LaterFormatIsOverwritten::new),
        new Broken(
            "s10_damaged_isATypedErrorAndNeverOverwritten", BrokenConduct.DamagedIsAbsent::new),
        new Broken("s10_damaged_retentionOver_isAbsent", BrokenConduct.DamagedNeverExpires::new),
        new Broken("s11_callerRollsBack_writeStays", BrokenConduct.JoinsTheCallersTransaction::new),
        new Broken(
            "s11_refusedWrite_doesNotHarmTheCallersTransaction",
            BrokenConduct.RefusalAbortsTheCallersTransaction::new),
        new Broken(
            "s12_interruptedBeforeAWrite_answerIsTrueAndTheFlagStays",
            BrokenConduct.SwallowsInterrupts::new),
        new Broken(
            "s12_interruptedDuringWrites_noneIsLostOrHalfDone",
            BrokenConduct.SwallowsInterrupts::new),
        new Broken(
            "s12_interruptedBeforeAWrite_answerIsTrueAndTheFlagStays",
            BrokenConduct.InterruptedIsNotApplied::new),
        new Broken(
            "purge_besideClaims_neverTakesAFreshRecord",
            BrokenConduct.PurgeDeletesFreshRecords::new),
        new Broken(
            "purge_takesWhatIsPastItsRetention_andNothingElse",
            BrokenConduct.PurgesLapsedLeases::new),
        new Broken("purge_laterFormat_stays", BrokenConduct.PurgesLaterFormats::new),
        new Broken("scan_pages_areCompleteAndWithoutRepeats", BrokenConduct.PagesOverlap::new));
  }

  static Stream<Broken> brokenInSequence() {
    return brokenStores()
        .filter(
            broken ->
                List.of(
                        "LapsedLeaseIsAbsent",
                        "AbsentMatchesEverything",
                        "ComparesTheGrantOnly",
                        "ZeroRetentionIsForEver",
                        "RefusesWithoutTheRecord",
                        "RefusesWithAStaleRecord",
                        "EmptyBecomesAbsent",
                        "WipesUnchangedSlots",
                        "ExpiredSlotsStay",
                        "NumbersAreDoubles")
                    .contains(broken.name()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenStores")
  void brokenStore_isKilledByItsTest_andTheSoundOneIsNot(Broken broken) {
    MethodSelector killer = selectMethod(ContractOnTrial.class, broken.killer());
    assertThat(failures(contract(broken.make(), killer)))
        .singleElement()
        .as("%s must fail by an assertion", broken.killer())
        .isInstanceOf(AssertionError.class);
    assertSucceeds(contract(BytesKeyStore::new, killer));
    KILLED.add(row(broken.name(), broken.killer()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenInSequence")
  void brokenStore_isKilledByRandomCallsToo(Broken broken) {
    assertThat(failures(properties(broken.make())))
        .singleElement()
        .isInstanceOf(AssertionError.class);
    KILLED.add(row(broken.name(), "random calls against the model"));
  }

  @Test
  void randomCalls_onTheSoundStore_pass() {
    assertSucceeds(properties(BytesKeyStore::new));
  }

  @Test
  void everyBrokenStore_isOnTheList() {
    List<String> listed = brokenStores().map(Broken::name).distinct().toList();
    List<String> written =
        Stream.of(BrokenComparisons.class, BrokenContents.class, BrokenConduct.class)
            .map(Class::getDeclaredClasses)
            .flatMap(Arrays::stream)
            .filter(KeyStore.class::isAssignableFrom)
            .map(Class::getSimpleName)
            .toList();
    assertThat(listed).containsExactlyInAnyOrderElementsOf(written);
  }

  @AfterAll
  static void printTable() {
    System.out.println(row("broken store", "killed by"));
    KILLED.forEach(System.out::println);
  }

  private EngineExecutionResults contract(
      Function<Backend, ? extends KeyStore> make, MethodSelector test) {
    ContractOnTrial.subject = () -> new BytesSubject(make);
    return EngineTestKit.engine("junit-jupiter").selectors(test).execute();
  }

  private EngineExecutionResults properties(Function<Backend, ? extends KeyStore> make) {
    ContractOnTrial.subject = () -> new BytesSubject(make);
    return EngineTestKit.engine("jqwik")
        .selectors(selectClass(PropertiesOnTrial.class))
        .configurationParameter("jqwik.database", scratch.resolve("jqwik").toString())
        .configurationParameter("jqwik.shrinking.default", "OFF")
        .configurationParameter("jqwik.reporting.onlyfailures", "true")
        .configurationParameter("jqwik.reporting.usejunitplatform", "true")
        .execute();
  }

  private static void assertSucceeds(EngineExecutionResults results) {
    assertThat(failures(results)).isEmpty();
    results.testEvents().assertStatistics(stats -> stats.started(1).succeeded(1));
  }

  private static List<Throwable> failures(EngineExecutionResults results) {
    return results.allEvents().finished().stream()
        .map(Event::getPayload)
        .flatMap(payload -> payload.stream())
        .map(TestExecutionResult.class::cast)
        .filter(result -> result.getStatus() != TestExecutionResult.Status.SUCCESSFUL)
        .map(result -> result.getThrowable().orElseThrow())
        .toList();
  }

  private static String row(String store, String killer) {
    return "  %-36s %s".formatted(store, killer);
  }
}
