package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Bad inputs by number, where no other test bears it. */
class BadInputsTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());

  @Test
  void bad03_controlCharacters_areTextLikeAnyOther() {
    for (String value : List.of("a\u0000", "a\r\n", "a\u007f", "a\u001b[31m", "\ufeffa", "日本")) {
      assertThat(rerun.execute(TENANT, value, BODY, bench.effect()))
          .isInstanceOf(Outcome.Executed.class);
      assertThat(rerun.execute(TENANT, value, BODY, bench.effect()))
          .isInstanceOf(Outcome.Replayed.class);
    }
    assertThat(bench.effects).hasValue(6);
  }

  @Test
  void bad08and09_fragmentsOfOtherLanguages_arePlainData() {
    for (String value :
        List.of("{tag}", "*", "'; DROP TABLE idem4j_record; --", "${jndi:x}", ":v")) {
      rerun.execute(Scope.of(value), value, BODY, bench.effect());
      assertThat(rerun.execute(Scope.of(value), value, BODY, bench.effect()))
          .isInstanceOf(Outcome.Replayed.class);
    }
    assertThat(bench.effects).hasValue(5);
  }

  @Test
  void bad10and11_guessableKeys_reachNoOtherScope() {
    for (int value = 0; value < 100; value++) {
      rerun.execute(Scope.of("victim"), Integer.toString(value), BODY, bench.effect());
    }
    for (int value = 0; value < 100; value++) {
      assertThat(rerun.execute(Scope.of("attacker"), Integer.toString(value), BODY, bench.effect()))
          .isInstanceOf(Outcome.Executed.class);
    }
    assertThat(bench.effects).hasValue(200);
  }

  @Test
  void bad14_messagesShowNoKey_andBreakNoLine() {
    String canary = "canary\r\n\u001b[31m";
    IdempotencyKey key = rerun.key(Scope.of(canary), canary);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> rerun.execute(key, BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class)
        .satisfies(BadInputsTest::showsNothing);
    bench.line.clearFaults();
    bench.pass(seconds(60));
    Lease<String> lease = ExecuteTest.granted(rerun.claim(key, BODY));
    lease.complete(canary);
    assertThatThrownBy(() -> lease.complete(canary)).satisfies(BadInputsTest::showsNothing);
    assertThatThrownBy(
            () ->
                bench
                    .idempotency
                    .operation(
                        "charge",
                        Codec.<String>of("other", text -> new byte[0], bytes -> canary),
                        OperationPolicy.rerun())
                    .execute(key, BODY, bench.effect()))
        .satisfies(BadInputsTest::showsNothing);
    assertThat(key + " " + lease + " " + bench.memory.find(key.id()))
        .doesNotContain("canary")
        .doesNotContain("\n");
  }

  private static void showsNothing(Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      assertThat(each.toString()).doesNotContain("canary").doesNotContain("\n");
    }
  }

  @Test
  void bad16_sameMeaningInOtherBytes_isAnotherRequest() {
    rerun.execute(TENANT, "k", json("{\"a\":1,\"b\":2}"), bench.effect());
    assertThat(rerun.execute(TENANT, "k", json("{\"b\":2,\"a\":1}"), bench.effect()))
        .isInstanceOf(Outcome.KeyReused.class);
  }

  private static Fingerprint json(String body) {
    return Fingerprint.sha256().part("body", body).build();
  }

  @Test
  void bad24_nothingIsEverDeserialized() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src", "main", "java"))) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      assertThat(sources).hasSizeGreaterThan(40);
      for (Path source : sources) {
        assertThat(Files.readString(source))
            .as(source.toString())
            .doesNotContain("ObjectInputStream")
            .doesNotContain("Class.forName");
      }
    }
  }
}
