package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What survives a restart on the same H2 file. */
class RestartTest {
  @TempDir Path directory;

  private String store() {
    return "h2:" + directory.resolve("payments");
  }

  @Test
  void restart_answersAreReplayed() throws Exception {
    Settings settings = Settings.of(0, store(), Duration.ofSeconds(30), Duration.ofHours(1), false);
    Call call = Call.pay("t", "4.20");
    Received first;
    try (Service service = Service.start(settings, line -> {})) {
      first = new Client(service.port()).send(call);
    }
    try (Service service = Service.start(settings, line -> {})) {
      Client client = new Client(service.port());
      Received retry = client.send(call);
      assertThat(retry.isReplay()).isTrue();
      assertThat(retry.repeats(first)).isTrue();
      assertThat(client.send(Call.get("t", first.header("Location"))).body())
          .isEqualTo(first.body());
      assertThat(client.effects("t").payments()).isEqualTo(1);
    }
  }

  @Test
  void row44_killedRightAfterTheAnswer_isReplayed() throws Exception {
    List<String> options = List.of("--store", store());
    Call call = Call.pay("t", "4.20");
    Received first;
    try (Child child = Child.serve(options)) {
      first = new Client(child.port()).send(call);
      child.kill();
    }
    try (Child child = Child.serve(options)) {
      Client client = new Client(child.port());
      assertThat(client.send(call).repeats(first)).isTrue();
      assertThat(client.effects("t").payments()).isEqualTo(1);
      child.kill();
    }
  }

  @Test
  void row44_killedInTheMiddle_reRunAddsNothingTwice() throws Exception {
    CrashScenarios crashes = new CrashScenarios(List.of("--store", store(), "--lease", "3s"));
    Finding before = new Finding();
    crashes.killedBefore(before);
    assertThat(before.isAsExpected()).as(before.line("before")).isTrue();
    Finding after = new Finding();
    crashes.killedAfter(after);
    assertThat(after.isAsExpected()).as(after.line("after")).isTrue();
  }
}
