package io.idem4j;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.util.LoggingLevel;

/**
 * How the Lincheck tests run: scenarios of three threads with two calls each, between a call before
 * and a call after. Lincheck draws them from a seed that it fixes; a failure prints its scenario,
 * made small, and from model checking its interleaving too.
 *
 * <p>More of it, for the night: {@code mvn test -pl core -Dtest='*LincheckTest'
 * -Didem4j.lincheck.iterations=300 -Didem4j.lincheck.invocations=10000}.
 *
 * <p>An index out of bounds in a test that is model-checked ends the process: Lincheck reads the
 * cell before the JVM checks the index.
 */
public final class LincheckRuns {
  private static final int ITERATIONS = Integer.getInteger("idem4j.lincheck.iterations", 30);
  private static final int INVOCATIONS = Integer.getInteger("idem4j.lincheck.invocations", 1000);

  /** Each interleaving is another one, and costs as much as ten runs on real threads. */
  private static final int INTERLEAVINGS = Math.max(1, INVOCATIONS / 10);

  private LincheckRuns() {}

  /**
   * Explores interleavings, those with the fewest switches first.
   *
   * @param atomic classes of the JDK inside whose methods no thread is switched: more of what lies
   *     between them is explored
   */
  public static void modelCheck(Class<?> calls, Class<?> model, Class<?>... atomic) {
    run(modelChecking(atomic), INTERLEAVINGS, calls, model);
  }

  /** Runs on real threads, at full speed. */
  public static void stress(Class<?> calls, Class<?> model) {
    run(new StressOptions(), INVOCATIONS, calls, model);
  }

  /** A guard of the guards: the calls are to something broken, and that is found. */
  public static void modelCheckFinds(Class<?> broken, Class<?> model) {
    Options<?, ?> options = modelChecking();
    options.minimizeFailedScenario(false);
    assertThatExceptionOfType(LincheckAssertionError.class)
        .isThrownBy(() -> check(options, INTERLEAVINGS, broken, model))
        .withMessageContaining("Invalid execution results");
  }

  private static ModelCheckingOptions modelChecking(Class<?>... atomic) {
    Set<String> names = Stream.of(atomic).map(Class::getName).collect(Collectors.toSet());
    return new ModelCheckingOptions()
        // Immutable, so that a switch inside them changes nothing.
        .addGuarantee(forClasses(LincheckRuns::isValue).allMethods().ignore())
        .addGuarantee(forClasses(names::contains).allMethods().treatAsAtomic());
  }

  private static boolean isValue(String className) {
    return className.startsWith("io.idem4j.spi.")
        || className.equals("io.idem4j.KeyId")
        || className.startsWith("java.time.");
  }

  private static void run(Options<?, ?> options, int invocations, Class<?> calls, Class<?> model) {
    check(options, invocations, calls, model);
    Proof.count(calls.getEnclosingClass().getSimpleName(), "scenarios", ITERATIONS);
    Proof.count(
        calls.getEnclosingClass().getSimpleName(), "invocations", (long) ITERATIONS * invocations);
  }

  private static void check(
      Options<?, ?> options, int invocations, Class<?> calls, Class<?> model) {
    options.iterations(ITERATIONS);
    options.invocationsPerIteration(invocations);
    options.threads(3);
    options.actorsPerThread(2);
    options.actorsBefore(1);
    options.actorsAfter(1);
    options.sequentialSpecification(model);
    options.logLevel(LoggingLevel.ERROR);
    options.check(calls);
  }
}
