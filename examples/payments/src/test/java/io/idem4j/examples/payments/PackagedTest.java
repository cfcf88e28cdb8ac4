package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar as a user runs it, with what lies beside it. Runs in Maven's phase verify. */
class PackagedTest {
  private static final Path JAR = Path.of("../target/payments.jar");
  private static final List<String> STORES = List.of("mariadb", "postgres", "dynamodb", "redis");

  @TempDir Path directory;

  private Path file(String store, String name) {
    return directory.resolve(store + "." + name);
  }

  /** At the same time: most of a tour is waiting. */
  @Test
  void tour_withEachServer_holdsEachExpectationAndLeavesNothing() throws Exception {
    List<Process> tours = new ArrayList<>();
    try {
      for (String store : STORES) {
        Path temporary = Files.createDirectory(file(store, "tmp"));
        tours.add(
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Djava.io.tmpdir=" + temporary,
                    "-jar",
                    JAR.toString(),
                    "--store",
                    store)
                .redirectOutput(file(store, "out").toFile())
                .redirectError(file(store, "err").toFile())
                .start());
      }
      for (int i = 0; i < STORES.size(); i++) {
        String store = STORES.get(i);
        assertThat(tours.get(i).waitFor(240, TimeUnit.SECONDS)).as(store).isTrue();
        String out = Files.readString(file(store, "out"), StandardCharsets.UTF_8);
        assertThat(out)
            .startsWith("starting an embedded " + store)
            .contains("its keys are in " + store + ", whose weak spot is: ")
            .contains("11 of 11 scenarios went as expected")
            .doesNotContain("FAIL");
        assertThat(tours.get(i).exitValue()).as(out).isZero();
        assertThat(file(store, "err")).isEmptyFile();
        assertThat(file(store, "tmp")).isEmptyDirectory();
      }
    } finally {
      tours.forEach(Process::destroy);
    }
  }
}
