package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.ProofTable.Check;
import io.idem4j.ProofTable.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of checks names every invariant and case once, and only tests that there are. */
final class ProofTableTest {
  private static final List<String> KINDS =
      List.of(
          "PT",
          "MC",
          "LC",
          "TCK",
          "FP",
          "CK",
          "HC",
          "FZ",
          "UT",
          "MUT",
          "elsewhere",
          "review",
          "later",
          "cannot");

  private static final ProofTable TABLE = ProofTable.read();
  private static final Map<String, List<String>> TESTS = testsByClass();

  static Stream<Check> checks() {
    return Stream.of(TABLE.invariants(), TABLE.peers())
        .flatMap(List::stream)
        .map(Row::checks)
        .flatMap(List::stream)
        .distinct();
  }

  @Test
  void table_namesEveryInvariantAndCaseInOrder() {
    assertThat(TABLE.invariants().stream().map(Row::number))
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, 45).mapToObj(number -> "I" + number).toList());
    assertThat(TABLE.peers().stream().map(Row::number))
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, 29).mapToObj(number -> "P" + number).toList());
  }

  @ParameterizedTest
  @MethodSource("checks")
  void check_isATestThatThereIs(Check check) throws IOException {
    assertThat(check.kind()).isIn(KINDS);
    if (check.kind().equals("elsewhere")) {
      assertIsIn(check.text());
    } else if (check.isTest()) {
      String type = check.text().substring(0, check.text().indexOf('.'));
      assertThat(TESTS).containsKey(type);
      assertThat(TESTS.get(type)).anyMatch(method -> check.covers(type + "." + method));
    } else {
      assertThat(check.text()).as("a sentence").contains(" ");
    }
  }

  /** A test of another module, as module/Class.method. */
  private static void assertIsIn(String text) throws IOException {
    Path module = Path.of("..", text.substring(0, text.lastIndexOf('/')));
    String type = text.substring(text.lastIndexOf('/') + 1, text.indexOf('.'));
    String method = text.substring(text.indexOf('.') + 1);
    try (Stream<Path> files = Files.walk(module.resolve("src/test/java"))) {
      Path file =
          files
              .filter(each -> each.getFileName().toString().equals(type + ".java"))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no " + text));
      if (!method.equals("*")) {
        assertThat(Files.readString(file)).contains("void " + method.replace("*", ""));
      }
    }
  }

  private static Map<String, List<String>> testsByClass() {
    try (Stream<Path> files = Files.walk(Path.of("target", "test-classes"))) {
      return files
          .map(Path::toString)
          .filter(file -> file.endsWith("Test.class"))
          .map(file -> file.replaceAll(".*test-classes.", "").replaceAll("\\.class$", ""))
          .map(file -> file.replace('/', '.').replace('\\', '.'))
          .collect(
              Collectors.toMap(
                  type -> type.substring(type.lastIndexOf('.') + 1), ProofTableTest::methods));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> methods(String type) {
    try {
      Class<?> test = Class.forName(type, false, ProofTableTest.class.getClassLoader());
      return Stream.concat(
              Arrays.stream(test.getMethods()),
              Stream.<Class<?>>iterate(test, c -> c != null, Class::getSuperclass)
                  .flatMap(each -> Arrays.stream(each.getDeclaredMethods())))
          .map(java.lang.reflect.Method::getName)
          .distinct()
          .toList();
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
