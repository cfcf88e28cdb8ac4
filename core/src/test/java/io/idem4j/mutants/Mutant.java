package io.idem4j.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One guard taken out of core: what the source says, what it says instead, and the test that must
 * notice.
 *
 * @param name says what goes wrong
 * @param file below {@code src/main/java/io/idem4j}
 * @param guard the guard, and the rule or invariant that it keeps
 * @param text occurs exactly once in the file; a blank in it stands for any white space
 * @param replacement takes its place
 * @param killer the test: class below {@code io.idem4j}, dot, method
 * @param failure the simple name of what the killer fails with
 */
record Mutant(
    String name,
    String file,
    String guard,
    String text,
    String replacement,
    String killer,
    String failure) {
  static final String ASSERTION = "AssertionError";

  private static final Path SOURCES = Path.of("src", "main", "java", "io", "idem4j");

  /** Where the mutants of one file are written down. */
  static final class Source {
    private final String file;
    private final List<Mutant> mutants = new ArrayList<>();

    private Source(String file) {
      this.file = file;
    }

    /** A mutant whose killer fails by an assertion. */
    Source mutant(String name, String guard, String text, String replacement, String killer) {
      return mutant(name, guard, text, replacement, killer, ASSERTION);
    }

    /** A mutant that throws at its killer what a sound engine would not. */
    Source mutant(
        String name, String guard, String text, String replacement, String killer, String failure) {
      mutants.add(new Mutant(name, file, guard, text, replacement, killer, failure));
      return this;
    }

    List<Mutant> list() {
      return mutants;
    }
  }

  static Source in(String type) {
    return new Source(type + ".java");
  }

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    for (List<Mutant> each :
        List.of(
            DecisionMutants.all(),
            RefusalMutants.all(),
            ClaimMutants.all(),
            HolderMutants.all(),
            SettlementMutants.all(),
            StepMutants.all(),
            RecoveryMutants.all(),
            CompleterMutants.all(),
            PurgerMutants.all(),
            StoreMutants.all(),
            WaitingMutants.all(),
            AsyncMutants.all(),
            CallMutants.all(),
            HttpMutants.all())) {
      all.addAll(each);
    }
    return all;
  }

  /** Returns the source with the guard taken out. */
  String mutated() throws IOException {
    String source = Files.readString(SOURCES.resolve(file));
    Matcher found = pattern().matcher(source);
    if (!found.find()) {
      throw new AssertionError("%s: %s does not say: %s".formatted(name, file, text));
    }
    String mutated = source.substring(0, found.start()) + replacement;
    String rest = source.substring(found.end());
    if (found.find()) {
      throw new AssertionError("%s: %s says more than once: %s".formatted(name, file, text));
    }
    return mutated + rest;
  }

  private Pattern pattern() {
    return Pattern.compile(
        Arrays.stream(text.split(" ", -1)).map(Pattern::quote).collect(Collectors.joining("\\s+")));
  }

  String killerClass() {
    return "io.idem4j." + killer.substring(0, killer.lastIndexOf('.'));
  }

  String killerMethod() {
    return killer.substring(killer.lastIndexOf('.') + 1);
  }

  @Override
  public String toString() {
    return name;
  }
}
