package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a connection whose request is refused. */
class ConnectionsTest extends OverTheWire {
  @Test
  void connection_afterARefusalOfASmallBody_servesTheNextRequest() throws Exception {
    String first =
        "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nAuthorization: Bearer t\r\n\r\n"
            + "none";
    String second =
        "GET /effects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nConnection: close\r\n\r\n";
    assertThat(raw(first + second)).startsWith("HTTP/1.1 400 ").contains("HTTP/1.1 200 OK");
  }

  @Test
  void connection_withoutBodies_staysOpen() throws Exception {
    String get = "GET /effects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n";
    assertThat(raw(get + "\r\n" + get + "Connection: close\r\n\r\n").split("HTTP/1.1 200 OK", -1))
        .hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"})
  void body_promisedAndNotSent_isNotWaitedFor(String promise) throws Exception {
    long start = System.nanoTime();
    String response = raw("POST /payments HTTP/1.1\r\nHost: x\r\n" + promise + "\r\n");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    assertThat(response)
        .startsWith("HTTP/1.1 401 ")
        .containsIgnoringCase("Connection: close")
        .contains("unauthorized");
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 100_000, 3_000_000})
  void body_thatNobodyWants_costsNobodyTheAnswer(int length) throws Exception {
    String head = "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n";
    for (int round = 0; round < 5; round++) {
      assertThat(raw(head + "x".repeat(length))).startsWith("HTTP/1.1 401 ");
    }
  }

  @Test
  void body_promisedAndNotSentByMany_starvesNobody() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 130; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port());
        idle.add(socket);
        String head = "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      }
      long start = System.nanoTime();
      assertThat(client.send(Call.get(TENANT, "/effects")).status()).isEqualTo(200);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }
}
