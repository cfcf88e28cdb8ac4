package io.idem4j.mutants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Proof;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each guard of the engine, taken out, is missed by a test that is named.
 *
 * <p>Other tests against one mutant: {@code -Dtest=MutantsTest -Didem4j.mutant=NAME
 * -Didem4j.mutant.tests=LeaseTest,WaitingTest} prints which of them notice it; without the second
 * property its own killer is run alone.
 */
final class MutantsTest {
  private static final String CHOSEN = System.getProperty("idem4j.mutant", "");
  private static final String TESTS = System.getProperty("idem4j.mutant.tests", "");

  private static final List<Mutant> KILLED = new ArrayList<>();
  private static final Map<String, Throwable> SOUND = new HashMap<>();

  /** One for all killers, which share it as they share core in their own runs. */
  private static final MutantLoader SOUND_CORE = MutantLoader.sound();

  @TempDir private Path scratch;

  static Stream<Mutant> mutants() {
    return Mutant.all().stream().filter(mutant -> CHOSEN.isEmpty() || mutant.name().equals(CHOSEN));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mutants")
  void mutant_isKilledByItsTest_andSoundCoreIsNot(Mutant mutant) throws Exception {
    if (!TESTS.isEmpty()) {
      printWhoNotices(mutant);
      return;
    }
    Trial.Ended onSound = onSound(mutant);
    assertThat(onSound.failure()).as("%s on sound core", mutant.killer()).isNull();
    Trial.Ended ended =
        new Trial(MutantLoader.of(mutant), scratch)
            .run(mutant.killerClass(), mutant.killerMethod());
    assertThat(ended.failedBy(mutant.failure()))
        .as("%s must fail by %s: %s", mutant.killer(), mutant.failure(), ended.failure())
        .isTrue();
    KILLED.add(mutant);
  }

  private Trial.Ended onSound(Mutant mutant) throws Exception {
    if (!SOUND.containsKey(mutant.killer())) {
      Trial.Ended ended =
          new Trial(SOUND_CORE, scratch).run(mutant.killerClass(), mutant.killerMethod());
      SOUND.put(mutant.killer(), ended.failure());
    }
    return new Trial.Ended(mutant.killer(), SOUND.get(mutant.killer()));
  }

  private void printWhoNotices(Mutant mutant) throws Exception {
    for (String test : TESTS.split(",", -1)) {
      Trial trial = new Trial(MutantLoader.of(mutant), scratch);
      for (Trial.Ended each : trial.runAll("io.idem4j." + test)) {
        String how = each.failure() == null ? "passes" : "fails by " + each.failure().getClass();
        System.out.printf("  %-110s %s%n", test + "." + each.test(), how);
      }
    }
  }

  /** That a mutant can survive: one that takes nothing out is not killed. */
  @Test
  void mutantThatChangesNothing_isNotKilled() throws Exception {
    Mutant none = mutant("if (isRunning(live.leaseLeft())) {");
    Trial trial = new Trial(MutantLoader.of(none), scratch);
    assertThat(trial.run(none.killerClass(), none.killerMethod()).failure()).isNull();
  }

  @Test
  void textThatIsNotThereOnce_isAnError() {
    for (String text : List.of("no such text", "return")) {
      assertThatThrownBy(mutant(text)::mutated)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("KeyMachine");
    }
  }

  private static Mutant mutant(String text) {
    return Mutant.in("KeyMachine")
        .mutant("x", "x", text, text, "ExecuteTest.execute_whileRunning_saysWhenToRetry")
        .list()
        .get(0);
  }

  @Test
  void names_areUnique() {
    assertThat(Mutant.all()).extracting(Mutant::name).doesNotHaveDuplicates();
  }

  @AfterAll
  static void printTable() {
    if (KILLED.isEmpty()) {
      return;
    }
    KILLED.sort(Comparator.comparing(Mutant::file));
    System.out.printf("%d mutants: what is missing | the guard | killed by%n", KILLED.size());
    String file = "";
    for (Mutant each : KILLED) {
      if (!each.file().equals(file)) {
        file = each.file();
        System.out.println(file);
      }
      // The page of checks shows how many bear an invariant's number.
      Pattern.compile("\\bI\\d+\\b")
          .matcher(each.guard())
          .results()
          .map(MatchResult::group)
          .distinct()
          .forEach(invariant -> Proof.count("MutantsTest", invariant, 1));
      System.out.printf("  %-46s | %-80s | %s%n", each.name(), each.guard(), each.killer());
    }
    Proof.count("MutantsTest", "mutants killed", KILLED.size());
  }
}
