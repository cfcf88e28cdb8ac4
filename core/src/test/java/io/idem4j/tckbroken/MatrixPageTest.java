package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.idem4j.tck.Matrix;
import io.idem4j.tck.MatrixPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The page shows what is missing, failed or skipped as just that. */
final class MatrixPageTest {
  private final Map<String, String> before = new HashMap<>();

  @TempDir private Path directory;

  @BeforeEach
  void setProperties() {
    set("idem4j.matrix.directory", directory.toString());
    set("idem4j.matrix.build", "this build");
    set("idem4j.matrix.part", "one");
  }

  @AfterEach
  void restoreProperties() {
    before.forEach(
        (name, value) -> {
          if (value == null) {
            System.clearProperty(name);
          } else {
            System.setProperty(name, value);
          }
        });
  }

  private void set(String name, String value) {
    before.putIfAbsent(name, System.getProperty(name));
    System.setProperty(name, value);
  }

  @Test
  void results_areShownAsTheyAre() throws IOException {
    assertThat(run(selectClass(MatrixOnTrial.class)))
        .anyMatch(line -> line.startsWith("| S7 |") && line.contains("ok 1"))
        .anyMatch(line -> line.startsWith("| S8 |") && line.contains("**GAP**"))
        .anyMatch(line -> line.startsWith("| 3.4.7 |") && line.contains("ok 1"))
        .anyMatch(line -> line.startsWith("| 3.4.8 |") && line.contains("**FAILED 1**"))
        .anyMatch(line -> line.startsWith("| 3.4.9 |") && line.contains("skipped 1"))
        .anyMatch(line -> line.startsWith("| 3.4.10 |") && line.contains("**GAP**"))
        .contains("- Redis: there is no such server: 1");
    assertThat(Matrix.gaps())
        .contains(
            "Redis: 3.4.8 failed",
            "Redis: 3.4.10 did not run",
            "Redis: no fault of a server",
            "Redis: randomFaults_manyThreads_leaveALinearizableHistory did not run",
            "DynamoDB: claim of an absent key × reply late did not run",
            "memory: s01_raceForANewKey_hasExactlyOneWinner did not run")
        .doesNotContain(
            "Redis: 3.4.7 did not run",
            "Redis: 3.4.9 did not run",
            "Redis: s07_backendUnreachable_everyCallThrowsKeyStoreException did not run");
  }

  @Test
  void parts_ofOtherModulesOfTheSameBuild_areShownTogether() throws IOException {
    run(selectMethod(MatrixOnTrial.class, "stores_3_4_7_something_holds"));
    set("idem4j.matrix.part", "two");
    assertThat(run(selectMethod(MatrixOnTrial.class, "stores_3_4_9_something_isSkipped")))
        .anyMatch(line -> line.startsWith("| 3.4.7 |") && line.contains("ok 1"))
        .anyMatch(line -> line.startsWith("| 3.4.9 |") && line.contains("skipped 1"));
  }

  @Test
  void parts_ofAnEarlierBuild_areNotShown() throws IOException {
    run(selectMethod(MatrixOnTrial.class, "stores_3_4_7_something_holds"));
    set("idem4j.matrix.part", "two");
    set("idem4j.matrix.build", "the next build");
    assertThat(run(selectMethod(MatrixOnTrial.class, "stores_3_4_9_something_isSkipped")))
        .anyMatch(line -> line.startsWith("| 3.4.7 |") && line.contains("**GAP**"));
  }

  @Test
  void faults_ofEveryCall_haveACell() throws IOException {
    List<String> page = run(selectMethod(NamedFaultsOnTrial.class, "find_ofNone"));
    assertThat(page)
        .anyMatch(line -> line.startsWith("| reply late |") && line.contains("| ok 1 |"));
    set("idem4j.matrix.part", "two");
    run(selectMethod(NamedFaultsOnTrial.class, "purge"));
    set("idem4j.matrix.part", "three");
    run(
        selectMethod(
            NamedFaultsOnTrial.class, "randomFaults_manyThreads_leaveALinearizableHistory"));
    assertThat(Matrix.gaps())
        .doesNotContain(
            "DynamoDB: find of none × reply late did not run",
            "DynamoDB: purge × reply late did not run",
            "DynamoDB: randomFaults_manyThreads_leaveALinearizableHistory did not run")
        .contains("DynamoDB: find of a live record × reply late did not run");
  }

  private List<String> run(DiscoverySelector selector) throws IOException {
    LauncherConfig config =
        LauncherConfig.builder().enableTestExecutionListenerAutoRegistration(false).build();
    LauncherFactory.create(config)
        .execute(
            LauncherDiscoveryRequestBuilder.request().selectors(selector).build(),
            new MatrixPage());
    return Files.readAllLines(directory.resolve("matrix.md"));
  }
}
