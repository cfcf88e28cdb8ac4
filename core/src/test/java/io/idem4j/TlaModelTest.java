package io.idem4j;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs TLC on a model of the claims, settlements and withdrawals of {@link KeyMachine}: the whole
 * algorithm holds its invariants, and without any single guard it breaks one of them.
 */
class TlaModelTest {
  private static final String MODULE = "Idempotency";
  private static final Pattern CHECKED = Pattern.compile("(?m)^(?:INVARIANTS|PROPERTIES) (.*)$");

  private static final Pattern SITUATION = Pattern.compile("Once\\(\\d+, \"(\\w+)\"");

  @TempDir private Path scratch;

  /** The configurations, the states that each has at least, and the situations that it meets. */
  enum Good {
    FAULTS(20_000, "reused takeoverOfPendingRelease"),
    RIVALS(70_000, ""),
    LATE(55_000, "firstRenewalRefused lateRenewalLanded ownStampFollowed takeoverOfPendingRelease"),
    HOLD(30_000, "marked ownDoubtSettled ownDoubtWithdrawn takeoverOfPendingRelease"),
    PURGE(
        85_000,
        "answersInTwoLives firstRenewalRefused holderOutlivedItsRecord lateRenewalLanded"
            + " olderClaimWithdrawn ownStampFollowed purgeOutrun");

    /** What happens in every configuration. */
    private static final String EVERYWHERE =
        "lateClaimLanded orphanLapsed ownCompletionRecovered ownWriteRecovered ranOnceAnswered"
            + " ranTwice replayed staleHolderLost superseded takeover withdrawn";

    final long leastStates;
    final String furtherSituations;

    Good(long leastStates, String furtherSituations) {
      this.leastStates = leastStates;
      this.furtherSituations = furtherSituations;
    }

    Set<String> situations() {
      return new TreeSet<>(Set.of((EVERYWHERE + " " + furtherSituations).trim().split(" ")));
    }

    String file() {
      return name().toLowerCase(Locale.ROOT) + ".cfg";
    }
  }

  /** One guard each, the invariant that does not hold without it, and where that is seen. */
  enum Variant {
    STAMP("stamp", "I5", Good.LATE),
    STAMP_BUT_STATE("stamp but state", "I4", Good.LATE),
    OWNER("owner", "I3", Good.PURGE),
    LEASE("lease", "I12", Good.RIVALS),
    LEASE_OF_ANOTHER("lease", "I8", Good.RIVALS),
    LAPSE("lapse", "I19", Good.RIVALS),
    FINGERPRINT("fingerprint", "I10", Good.FAULTS),
    BINDING("binding", "I11", Good.FAULTS),
    TERMINAL("terminal", "I5", Good.RIVALS),
    TERMINAL_ANSWER("terminal", "I1", Good.RIVALS),
    OWN_WRITE("own write", "I17", Good.RIVALS),
    UNRESOLVED("unresolved", "I18", Good.RIVALS),
    WITHDRAWAL("withdrawal", "I22", Good.RIVALS),
    RE_ISSUE("re-issue", "I20", Good.LATE),
    FOLLOW("follow", "I20", Good.LATE),
    OWN_DOUBT("own doubt", "I3", Good.HOLD),
    NONCE("nonce", "I12", Good.RIVALS),
    NONCE_PAIR("nonce", "I33", Good.PURGE),
    FENCE("fence", "I2", Good.RIVALS),
    EARLY_REPLAY("early replay", "I7", Good.RIVALS),
    UNKNOWN("unknown", "I16", Good.RIVALS),
    RETENTION("retention", "I4", Good.PURGE),
    PURGER("purge", "I33", Good.PURGE);

    final String guard;
    final String broken;
    final Good seenIn;

    Variant(String guard, String broken, Good seenIn) {
      this.guard = guard;
      this.broken = broken;
      this.seenIn = seenIn;
    }
  }

  @ParameterizedTest
  @EnumSource
  void model_holdsItsInvariants(Good good) throws IOException, InterruptedException {
    Tlc.Found found = Tlc.check(scratch, MODULE, read(good.file()), 2);
    row(good.file(), "no error", found);
    assertThat(found.clean()).as(found.output()).isTrue();
    assertThat(found.violated()).isEmpty();
    // A model in which nothing happens would hold everything.
    assertThat(found.states()).isGreaterThanOrEqualTo(good.leastStates);
    assertThat(found.situations()).isEqualTo(good.situations());
    Proof.count("TlaModelTest", "distinct states of " + good.file(), found.states());
  }

  @ParameterizedTest
  @EnumSource
  void modelWithoutOneGuard_breaksTheInvariantOfThatGuard(Variant variant)
      throws IOException, InterruptedException {
    String configuration = set(read(variant.seenIn.file()), "Removed", '"' + variant.guard + '"');
    Tlc.Found found = Tlc.check(scratch, MODULE, only(variant.broken, configuration), 1);
    row("without " + variant.guard, variant.broken, found);
    assertThat(found.violated()).as(found.output()).contains(variant.broken);
  }

  /** The limit that S8 states: a claim that comes when its record was purged is granted again. */
  @ParameterizedTest
  @ValueSource(strings = {"I4", "I33"})
  void s08_requestThatOutlivesTheRetention_isOutsideThePromise(String broken)
      throws IOException, InterruptedException {
    String configuration = set(read(Good.PURGE.file()), "Outlive", "TRUE");
    Tlc.Found found = Tlc.check(scratch, MODULE, only(broken, configuration), 1);
    row("request outlives retention", broken, found);
    assertThat(found.violated()).as(found.output()).contains(broken);
  }

  @Test
  void everyInvariant_isCheckedEverywhereAndBrokenBySomeVariant() throws IOException {
    Set<String> broken = new TreeSet<>();
    for (Variant variant : Variant.values()) {
      broken.add(variant.broken);
    }
    for (Good good : Good.values()) {
      assertThat(checked(read(good.file()))).as(good.file()).isEqualTo(broken);
    }
  }

  /** So that no invariant holds for want of a case: each situation that the module names occurs. */
  @Test
  void everySituation_occursSomewhere() throws IOException {
    Set<String> occurring = new TreeSet<>();
    for (Good good : Good.values()) {
      occurring.addAll(good.situations());
    }
    Set<String> named = new TreeSet<>();
    SITUATION.matcher(read(MODULE + ".tla")).results().forEach(it -> named.add(it.group(1)));
    assertThat(named).hasSize(23).isEqualTo(occurring);
  }

  private static Set<String> checked(String configuration) {
    Set<String> names = new TreeSet<>();
    Matcher lines = CHECKED.matcher(configuration);
    while (lines.find()) {
      names.addAll(Set.of(lines.group(1).split(" ")));
    }
    return names;
  }

  /** Every request may come again in a variant: what makes dropping it safe may be the guard. */
  private static String only(String invariant, String configuration) {
    boolean property = configuration.matches("(?s).*\nPROPERTIES [^\n]*\\b" + invariant + "\\b.*");
    return set(CHECKED.matcher(configuration).replaceAll(""), "Prune", "FALSE")
            .replace("ACTION_CONSTRAINT Situations", "")
        + (property ? "PROPERTIES " : "INVARIANTS ")
        + invariant;
  }

  private static String set(String configuration, String constant, String value) {
    Pattern line = Pattern.compile("(?m)^  " + constant + " = .*$");
    assertThat(line.matcher(configuration).results()).hasSize(1);
    return line.matcher(configuration)
        .replaceAll(Matcher.quoteReplacement("  " + constant + " = " + value));
  }

  private static String read(String file) throws IOException {
    try (var source = requireNonNull(TlaModelTest.class.getResourceAsStream("/tla/" + file))) {
      return new String(source.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void row(String run, String expected, Tlc.Found found) {
    System.out.printf(
        Locale.ROOT,
        "TLC  %-28s  expected %-8s  found %-8s  %,9d states  depth %2d  %5.1f s%n",
        run,
        expected,
        found.clean() ? "no error" : found.violated().orElse("nothing"),
        found.states(),
        found.depth(),
        found.seconds());
  }
}
