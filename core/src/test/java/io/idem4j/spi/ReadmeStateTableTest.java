package io.idem4j.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The state table of the README is the one of {@link KeyState}, cell by cell. */
class ReadmeStateTableTest {
  @Test
  void readme_stateTable_isThatOfTheEnum() throws IOException {
    List<List<String>> rows =
        Files.readAllLines(Path.of("..", "README.md")).stream()
            .dropWhile(line -> !line.startsWith("| from \\ to |"))
            .takeWhile(line -> line.startsWith("|"))
            .map(ReadmeStateTableTest::cells)
            .toList();
    List<String> states = Arrays.stream(KeyState.values()).map(KeyState::name).toList();
    assertThat(rows).hasSize(2 + states.size());
    assertThat(rows.get(0).subList(1, rows.get(0).size())).isEqualTo(states);
    for (int from = 0; from < states.size(); from++) {
      List<String> row = rows.get(2 + from);
      assertThat(row.get(0)).isEqualTo(states.get(from));
      for (int to = 0; to < states.size(); to++) {
        assertThat(!row.get(1 + to).equals("–"))
            .as("%s to %s", states.get(from), states.get(to))
            .isEqualTo(
                KeyState.valueOf(states.get(from)).canMoveTo(KeyState.valueOf(states.get(to))));
      }
    }
  }

  @Test
  void readme_dependencyBlock_namesTheVersionsOfThisBuild() throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    String pom = Files.readString(Path.of("..", "pom.xml"));
    for (String property : List.of("jqwik.version", "assertj.version", "junit.version")) {
      String version = pom.replaceAll("(?s).*<" + property + ">(.*?)</" + property + ">.*", "$1");
      assertThat(readme).as(property).contains("<version>" + version + "</version>");
    }
  }

  private static List<String> cells(String line) {
    return Arrays.stream(line.substring(1, line.length() - 1).split("\\|"))
        .map(String::strip)
        .toList();
  }
}
