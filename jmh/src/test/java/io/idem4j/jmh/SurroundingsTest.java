package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a run was made. */
final class SurroundingsTest {
  @TempDir private Path directory;

  @Test
  void whatIsWritten_isRead() throws Exception {
    Surroundings here =
        Surroundings.ofThisMachine(
            "CallBenchmark", 3, Map.of("postgresql", Map.of("version", "15.4", "fsync", "on")));
    Path file = directory.resolve("x-run.json");
    here.write(file);
    assertThat(Surroundings.read(file)).contains(here);
    assertThat(Instant.parse(here.date())).isBeforeOrEqualTo(Instant.now());
    assertThat(here.machine().processors()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(here.machine().memory()).matches("[1-9][0-9]* GiB");
    assertThat(here.facts())
        .containsEntry("rounds", "3")
        .containsEntry("store postgresql", "fsync=on, version=15.4")
        .containsEntry("JDK", System.getProperty("java.runtime.version"));
  }

  @Test
  void file_doesNotSayWhoOrWhere() throws Exception {
    Path file = directory.resolve("x-run.json");
    Surroundings.ofThisMachine("", 1, Map.of()).write(file);
    assertThat(Files.readString(file))
        .doesNotContain(
            java.net.InetAddress.getLocalHost().getHostName(),
            System.getProperty("user.home"),
            System.getProperty("user.dir"),
            "\"" + System.getProperty("user.name") + "\"");
  }

  @Test
  void whatTheFileDoesNotSay_isNotShown_andWhatIsNewIsPassedOver() throws Exception {
    Path file = directory.resolve("x-run.json");
    Files.writeString(file, "{\"date\": \"2026-01-02T03:04:05Z\", \"machine\": {}, \"new\": 1}");
    assertThat(Surroundings.read(file).orElseThrow().facts())
        .containsExactly(Map.entry("date", "2026-01-02T03:04:05Z"));
    assertThat(Surroundings.read(directory.resolve("none-run.json"))).isEmpty();
  }

  @Test
  void file_isBesideTheResults() {
    assertThat(Surroundings.beside(Path.of("a/b.json"))).isEqualTo(Path.of("a/b-run.json"));
    assertThat(Surroundings.beside(Path.of("b.txt"))).isEqualTo(Path.of("b.txt-run.json"));
  }
}
