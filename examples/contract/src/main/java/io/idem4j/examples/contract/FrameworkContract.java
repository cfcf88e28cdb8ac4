package io.idem4j.examples.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.examples.contract.Orders.Answer;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What the example of every HTTP framework does, over a real socket. Each is the same small
 * service:
 *
 * <ul>
 *   <li>{@code Authorization: Bearer TENANT} names the caller, checked before the layer; the tenant
 *       is the scope. Without it: 401.
 *   <li>{@code POST /orders} makes an effect, and answers 201 with {@code Content-Type:
 *       text/plain}, {@code Location: /orders/N}, {@code Set-Cookie: session=N} and the body {@code
 *       order N:} and the SHA-256 of the body that the handler read, where N is the number of the
 *       effect. {@code ?status=S}: the effect, then that status with the body {@code status S}.
 *       {@code ?fail}: the effect, then the handler throws. {@code ?delay=MS}: the effect, then a
 *       while. {@code ?empty}: the effect, then 204.
 *   <li>{@code POST /strict} is the same with a key required.
 *   <li>{@code POST /plain} makes an effect that no layer protects.
 *   <li>{@code GET /effects} answers the number of effects of all callers.
 * </ul>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class FrameworkContract {
  private URI base = URI.create("http://none.invalid");
  private Orders orders = new Orders(base, "none");

  /** Starts the service on a free port of the loopback interface, and returns where it is. */
  protected abstract URI start() throws Exception;

  /** Stops it. */
  protected abstract void stop() throws Exception;

  @BeforeAll
  void startService() throws Exception {
    base = start();
    orders = new Orders(base, "alice");
  }

  @AfterAll
  void stopService() throws Exception {
    stop();
  }

  /** Returns where the service is. */
  protected URI base() {
    return base;
  }

  private static String newKey() {
    return UUID.randomUUID().toString();
  }

  @Test
  void firstRequest_runs() throws Exception {
    int before = orders.effects();
    Answer answer = orders.post("/orders", newKey(), "one");
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.isReplay()).isFalse();
    assertThat(answer.text())
        .isEqualTo("order %d: %s".formatted(before + 1, Orders.sha256(utf8("one"))));
    assertThat(answer.header("Location")).isEqualTo("/orders/" + (before + 1));
    assertThat(answer.header("Content-Type")).startsWith("text/plain");
    assertThat(answer.header("Set-Cookie")).contains("session=");
    assertThat(orders.effects()).isEqualTo(before + 1);
  }

  @Test
  void row21_row35_retry_isReplayedByteForByte() throws Exception {
    String key = newKey();
    Answer first = orders.post("/orders", key, "one");
    int effects = orders.effects();
    for (int retry = 0; retry < 3; retry++) {
      Answer again = orders.post("/orders", key, "one");
      assertThat(again.repeats(first)).as(again.text()).isTrue();
      assertThat(again.isReplay()).isTrue();
      assertThat(again.header("Set-Cookie")).isEmpty();
    }
    assertThat(orders.effects()).isEqualTo(effects);
  }

  @Test
  void quotedKey_isTheSameKey() throws Exception {
    String key = newKey();
    Answer first = orders.post("/orders", key, "one");
    assertThat(orders.post("/orders", '"' + key + '"', "one").repeats(first)).isTrue();
  }

  @Test
  void otherBody_isRefusedAndRunsNothing() throws Exception {
    String key = newKey();
    Answer first = orders.post("/orders", key, "one");
    int effects = orders.effects();
    Answer other = orders.post("/orders", key, "two");
    assertThat(other.status()).isEqualTo(422);
    assertThat(other.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(other.text()).contains("key-reused").doesNotContain("order");
    assertThat(orders.effects()).isEqualTo(effects);
    assertThat(orders.post("/orders", key, "one").repeats(first)).isTrue();
  }

  @Test
  void otherQuery_isAnotherRequest() throws Exception {
    String key = newKey();
    assertThat(orders.post("/orders", key, "one").status()).isEqualTo(201);
    assertThat(orders.post("/orders?empty", key, "one").status()).isEqualTo(422);
  }

  @Test
  void emptyBody_reachesTheHandlerAndIsReplayed() throws Exception {
    String key = newKey();
    Answer first = orders.send("/orders", key, BodyPublishers.noBody());
    assertThat(first.text()).endsWith(Orders.sha256(new byte[0]));
    assertThat(orders.send("/orders", key, BodyPublishers.noBody()).repeats(first)).isTrue();
  }

  @Test
  void bodyOfUnknownLength_reachesTheHandlerUnchanged() throws Exception {
    long seed = System.nanoTime();
    byte[] body = new byte[300_000];
    new Random(seed).nextBytes(body);
    String key = newKey();
    Answer first =
        orders.send(
            "/orders", key, BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)));
    assertThat(first.text()).as("seed %d", seed).endsWith(Orders.sha256(body));
    Answer again = orders.send("/orders", key, BodyPublishers.ofByteArray(body));
    assertThat(again.repeats(first)).as("seed %d", seed).isTrue();
    assertThat(again.isReplay()).isTrue();
  }

  @Test
  void bodyOverTheLimit_isRefused() throws Exception {
    int effects = orders.effects();
    assertThat(orders.announce("/orders", newKey(), 1024 * 1024 + 1)).startsWith("HTTP/1.1 413");
    assertThat(orders.effects()).isEqualTo(effects);
  }

  @Test
  void answerWithoutBody_isReplayed() throws Exception {
    String key = newKey();
    Answer first = orders.post("/orders?empty", key, "one");
    assertThat(first.status()).isEqualTo(204);
    Answer again = orders.post("/orders?empty", key, "one");
    assertThat(again.status()).isEqualTo(204);
    assertThat(again.isReplay()).isTrue();
    assertThat(again.text()).isEmpty();
  }

  @Test
  void errorOfTheHandlersChoice_isReplayed() throws Exception {
    String key = newKey();
    int effects = orders.effects();
    Answer first = orders.post("/orders?status=409", key, "one");
    assertThat(first.status()).isEqualTo(409);
    assertThat(first.text()).isEqualTo("status 409");
    Answer again = orders.post("/orders?status=409", key, "one");
    assertThat(again.repeats(first)).isTrue();
    assertThat(again.isReplay()).isTrue();
    assertThat(orders.effects()).isEqualTo(effects + 1);
  }

  @Test
  void serverError_runsAgain() throws Exception {
    String key = newKey();
    int effects = orders.effects();
    for (int attempt = 1; attempt <= 3; attempt++) {
      Answer answer = orders.post("/orders?status=503", key, "one");
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.text()).isEqualTo("status 503");
      assertThat(answer.isReplay()).isFalse();
      assertThat(orders.effects()).isEqualTo(effects + attempt);
    }
  }

  @Test
  void exception_releasesTheKeyAtOnce() throws Exception {
    String key = newKey();
    int effects = orders.effects();
    for (int attempt = 1; attempt <= 2; attempt++) {
      Answer answer = orders.post("/orders?fail", key, "one");
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.isReplay()).isFalse();
      assertThat(orders.effects()).isEqualTo(effects + attempt);
    }
  }

  @Test
  void retryWhileTheFirstRuns_isRefusedAndThenReplayed() throws Exception {
    int refused = 0;
    // On a machine so slow that the first request is over by the time of the retry: a longer one.
    for (int delay = 1000; refused == 0 && delay <= 16_000; delay *= 2) {
      String key = newKey();
      String target = "/orders?delay=" + delay;
      int effects = orders.effects();
      CompletableFuture<Answer> first = orders.postAsync(target, key, "one");
      while (orders.effects() == effects) {
        Thread.sleep(10);
      }
      Answer retry = orders.post(target, key, "one");
      if (retry.status() == 409) {
        refused++;
        assertThat(retry.header("Retry-After")).isEqualTo("1");
        assertThat(retry.text()).contains("in-flight");
      }
      assertThat(first.get().status()).isEqualTo(201);
      Answer again = orders.post(target, key, "one");
      assertThat(again.repeats(first.get())).isTrue();
      assertThat(again.isReplay()).isTrue();
      assertThat(orders.effects()).isEqualTo(effects + 1);
    }
    assertThat(refused).isPositive();
  }

  @Test
  void manyAtOnce_oneEffect() throws Exception {
    String key = newKey();
    int effects = orders.effects();
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    for (int caller = 0; caller < 16; caller++) {
      answers.add(orders.postAsync("/orders?delay=100", key, "one"));
    }
    List<Answer> created = new ArrayList<>();
    for (CompletableFuture<Answer> answer : answers) {
      assertThat(answer.get().status()).isIn(201, 409);
      if (answer.get().status() == 201) {
        created.add(answer.get());
      }
    }
    assertThat(created).isNotEmpty().allMatch(it -> it.repeats(created.get(0)));
    assertThat(created).filteredOn(it -> !it.isReplay()).hasSize(1);
    assertThat(orders.effects()).isEqualTo(effects + 1);
  }

  @Test
  void row26_clientThatLeavesWhileTheHandlerRuns_losesNoCompletion() throws Exception {
    String key = newKey();
    int effects = orders.effects();
    orders.leavingAfterEffect().postAndLeave("/orders?delay=300", key, "one");
    Answer again = orders.post("/orders?delay=300", key, "one");
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (again.status() == 409 && System.nanoTime() - end < 0) {
      Thread.sleep(50);
      again = orders.post("/orders?delay=300", key, "one");
    }
    assertThat(again.status()).isEqualTo(201);
    assertThat(again.isReplay()).isTrue();
    assertThat(orders.effects()).isEqualTo(effects + 1);
  }

  @Test
  void clientThatLeavesWhileSending_bindsNoKey() throws Exception {
    String key = newKey();
    int effects = orders.effects();
    orders.postHalf("/orders", key);
    Answer whole = orders.post("/orders", key, "one");
    assertThat(whole.status()).isEqualTo(201);
    assertThat(whole.isReplay()).isFalse();
    assertThat(orders.effects()).isEqualTo(effects + 1);
  }

  @Test
  void tenants_neverMeet() throws Exception {
    String key = newKey();
    Answer first = orders.post("/orders", key, "one");
    Answer other = new Orders(base, "bob").post("/orders", key, "two");
    assertThat(other.status()).isEqualTo(201);
    assertThat(other.isReplay()).isFalse();
    assertThat(orders.post("/orders", key, "one").repeats(first)).isTrue();
  }

  @Test
  void row28_withoutAuthentication_isRefusedBeforeTheLayer() throws Exception {
    String key = newKey();
    assertThat(orders.post("/orders", key, "one").status()).isEqualTo(201);
    Answer stranger =
        orders.raw(
            orders
                .to("/orders")
                .header("Idempotency-Key", key)
                .header("Content-Type", "text/plain; charset=utf-8")
                .POST(BodyPublishers.ofString("one")));
    assertThat(stranger.status()).isEqualTo(401);
    assertThat(stranger.isReplay()).isFalse();
  }

  @Test
  void withoutKey_runsEachTime() throws Exception {
    int effects = orders.effects();
    Answer first = orders.post("/orders", null, "one");
    Answer second = orders.post("/orders", null, "one");
    assertThat(first.status()).isEqualTo(201);
    assertThat(second.status()).isEqualTo(201);
    assertThat(second.text()).isNotEqualTo(first.text()).endsWith(Orders.sha256(utf8("one")));
    assertThat(second.isReplay()).isFalse();
    assertThat(orders.effects()).isEqualTo(effects + 2);
  }

  @Test
  void malformedKey_isRefusedAndNotRepeated() throws Exception {
    int effects = orders.effects();
    for (String key : List.of("\"open", "two, keys", "x".repeat(256), "\"\"")) {
      Answer answer = orders.post("/orders", key, "one");
      assertThat(answer.status()).as(key).isEqualTo(400);
      assertThat(answer.text()).contains("key-malformed").doesNotContain(key);
    }
    Answer twice =
        orders.raw(
            orders
                .to("/orders")
                .header("Authorization", "Bearer alice")
                .header("Idempotency-Key", "a")
                .header("Idempotency-Key", "b")
                .POST(BodyPublishers.ofString("one")));
    assertThat(twice.status()).isEqualTo(400);
    assertThat(orders.effects()).isEqualTo(effects);
  }

  @Test
  void policyOfOneEndpoint_requiresAKey() throws Exception {
    int effects = orders.effects();
    Answer missing = orders.post("/strict", null, "one");
    assertThat(missing.status()).isEqualTo(400);
    assertThat(missing.text()).contains("key-missing");
    assertThat(orders.effects()).isEqualTo(effects);
    String key = newKey();
    Answer first = orders.post("/strict", key, "one");
    assertThat(first.status()).isEqualTo(201);
    assertThat(orders.post("/strict", key, "one").isReplay()).isTrue();
    assertThat(orders.post("/orders", key, "one").isReplay())
        .as("another operation has keys of its own")
        .isFalse();
  }

  @Test
  void endpointOutsideTheLayer_runsEachTime() throws Exception {
    int effects = orders.effects();
    String key = newKey();
    assertThat(orders.post("/plain", key, "one").status()).isEqualTo(200);
    assertThat(orders.post("/plain", key, "one").isReplay()).isFalse();
    assertThat(orders.effects()).isEqualTo(effects + 2);
  }

  @Test
  void h26_keyOnGet_isIgnored() throws Exception {
    for (int turn = 0; turn < 2; turn++) {
      Answer answer =
          orders.raw(
              orders
                  .to("/effects")
                  .header("Authorization", "Bearer alice")
                  .header("Idempotency-Key", "on-get")
                  .GET());
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.isReplay()).isFalse();
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
