package io.idem4j.examples.client;

import static io.idem4j.examples.client.ScriptedServer.cut;
import static io.idem4j.examples.client.ScriptedServer.reply;
import static io.idem4j.examples.client.ScriptedServer.reset;
import static io.idem4j.examples.client.ScriptedServer.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.examples.client.ScriptedServer.Step;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryingClientTest {
  static final RandomGenerator NO_JITTER = () -> 0;

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final FakeTime time = new FakeTime();
  private final List<String> log = new ArrayList<>();

  private RetryingClient client(RetryPolicy policy) {
    return new RetryingClient(HTTP, policy, time, NO_JITTER, log::add);
  }

  private Answer send(ScriptedServer server) throws OutcomeUnknownException {
    return client(RetryPolicy.standard()).send(call(server));
  }

  static KeyedCall call(ScriptedServer server) {
    return KeyedCall.of("POST", server.uri(), "{}".getBytes(StandardCharsets.UTF_8));
  }

  private OutcomeUnknownException givenUp(RetryPolicy policy, KeyedCall call) {
    return catchThrowableOfType(OutcomeUnknownException.class, () -> client(policy).send(call));
  }

  /** After this failure the second attempt gets its answer. */
  private Answer retriedAfter(Step failure) throws Exception {
    try (ScriptedServer server = new ScriptedServer(failure, reply(201, "done"))) {
      Answer answer = send(server);
      assertThat(answer.status()).isEqualTo(201);
      assertThat(answer.text()).isEqualTo("done");
      assertThat(answer.attempts()).isEqualTo(2);
      assertThat(server.seen).hasSize(2);
      return answer;
    }
  }

  @Test
  void h38_everyAttempt_sendsOneKeyAndTheSameBytes() throws Exception {
    byte[] body = new byte[100_000];
    new Random(38).nextBytes(body);
    String sent = new String(body, StandardCharsets.ISO_8859_1);
    try (ScriptedServer server =
        new ScriptedServer(
            reply(503), cut(""), cut("HTTP/1.1 201"), reset(), reply(429), reply(201))) {
      KeyedCall call =
          KeyedCall.of("PATCH", server.uri(), body)
              .withHeader("Authorization", "Bearer me")
              .withHeader("Content-Type", "application/json");
      // The caller's array stays the caller's.
      body[0]++;
      Answer answer = client(RetryPolicy.standard()).send(call);
      assertThat(answer.attempts()).isEqualTo(6);
      assertThat(new HashSet<>(server.seen)).hasSize(1);
      ScriptedServer.Seen each = server.seen.get(0);
      assertThat(each.head()).startsWith("PATCH /payments HTTP/1.1\r\n");
      assertThat(each.header("Idempotency-Key")).isEqualTo('"' + call.key() + '"');
      assertThat(each.header("Authorization")).isEqualTo("Bearer me");
      assertThat(each.body().equals(sent)).isTrue();
    }
  }

  @Test
  void h38_newCalls_haveRandomUuids() {
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      KeyedCall call = KeyedCall.of("POST", URI.create("http://localhost/"), new byte[0]);
      assertThat(UUID.fromString(call.key()).version()).isEqualTo(4);
      keys.add(call.key());
    }
    assertThat(keys).hasSize(1_000);
  }

  @Test
  void h38_ownKey_isSentByEachSendOfTheCall() throws Exception {
    try (ScriptedServer server = new ScriptedServer(reply(201), reply(201), reply(201))) {
      KeyedCall call = call(server).withKey("order-4711:pay");
      RetryingClient client = client(RetryPolicy.standard());
      client.send(call);
      client.send(call);
      client.send(call.withBareKey().withHeader("X-Other", "1"));
      assertThat(server.seen)
          .extracting(it -> it.header("Idempotency-Key"))
          .containsExactly("\"order-4711:pay\"", "\"order-4711:pay\"", "order-4711:pay");
      assertThat(server.seen).extracting(it -> it.header("X-Other")).containsExactly("", "", "1");
    }
  }

  @Test
  void withKey_whatIsNotOneKeyEverywhere_isRefused() {
    KeyedCall call = KeyedCall.of("POST", URI.create("http://localhost/"), new byte[0]);
    for (String key :
        new String[] {"", " ", "a b", "a\"b", "a\\b", "a,b", "a;b", "ä", "a\n", "x".repeat(256)}) {
      assertThatThrownBy(() -> call.withKey(key))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("x".repeat(256));
    }
    assertThat(call.withKey("x".repeat(255)).key()).hasSize(255);
    assertThatThrownBy(() -> call.withHeader("idempotency-key", "k"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void h39_409WithRetryAfter_isRetriedUnchanged() throws Exception {
    try (ScriptedServer server =
        new ScriptedServer(
            reply(409, "running", "Retry-After: 1"),
            reply(409, "running", "Retry-After: 2"),
            reply(201, "", "Idempotent-Replayed: true"))) {
      Answer answer = send(server);
      assertThat(answer.status()).isEqualTo(201);
      assertThat(answer.isReplay()).isTrue();
      assertThat(answer.lastFailure()).contains("status 409");
      assertThat(new HashSet<>(server.seen)).hasSize(1);
      assertThat(time.pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
    }
  }

  @Test
  void h39_409WithoutRetryAfterThatCanBeRead_isTheAnswer() throws Exception {
    for (String header : new String[] {"X-Nothing: 1", "Retry-After: soon", "Retry-After: -1"}) {
      try (ScriptedServer server = new ScriptedServer(reply(409, "conflict", header))) {
        Answer answer = send(server);
        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.text()).isEqualTo("conflict");
        assertThat(answer.attempts()).isEqualTo(1);
        assertThat(server.seen).hasSize(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422,
        423, 424, 426, 428, 431, 451, 499, 501, 505, 507, 508, 511, 200, 201, 202, 204, 300, 304
      })
  void h39_everyOtherStatus_isTheAnswerWhateverItAsks(int status) throws Exception {
    try (ScriptedServer server = new ScriptedServer(reply(status, "", "Retry-After: 1"))) {
      Answer answer = send(server);
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.isSuccess()).isEqualTo(status < 300);
      assertThat(answer.attempts()).isEqualTo(1);
      assertThat(answer.lastFailure()).isEmpty();
      assertThat(answer.isReplay()).isFalse();
      assertThat(server.seen).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 425, 429, 500, 502, 503, 504})
  void send_statusOfAPassingMoment_isRetried(int status) throws Exception {
    assertThat(retriedAfter(reply(status, "later")).lastFailure()).contains("status " + status);
  }

  @Test
  void send_replayedFailure_isTheAnswer() throws Exception {
    try (ScriptedServer server =
        new ScriptedServer(
            reply(500),
            reply(500, "", "Idempotent-Replayed: true"),
            reply(409, "", "Retry-After: 1", "Idempotent-Replayed: true"))) {
      Answer recorded = send(server);
      assertThat(recorded.status()).isEqualTo(500);
      assertThat(recorded.attempts()).isEqualTo(2);
      assertThat(send(server).status()).isEqualTo(409);
      assertThat(server.seen).hasSize(3);
    }
  }

  @Test
  void send_answerLostOrCut_isRetried() throws Exception {
    String chunked = "HTTP/1.1 201 -\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    String whole = text(201, "whole answer");
    for (Step lost :
        new Step[] {
          cut(""),
          reset(),
          cut("H"),
          cut("HTTP/1.1 201 -\r\nContent-Le"),
          cut(whole.substring(0, whole.length() - 1)),
          cut(chunked),
          cut("no HTTP at all\r\n\r\n")
        }) {
      Answer answer = retriedAfter(lost);
      assertThat(answer.lastFailure().orElseThrow()).contains("Exception");
    }
  }

  @Test
  void send_noAnswerOrAStuckOne_timesOutHangsUpAndIsRetried() throws Exception {
    String whole = text(201, "whole answer");
    Step done = reply(201, "done");
    for (String begun : new String[] {"", "HTTP/1.1 2", whole.substring(0, whole.length() - 1)}) {
      Step[] next = new Step[1];
      try (ScriptedServer server =
          new ScriptedServer(client -> next[0].play(client), done, done, done)) {
        next[0] = server.stuck(begun);
        var policy =
            RetryPolicy.standard().withTimes(Duration.ofMillis(300), Duration.ofSeconds(60));
        Answer answer = client(policy).send(call(server));
        assertThat(answer.text()).isEqualTo("done");
        // The second may be late too, on a slow machine.
        assertThat(answer.attempts()).isBetween(2, 4);
        assertThat(answer.lastFailure()).contains("no answer in 300 ms");
        assertThat(server.clientGone.await(10, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void send_connectionRefused_isRetried() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    List<ScriptedServer> started = new ArrayList<>();
    FakeTime untilItIsUp =
        new FakeTime() {
          @Override
          public void sleep(Duration pause) throws InterruptedException {
            super.sleep(pause);
            if (pauses.size() == 2) {
              started.add(new ScriptedServer(port, reply(401)));
            }
          }
        };
    URI uri = URI.create("http://127.0.0.1:" + port + "/");
    var client = new RetryingClient(HTTP, RetryPolicy.standard(), untilItIsUp, NO_JITTER, log::add);
    try {
      Answer answer = client.send(KeyedCall.of("POST", uri, new byte[0]));
      assertThat(answer.attempts()).isEqualTo(3);
      assertThat(answer.lastFailure().orElseThrow()).contains("ConnectException");
      // Nothing was sent before.
      assertThat(answer.mayHaveTakenEffect()).isFalse();
    } finally {
      for (ScriptedServer server : started) {
        server.close();
      }
    }
  }

  @Test
  void send_redirection_isTheAnswer() throws Exception {
    for (int status : new int[] {301, 302, 303, 307, 308}) {
      try (ScriptedServer server = new ScriptedServer(reply(status, "", "Location: /other"))) {
        Answer answer = send(server);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Location")).contains("/other");
        assertThat(server.seen).hasSize(1);
      }
    }
    HttpClient follows =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
    assertThatThrownBy(() -> new RetryingClient(follows, RetryPolicy.standard()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void body_ofTheLimit_isWhole() throws Exception {
    try (ScriptedServer server = new ScriptedServer(reply(200, "12345"), reply(200, "123456"))) {
      RetryingClient client = client(RetryPolicy.standard().withMaximumBody(5));
      Answer whole = client.send(call(server));
      assertThat(whole.text()).isEqualTo("12345");
      assertThat(whole.isWhole()).isTrue();
      Answer longer = client.send(call(server));
      assertThat(longer.text()).isEqualTo("12345");
      assertThat(longer.isWhole()).isFalse();
      assertThat(longer.attempts()).isEqualTo(1);
    }
  }

  @Test
  void body_withoutEnd_isHungUpOn() throws Exception {
    for (String length : new String[] {"Content-Length: 999999999999", "Connection: close"}) {
      Step[] next = new Step[1];
      try (ScriptedServer server = new ScriptedServer(client -> next[0].play(client))) {
        next[0] = server.endless("HTTP/1.1 201 -\r\n" + length + "\r\n\r\n");
        Answer answer = client(RetryPolicy.standard().withMaximumBody(1_000)).send(call(server));
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.body()).hasSize(1_000);
        assertThat(answer.isWhole()).isFalse();
        assertThat(server.clientGone.await(10, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void replay_isToldByItsMarkerAlone() throws Exception {
    try (ScriptedServer server =
        new ScriptedServer(
            reply(201, "", "idempotent-replayed: TRUE"),
            reply(201, "", "Idempotent-Replayed: false"),
            reply(201))) {
      assertThat(send(server).isReplay()).isTrue();
      assertThat(send(server).isReplay()).isFalse();
      assertThat(send(server).isReplay()).isFalse();
    }
  }

  @Test
  void mayHaveTakenEffect_refusalAfterAnAttemptInDoubt_isSaid() throws Exception {
    String marker = "Idempotent-Replayed: true";
    assertThat(refusedAfter(cut(""), reply(401)).mayHaveTakenEffect()).isTrue();
    assertThat(refusedAfter(cut(""), reply(429), reply(401)).mayHaveTakenEffect()).isTrue();
    assertThat(refusedAfter(reply(500), reply(404)).mayHaveTakenEffect()).isTrue();
    assertThat(refusedAfter(reply(409, "", "Retry-After: 0"), reply(403)).mayHaveTakenEffect())
        .isTrue();
    assertThat(refusedAfter(cut(""), reply(307)).mayHaveTakenEffect()).isTrue();
    assertThat(refusedAfter(reply(429), reply(401)).mayHaveTakenEffect()).isFalse();
    assertThat(refusedAfter(cut(""), reply(402, "", marker)).mayHaveTakenEffect()).isFalse();
    assertThat(refusedAfter(cut(""), reply(201)).mayHaveTakenEffect()).isFalse();
    assertThat(refusedAfter(reply(401)).mayHaveTakenEffect()).isFalse();
    assertThat(refusedAfter(reply(409)).mayHaveTakenEffect()).isTrue();
    assertThat(refusedAfter(reply(524)).mayHaveTakenEffect()).isTrue();
    assertThat(refusedAfter(reply(500, "", marker)).mayHaveTakenEffect()).isTrue();
  }

  private Answer refusedAfter(Step... steps) throws Exception {
    try (ScriptedServer server = new ScriptedServer(steps)) {
      return send(server);
    }
  }

  @Test
  void givenUp_exceptionSaysHowToResumeAndShowsNoKey() throws IOException {
    try (ScriptedServer server = new ScriptedServer(cut(""), reply(503), cut(""))) {
      KeyedCall call = call(server);
      OutcomeUnknownException e = givenUp(RetryPolicy.standard().withAttempts(3), call);
      assertThat(server.seen).hasSize(3);
      assertThat(e.key()).isEqualTo(call.key());
      assertThat(e.attempts()).isEqualTo(3);
      assertThat(e.lastFailure()).contains("IOException");
      assertThat(e).hasCauseInstanceOf(IOException.class);
      assertThat(e.getMessage())
          .contains("outcome is unknown", "3 attempts", "same request under the same key")
          .doesNotContain(call.key());
      assertThat(log).hasSize(3).noneMatch(line -> line.contains(call.key()));
      assertThat(call.toString()).doesNotContain(call.key());
    }
  }
}
