package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.examples.payments.Ledger.Effects;
import io.idem4j.http.HttpPolicy;
import io.idem4j.memory.MemoryKeyStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A service with its keys in memory, for each test. */
abstract class OverTheWire {
  static final String TENANT = "t";

  final Queue<String> log = new ConcurrentLinkedQueue<>();
  MemoryKeyStore keys;
  Service service;
  Client client;

  @BeforeEach
  void start() throws Exception {
    start(false, UnaryOperator.identity());
  }

  /** Starts once more, with empty stores. */
  void restart(boolean requireKey, UnaryOperator<HttpPolicy> tuning) throws Exception {
    service.close();
    start(requireKey, tuning);
  }

  private void start(boolean requireKey, UnaryOperator<HttpPolicy> tuning) throws Exception {
    Settings settings =
        Settings.of(0, "memory", Duration.ofSeconds(30), Duration.ofHours(1), requireKey);
    keys = new MemoryKeyStore(1_000);
    service =
        Service.start(settings, new Backend(keys, new MemoryLedger(), () -> {}), tuning, log::add);
    client = new Client(service.port());
  }

  @AfterEach
  void stop() {
    service.close();
  }

  void assertNoEffect() throws Exception {
    assertThat(client.effects(TENANT)).isEqualTo(new Effects(0, 0));
  }

  static void assertProblem(Received received, int status, String problem) throws Exception {
    assertThat(received.status()).as(received.body()).isEqualTo(status);
    assertThat(received.problem()).isEqualTo(problem);
    assertThat(received.json().path("status").asInt()).isEqualTo(status);
    assertThat(received.json().path("title").asText()).isNotBlank();
    assertThat(received.json().path("detail").asText()).isNotBlank();
  }

  /** Sends bytes as they are, and returns the response up to the end of the connection. */
  String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** A refused request ran nothing and left no record. */
  void assertNoTrace() throws Exception {
    assertNoEffect();
    assertThat(keys.size()).isZero();
  }

  static String post(String headers) {
    return post(headers, "{\"amount\":1,\"currency\":\"EUR\"}");
  }

  static String post(String headers, String body) {
    return "POST /payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
        + body.length()
        + "\r\n"
        + headers
        + "\r\n"
        + body;
  }
}
