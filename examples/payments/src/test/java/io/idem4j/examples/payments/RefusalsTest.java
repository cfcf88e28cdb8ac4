package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.examples.payments.Ledger.Effects;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the service refuses, and that a refusal leaves no trace. */
class RefusalsTest {
  private static final String TENANT = "t";

  private Service service;
  private Client client;

  @BeforeEach
  void start() throws Exception {
    start(false);
  }

  private void start(boolean requireKey) throws Exception {
    Settings settings =
        Settings.of(0, "memory", Duration.ofSeconds(30), Duration.ofHours(1), requireKey);
    service = Service.start(settings, line -> {});
    client = new Client(service.port());
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private void assertNoEffect() throws Exception {
    assertThat(client.effects(TENANT)).isEqualTo(new Effects(0, 0));
  }

  private static void assertProblem(Received received, int status, String problem)
      throws Exception {
    assertThat(received.status()).as(received.body()).isEqualTo(status);
    assertThat(received.problem()).isEqualTo(problem);
    assertThat(received.json().path("status").asInt()).isEqualTo(status);
    assertThat(received.json().path("title").asText()).isNotBlank();
    assertThat(received.json().path("detail").asText()).isNotBlank();
  }

  /** Sends bytes as they are, and returns the response up to the end of the connection. */
  private String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private static String post(String headers) {
    String body = "{\"amount\":1,\"currency\":\"EUR\"}";
    return "POST /payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
        + body.length()
        + "\r\n"
        + headers
        + "\r\n"
        + body;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer  \r\n",
        "Authorization: Basic dDp0\r\n",
        "Authorization: Bearer a b\r\n",
        "Authorization: Bearer t\u00e9\r\n",
        "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"
      })
  void tenant_notNamed_is401(String headers) throws Exception {
    String response = raw(post(headers));
    assertThat(response)
        .startsWith("HTTP/1.1 401 ")
        .containsIgnoringCase("WWW-Authenticate: Bearer");
  }

  @Test
  void tenant_tooLong_is401() throws Exception {
    assertProblem(client.send(Call.pay("x".repeat(101), "1")), 401, "unauthorized");
    assertThat(client.send(Call.pay("x".repeat(100), "1")).status()).isEqualTo(201);
  }

  @Test
  void tenant_missing_isSaidBeforeAnythingElse() throws Exception {
    assertThat(raw("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 401 ");
    assertThat(raw(post("Idempotency-Key: a,b\r\n"))).startsWith("HTTP/1.1 401 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "  ",
        "\"\"",
        "\"  \"",
        "\"a",
        "a\"",
        "\"a\"b",
        "\"a\", \"b\"",
        "a, b",
        "a,b",
        "a b",
        "\"\\n\"",
        "\"a\\\"",
        "a;b",
        "\"a\";",
        "\"a\"; =1",
        "\"\u00e9\"",
        "\u00e9",
        "\"a\u0001\"",
        "a\u007f"
      })
  void bad06_key_malformed_is400(String key) throws Exception {
    String response = raw(post("Authorization: Bearer t\r\nIdempotency-Key: " + key + "\r\n"));
    assertThat(response).startsWith("HTTP/1.1 400 ").contains("key-malformed");
    assertNoEffect();
  }

  @Test
  void bad06_key_twoLines_is400() throws Exception {
    String lines = "Authorization: Bearer t\r\nIdempotency-Key: a\r\nidempotency-key: a\r\n";
    assertThat(raw(post(lines))).startsWith("HTTP/1.1 400 ").contains("key-malformed");
    assertNoEffect();
  }

  @Test
  void bad02_key_tooLong_is400() throws Exception {
    Call call = Call.pay(TENANT, "1");
    assertProblem(client.send(call.withKey("k".repeat(256))), 400, "key-malformed");
    assertProblem(client.send(call.withKey("k".repeat(50_000))), 400, "key-malformed");
    assertNoEffect();
    assertThat(client.send(call.withKey("k".repeat(255))).status()).isEqualTo(201);
    String escaped = "\"" + "\\\\".repeat(255) + "\"";
    assertThat(client.send(call.withKey(escaped)).status()).isEqualTo(201);
  }

  @Test
  void key_isNeverEchoed() throws Exception {
    for (String key : new String[] {"canary\u007f", "\"canary", "canary,b", "canary;x"}) {
      String response = raw(post("Authorization: Bearer t\r\nIdempotency-Key: " + key + "\r\n"));
      assertThat(response).startsWith("HTTP/1.1 400 ").doesNotContain("canary");
    }
    Call call = Call.pay(TENANT, "1").withKey("canary");
    client.send(call);
    Received mismatch = client.send(call.withBody("{\"amount\":2,\"currency\":\"EUR\"}"));
    assertThat(mismatch.status()).isEqualTo(422);
    assertThat(mismatch.body() + mismatch.headers()).doesNotContain("canary");
  }

  @Test
  void key_missing_is400OnlyWhereRequired() throws Exception {
    Call call = Call.pay(TENANT, "1").withKey(null);
    assertThat(client.send(call).status()).isEqualTo(201);
    assertThat(client.send(call).status()).isEqualTo(201);
    assertThat(client.effects(TENANT).payments()).isEqualTo(2);
    service.close();
    start(true);
    assertProblem(client.send(call), 400, "key-missing");
    Call increment = Call.increment(TENANT, "a", 1).withKey(null);
    assertProblem(client.send(increment), 400, "key-missing");
    assertThat(client.send(Call.get(TENANT, "/accounts/a")).status()).isEqualTo(200);
    assertNoEffect();
  }

  @Test
  void key_parametersBehindAQuotedString_meanNothing() throws Exception {
    Call call = Call.pay(TENANT, "1").withKey("k");
    Received first = client.send(call);
    assertThat(client.send(call.withKey("\"k\"; a=1;b=\"x,y\";c;d=?1")).repeats(first)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}",
        "{} {}",
        "not json",
        "{\"amount\":1,\"currency\":\"EUR\"} x",
        "{\"amount\":1,\"amount\":2,\"currency\":\"EUR\"}",
        "{\"amount\":\"1\",\"currency\":\"EUR\"}",
        "{\"amount\":true,\"currency\":\"EUR\"}",
        "{\"amount\":null,\"currency\":\"EUR\"}",
        "{\"amount\":[1],\"currency\":\"EUR\"}",
        "{\"amount\":0,\"currency\":\"EUR\"}",
        "{\"amount\":0.000,\"currency\":\"EUR\"}",
        "{\"amount\":-1,\"currency\":\"EUR\"}",
        "{\"amount\":NaN,\"currency\":\"EUR\"}",
        "{\"amount\":Infinity,\"currency\":\"EUR\"}",
        "{\"amount\":1e400,\"currency\":\"EUR\"}",
        "{\"amount\":1e1000000000,\"currency\":\"EUR\"}",
        "{\"amount\":1e-1000000000,\"currency\":\"EUR\"}",
        "{\"amount\":1e99999999999999,\"currency\":\"EUR\"}",
        "{\"amount\":1e-99999999999999,\"currency\":\"EUR\"}",
        "{\"amount\":1000000000000000000,\"currency\":\"EUR\"}",
        "{\"amount\":0.0000000000000000001,\"currency\":\"EUR\"}",
        "{\"amount\":1}",
        "{\"amount\":1,\"currency\":\"eur\"}",
        "{\"amount\":1,\"currency\":\"EURO\"}",
        "{\"amount\":1,\"currency\":\"EUR\\n\"}",
        "{\"amount\":1,\"currency\":978}"
      })
  void payment_badBody_is400AndBindsNothing(String body) throws Exception {
    Call call = Call.pay(TENANT, "1");
    assertProblem(client.send(call.withBody(body)), 400, "bad-request");
    assertProblem(client.send(call.withBody(body).withKey(null)), 400, "bad-request");
    assertNoEffect();
    assertThat(client.send(call).status()).as("corrected, under the same key").isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"incrementBy\":1.5}",
        "{\"incrementBy\":1.0}",
        "{\"incrementBy\":\"1\"}",
        "{\"incrementBy\":null}",
        "{\"incrementBy\":9223372036854775808}",
        "{\"incrementBy\":1e3}",
        "{\"incrementBy\":1,\"incrementBy\":2}"
      })
  void increment_badBody_is400AndBindsNothing(String body) throws Exception {
    Call call = Call.increment(TENANT, "a", 1);
    assertProblem(client.send(call.withBody(body)), 400, "bad-request");
    assertNoEffect();
    assertThat(client.send(call).status()).isEqualTo(200);
  }

  @Test
  void bad21_body_deeplyNested_is400() throws Exception {
    String body = "{\"amount\":" + "[".repeat(400_000);
    assertProblem(client.send(Call.pay(TENANT, "1").withBody(body)), 400, "bad-request");
  }

  @Test
  void body_notUtf8_is400() throws Exception {
    String body = "{\"amount\":1,\"currency\":\"EUR\",\"x\":\"\u00e9\"}";
    String request =
        "POST /payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer t\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    assertThat(raw(request)).startsWith("HTTP/1.1 400 ");
    assertNoEffect();
  }

  @Test
  void bad20_body_tooLarge_is413() throws Exception {
    Call call = Call.pay(TENANT, "1");
    String padding = " ".repeat(Body.MAXIMUM);
    assertProblem(client.send(call.withBody(call.body() + padding)), 413, "too-large");
    assertNoEffect();
    String fits = call.body() + padding.substring(call.body().length());
    assertThat(client.send(call.withBody(fits)).status()).isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "delay=1",
        "delay=",
        "delay",
        "delay=-1s",
        "delay=11m",
        "delay=99999999999s",
        "delay=1ms&delay=1ms",
        "pause=x",
        "fail=",
        "fail=Before",
        "status=199",
        "status=600",
        "status=x",
        "status=42"
      })
  void experiment_malformed_is400(String query) throws Exception {
    Call call = Call.pay(TENANT, "1");
    assertProblem(client.send(call.asking(query)), 400, "bad-request");
    assertNoEffect();
  }

  @Test
  void fingerprint_coversMethodPathQueryContentTypeAndBody() throws Exception {
    Call call = Call.increment(TENANT, "a", 1);
    client.send(call.withTarget("/accounts/a?x=1&fail=after&y=2"));
    assertThat(client.send(call.withTarget("/accounts/a?x=1&y=2&delay=1ms")).status())
        .isEqualTo(200);
    assertProblem(client.send(call.withTarget("/accounts/a?x=1")), 422, "key-reused");
    assertProblem(client.send(call.withTarget("/accounts/a?y=2&x=1")), 422, "key-reused");
    assertProblem(client.send(call.withTarget("/accounts/b?x=1&y=2")), 422, "key-reused");
    Call spaced = call.withTarget("/accounts/a?x=1&y=2").withBody("{\"incrementBy\": 1}");
    assertProblem(client.send(spaced), 422, "key-reused");
    assertThat(client.effects(TENANT).increments()).isEqualTo(1);
  }

  @Test
  void fingerprint_contentType_counts() throws Exception {
    Call call = Call.pay(TENANT, "1");
    client.send(call);
    var http = java.net.http.HttpClient.newHttpClient();
    var other =
        client.request(call).setHeader("Content-Type", "application/json;charset=utf-8").build();
    assertProblem(Received.of(http.send(other, BodyHandlers.ofByteArray())), 422, "key-reused");
  }

  @Test
  void operations_ofOneKey_areIndependent() throws Exception {
    Call pay = Call.pay(TENANT, "1");
    assertThat(client.send(pay).status()).isEqualTo(201);
    Call increment = Call.increment(TENANT, "a", 1).withKey(pay.key());
    assertThat(client.send(increment).status()).isEqualTo(200);
  }

  @Test
  void routes_unknown_are404Or405() throws Exception {
    for (String path : new String[] {"/", "/payment", "/payments/x", "/payments/", "/effects/"}) {
      assertProblem(client.send(Call.get(TENANT, path)), 404, "not-found");
    }
    Received wrong = client.send(Call.get(TENANT, "/payments"));
    assertProblem(wrong, 405, "method-not-allowed");
    assertThat(wrong.header("Allow")).isEqualTo("POST");
    Call put = Call.increment(TENANT, "a", 1);
    assertProblem(
        client.send(new Call("PUT", put.target(), TENANT, null, put.body())),
        405,
        "method-not-allowed");
    assertThat(client.send(new Call("HEAD", "/effects", TENANT, null, null)).status())
        .isEqualTo(405);
  }

  @Test
  void account_badName_is400() throws Exception {
    for (String name : new String[] {"", "a%20b", "a/b", "%00", "x".repeat(65)}) {
      assertProblem(client.send(Call.increment(TENANT, name, 1)), 400, "bad-request");
      assertProblem(client.send(Call.get(TENANT, "/accounts/" + name)), 400, "bad-request");
    }
    assertNoEffect();
  }

  @Test
  void row15_keyOnGet_isIgnored() throws Exception {
    Call get = Call.get(TENANT, "/effects").withKey("a,b");
    assertThat(client.send(get).status()).isEqualTo(200);
  }

  @Test
  void contentType_twoLines_is400() throws Exception {
    String lines =
        "Authorization: Bearer t\r\nContent-Type: application/json\r\ncontent-type: text/plain\r\n";
    assertThat(raw(post(lines))).startsWith("HTTP/1.1 400 ").contains("bad-request");
    assertNoEffect();
  }

  @Test
  void keyReused_namesOnlyWhatCanDiffer() throws Exception {
    Call call = Call.pay(TENANT, "1");
    client.send(call);
    Received reused = client.send(call.withBody("{\"amount\":2,\"currency\":\"EUR\"}"));
    assertThat(reused.json().path("detail").asText())
        .contains("path, query, content type or body")
        .doesNotContain("method");
  }

  @Test
  void payments_withoutId_is404ForEachMethod() throws Exception {
    Call call = Call.pay(TENANT, "1").withTarget("/payments/");
    assertProblem(client.send(call), 404, "not-found");
  }

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
