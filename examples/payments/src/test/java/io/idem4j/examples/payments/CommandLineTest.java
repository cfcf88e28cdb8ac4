package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process: exit status and output. */
class CommandLineTest {
  @TempDir Path directory;

  private record Ended(int status, String out, String err) {}

  private Ended run(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-D" + EmbeddedServer.DIRECTORY + "=" + directory.resolve("servers"),
                "-cp",
                System.getProperty("java.class.path"),
                Payments.class.getName()));
    command.addAll(List.of(arguments));
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
      return new Ended(
          process.exitValue(),
          Files.readString(out, StandardCharsets.UTF_8),
          Files.readString(err, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void tour_withoutArguments_holdsEachExpectation() throws Exception {
    Ended ended = run();
    assertThat(ended.out()).contains("11 of 11 scenarios went as expected").doesNotContain("FAIL");
    assertThat(ended.status()).isZero();
    assertThat(ended.err()).isEmpty();
  }

  @Test
  void tour_inMemory_saysWhatItLeavesOut() throws Exception {
    Ended ended = run("--store", "memory");
    assertThat(ended.out())
        .contains("9 of 9 scenarios went as expected", "whose weak spot is: ", "not played: killed")
        .doesNotContain("FAIL");
    assertThat(ended.status()).isZero();
    assertThat(ended.err()).isEmpty();
  }

  @Test
  void serverThatCannotBeStarted_isSaid() throws Exception {
    for (String[] arguments :
        new String[][] {
          {"--store", "redis"}, {"serve", "--port", "0", "--store", "redis"}, {"server", "redis"}
        }) {
      Ended ended = run(arguments);
      assertThat(ended.status()).isEqualTo(1);
      assertThat(ended.out()).isEmpty();
      assertThat(ended.err())
          .contains("servers/redis", "--store redis:redis://HOST:6379")
          .doesNotContain("\tat ");
    }
  }

  @Test
  void tour_storeOutOfReach_isSaidWithoutItsPassword() throws Exception {
    for (String store :
        new String[] {
          "postgres:jdbc:postgresql://127.0.0.1:1/x?password=canary&sslmode=canary",
          "redis:redis://me:canary@127.0.0.1:1"
        }) {
      Ended ended = run("--store", store);
      assertThat(ended.status()).isEqualTo(1);
      assertThat(ended.out()).isEmpty();
      assertThat(ended.err()).startsWith("cannot ").hasLineCount(1).doesNotContain("canary");
    }
  }

  @Test
  void wrongArguments_exitWith2AndSayHow() throws Exception {
    for (String[] arguments :
        new String[][] {
          {"sirve"},
          {"serve"},
          {"serve", "--port", "0", "--lease", "30s", "--retention", "30s"},
          {"serve", "--port", "0", "--profile", "paypal"},
          {"serve", "--port", "0", "--store", "postgres:x"},
          {"serve", "--port", "0", "--store", "redis:"},
          {"serve", "--port", "0", "--store", "redis:redis://:canary@^"},
          {"--store", "dynamodb:"},
          {"server", "h2"}
        }) {
      Ended ended = run(arguments);
      assertThat(ended.status()).isEqualTo(2);
      assertThat(ended.out()).isEmpty();
      assertThat(ended.err()).contains("usage: ").doesNotContain("\tat ", "canary");
    }
  }

  @Test
  void help_isPrinted() throws Exception {
    Ended ended = run("--help");
    assertThat(ended.status()).isZero();
    assertThat(ended.out()).startsWith("usage: ");
  }

  @Test
  void portInUse_isSaid() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Ended ended =
          run("serve", "--port", String.valueOf(taken.getLocalPort()), "--store", "memory");
      assertThat(ended.status()).isEqualTo(1);
      assertThat(ended.err()).startsWith("cannot listen").doesNotContain("\tat ");
    }
  }

  @Test
  void storeOutOfReach_isSaid() throws Exception {
    String h2 = "h2:" + directory.resolve("payments");
    try (Child first = Child.serve(List.of("--store", h2))) {
      Ended second = run("serve", "--port", "0", "--store", h2);
      assertThat(second.status()).isEqualTo(1);
      assertThat(second.err()).startsWith("cannot open the store").doesNotContain("\tat ");
      first.kill();
    }
    Path file = Files.createFile(directory.resolve("file"));
    Ended nowhere = run("serve", "--port", "0", "--store", "h2:" + file.resolve("payments"));
    assertThat(nowhere.status()).isEqualTo(1);
    assertThat(nowhere.err()).startsWith("cannot open the store").doesNotContain("\tat ");
    for (String store :
        new String[] {
          "postgres:jdbc:postgresql://127.0.0.1:1/x",
          "mariadb:jdbc:mariadb://127.0.0.1:1/x",
          "redis:redis://127.0.0.1:1",
          "dynamodb:http://127.0.0.1:1"
        }) {
      List<String> arguments = new ArrayList<>(List.of("serve", "--port", "0", "--store", store));
      if (!StoreOption.parse(store).kind().takesPayments()) {
        arguments.addAll(List.of("--ledger", "h2:" + directory.resolve("ledger")));
      }
      Ended ended = run(arguments.toArray(String[]::new));
      assertThat(ended.status()).isEqualTo(1);
      assertThat(ended.err())
          .startsWith("cannot open the store")
          .hasLineCount(1)
          .doesNotContain("\tat ");
    }
  }

  /** It takes connections and says nothing: what is waited for is bounded. */
  @Test
  void storeThatIsSilent_isSaid() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String at = "127.0.0.1:" + silent.getLocalPort();
      for (String store : new String[] {"redis:redis://" + at, "dynamodb:http://" + at}) {
        String ledger = "h2:" + directory.resolve("ledger");
        Ended ended = run("serve", "--port", "0", "--store", store, "--ledger", ledger);
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).startsWith("cannot open the store").doesNotContain("\tat ");
      }
    }
  }

  @Test
  void password_inAUrl_isNeverPrinted() throws Exception {
    for (String store :
        new String[] {
          "postgres:jdbc:postgresql://127.0.0.1:1/x?user=me&password=canary",
          "postgres:jdbc:postgresql://127.0.0.1:port/x?password=canary",
          "postgres:jdbc:postgresql:canary?password=%zz",
          "postgres:jdbc:postgresql://127.0.0.1?password=canary",
          "postgres:jdbc:postgresql://127.0.0.1:1/x?password=canary&sslmode=canary",
          "postgres:jdbc:postgresql://127.0.0.1:1/x?password=canary&socketTimeout=canary",
          "mariadb:jdbc:mariadb://127.0.0.1:1/x?user=me&password=canary",
          "mariadb:jdbc:mariadb://127.0.0.1:port/x?password=canary",
          "mariadb:jdbc:mariadb://127.0.0.1:1/x?password=canary&sslMode=canary",
          "mariadb:jdbc:mariadb://127.0.0.1:1/x?password=canary&socketTimeout=canary"
        }) {
      Ended ended = run("serve", "--port", "0", "--store", store);
      assertThat(ended.status()).isEqualTo(1);
      assertThat(ended.out()).isEmpty();
      assertThat(ended.err())
          .startsWith("cannot ")
          .hasLineCount(1)
          .doesNotContain("canary", "\tat ");
    }
  }

  @Test
  void password_inAUri_isNeverPrinted() throws Exception {
    String store = "redis:redis://me:canary@127.0.0.1:1/3";
    String ledger = "h2:" + directory.resolve("ledger");
    Ended ended = run("serve", "--port", "0", "--store", store, "--ledger", ledger);
    assertThat(ended.status()).isEqualTo(1);
    assertThat(ended.err()).startsWith("cannot ").hasLineCount(1).doesNotContain("canary");
  }

  @Test
  void sigterm_stopsAfterTheRunningRequest() throws Exception {
    try (Child child = Child.serve(List.of("--store", "h2:" + directory.resolve("payments")))) {
      Client client = new Client(child.port());
      Call call = Call.pay("t", "1");
      var running = client.start(call.asking("delay=700ms"));
      assertThat(client.awaitPayments("t", 1)).isTrue();
      ProcessHandle.of(child.pid()).orElseThrow().destroy();
      assertThat(running.get(10, TimeUnit.SECONDS).status()).isEqualTo(201);
      child.awaitEnd();
    }
  }
}
