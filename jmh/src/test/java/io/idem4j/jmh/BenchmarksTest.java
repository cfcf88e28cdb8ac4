package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

final class BenchmarksTest {
  private static List<CommandLineOptions> onDynamoDb(String... arguments)
      throws CommandLineOptionException {
    return Benchmarks.parts(List.of(arguments)).stream()
        .filter(part -> part.getIncludes().contains("CallBenchmark"))
        .filter(part -> part.getParameter("store").get().contains("dynamodb"))
        .toList();
  }

  @Test
  void goals_onDynamoDb_warmLongerThanElsewhere() throws CommandLineOptionException {
    assertThat(onDynamoDb("goals"))
        .singleElement()
        .satisfies(part -> assertThat(part.getWarmupIterations().get()).isEqualTo(60));
  }

  @Test
  void goals_takeTheUsersWarmUp_onAllStores() throws CommandLineOptionException {
    assertThat(onDynamoDb("goals", "-f", "1", "-wi", "3")).hasSize(1);
    assertThat(Benchmarks.parts(List.of("goals", "-wi", "3")))
        .hasSizeGreaterThan(1)
        .allMatch(part -> part.getWarmupIterations().get() == 3);
  }
}
