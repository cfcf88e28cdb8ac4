package io.idem4j.examples.client;

import static io.idem4j.examples.client.FaultyConnectionTest.HURRIED;
import static io.idem4j.examples.client.FaultyConnectionTest.PATIENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.Action;
import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.tck.FaultProxy;
import io.idem4j.tck.NetworkFault;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client and the payments service. */
class PaymentsTest {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final int PATIENCE_SECONDS = 30;

  /** No attempt ends because a machine is slow. */
  private static final RetryPolicy PATIENT_EACH =
      PATIENT.withTimes(Duration.ofSeconds(20), Duration.ofMinutes(1));

  private static int port;

  private final String tenant = "tenant-" + UUID.randomUUID();
  @TempDir private Path directory;

  @BeforeAll
  static void start() throws Exception {
    port = PaymentsProcess.address().getPort();
  }

  private static RetryingClient client(RetryPolicy policy) {
    return new RetryingClient(HTTP, policy, HURRIED, new Random(), line -> {});
  }

  private static void awaitEffects(String tenant, long expected) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (PaymentsProcess.effects(tenant) != expected) {
      assertThat(System.nanoTime() - end).as("no effect in time").isNegative();
      Thread.sleep(20);
    }
  }

  @Test
  void row16_firstRequestStillRuns_retriesFollowRetryAfterAndGetItsAnswer() throws Exception {
    KeyedCall call = PaymentsProcess.payment(port, tenant, "?delay=2s", "5");
    CompletableFuture<Answer> running =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return client(PATIENT_EACH).send(call);
              } catch (OutcomeUnknownException e) {
                throw new AssertionError(e);
              }
            });
    awaitEffects(tenant, 1);
    List<Duration> pauses = new ArrayList<>();
    RetryingClient.Time noted =
        new RetryingClient.Time() {
          @Override
          public long nanoTime() {
            return HURRIED.nanoTime();
          }

          @Override
          public Instant now() {
            return HURRIED.now();
          }

          @Override
          public void sleep(Duration pause) throws InterruptedException {
            pauses.add(pause);
            HURRIED.sleep(pause);
          }
        };
    Answer retried =
        new RetryingClient(HTTP, PATIENT_EACH, noted, new Random(), line -> {}).send(call);
    Answer first = running.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(first.isReplay()).isFalse();
    assertThat(retried.isReplay()).isTrue();
    assertThat(retried.lastFailure()).contains("status 409");
    assertThat(retried.text()).isEqualTo(first.text());
    assertThat(pauses).isNotEmpty().allMatch(it -> it.compareTo(Duration.ofSeconds(1)) >= 0);
    assertThat(PaymentsProcess.effects(tenant)).isEqualTo(1);
  }

  @Test
  void row26_clientGaveUpAndTheServerDidNot_resumedUnderTheKeyItIsAnswered() throws Exception {
    KeyedCall call = PaymentsProcess.payment(port, tenant, "?delay=700ms", "5");
    CompletableFuture<OutcomeUnknownException> givenUp = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                givenUp.completeExceptionally(
                    new AssertionError(String.valueOf(client(PATIENT_EACH).send(call))));
              } catch (OutcomeUnknownException e) {
                givenUp.complete(e);
              }
            });
    caller.start();
    // Made, and not answered yet.
    awaitEffects(tenant, 1);
    caller.interrupt();
    OutcomeUnknownException unknown = givenUp.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    KeyedCall resumed = PaymentsProcess.payment(port, tenant, "", "5").withKey(unknown.key());
    Answer answer = client(PATIENT_EACH).send(resumed);
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.isReplay()).isTrue();
    assertThat(PaymentsProcess.effects(tenant)).isEqualTo(1);
  }

  @Test
  void h39_anotherRequestUnderTheKey_isRefusedOnceAndNeverRun() throws Exception {
    KeyedCall call = PaymentsProcess.payment(port, tenant, "", "5");
    Answer first = client(PATIENT_EACH).send(call);
    KeyedCall other = PaymentsProcess.payment(port, tenant, "", "6").withKey(call.key());
    Answer refused = client(PATIENT_EACH).send(other);
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.attempts()).isEqualTo(1);
    assertThat(client(PATIENT_EACH).send(call).text()).isEqualTo(first.text());
    assertThat(PaymentsProcess.effects(tenant)).isEqualTo(1);
  }

  @Test
  void h38_serviceFailsForAWhile_oneKeyHasOneEffect() throws Exception {
    // The handler fails after its effect, so an attempt under a new key would pay again.
    KeyedCall failing = PaymentsProcess.payment(port, tenant, "?fail=after", "5");
    OutcomeUnknownException unknown =
        catchThrowableOfType(
            OutcomeUnknownException.class,
            () -> client(PATIENT_EACH.withAttempts(4)).send(failing));
    assertThat(unknown.lastFailure()).isEqualTo("status 500");
    assertThat(PaymentsProcess.effects(tenant)).isEqualTo(1);
    KeyedCall mended = PaymentsProcess.payment(port, tenant, "", "5").withKey(unknown.key());
    assertThat(client(PATIENT_EACH).send(mended).status()).isEqualTo(201);
    assertThat(PaymentsProcess.effects(tenant)).isEqualTo(1);
  }

  @Test
  void row05_outboundKeyOfAnOperation_isTheSameWhenItIsRunAgain() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    // Whatever its run, the order charges under a key that is a pure function of its own.
    Action<String, Exception> charge =
        context -> {
          KeyedCall call =
              PaymentsProcess.payment(port, tenant, "", "5")
                  .withKey(context.derivedUuid("charge").toString());
          String made = client(PATIENT_EACH).send(call).text();
          if (runs.incrementAndGet() == 1) {
            throw new IOException("crashed after the charge");
          }
          return made;
        };
    try (Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(10)).build()) {
      Operation<String> order =
          idempotency.operation("order", Codec.text(), OperationPolicy.rerun());
      var key = order.key(Scope.of("shop"), "order-4711");
      assertThatThrownBy(() -> order.execute(key, Fingerprint.none(), charge))
          .isInstanceOf(IOException.class);
      order.execute(key, Fingerprint.none(), charge);
    }
    assertThat(runs).hasValue(2);
    assertThat(PaymentsProcess.effects(tenant)).isEqualTo(1);
  }

  @Test
  void row29_sameOrder_hasItsKeyAndANewOrderANewOne() throws Exception {
    Order first = Order.open(directory.resolve("1"), "{\"amount\":5,\"currency\":\"EUR\"}");
    Order again = Order.open(directory.resolve("1"), "{\"amount\":6,\"currency\":\"EUR\"}");
    Order other = Order.open(directory.resolve("2"), "{\"amount\":5,\"currency\":\"EUR\"}");
    assertThat(List.of(again.key(), again.body())).containsExactly(first.key(), first.body());
    assertThat(other.body()).isEqualTo(first.body());
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(2);
    }
    List<Boolean> replays = new ArrayList<>();
    for (Order order : List.of(first, again, other)) {
      KeyedCall call = PaymentsProcess.payment(port, tenant, "", "5").withKey(order.key());
      replays.add(client(PATIENT_EACH).send(call).isReplay());
    }
    assertThat(replays).containsExactly(false, true, false);
    assertThat(PaymentsProcess.effects(tenant)).isEqualTo(2);
    Files.writeString(directory.resolve("1"), "half");
    assertThatThrownBy(() -> Order.open(directory.resolve("1"), "{}"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void row29_orderOpenedByManyAtOnce_hasOneKey() throws Exception {
    int many = 8;
    ExecutorService threads = Executors.newFixedThreadPool(many);
    try {
      for (int round = 0; round < 50; round++) {
        Path file = directory.resolve("order-" + round);
        CyclicBarrier start = new CyclicBarrier(many);
        Callable<String> open =
            () -> {
              start.await();
              return Order.open(file, "{}").key();
            };
        Set<String> keys = new HashSet<>();
        for (Future<String> key : threads.invokeAll(Collections.nCopies(many, open))) {
          keys.add(key.get());
        }
        assertThat(keys).hasSize(1);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void pay_orderSentBefore_refusedNow_exitsWith3() throws Exception {
    Path order = directory.resolve("order");
    Order.open(order, "{}");
    try (ScriptedServer server = new ScriptedServer(ScriptedServer.reply(401))) {
      Process process =
          PaymentsProcess.java(Pay.class.getName(), server.uri().toString(), order.toString());
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isEqualTo(3);
    }
  }

  private static Process pay(int through, Path order, List<String> output) throws Exception {
    Process process =
        PaymentsProcess.java(
            Pay.class.getName(), "http://127.0.0.1:" + through + "/payments", order.toString());
    CompletableFuture<String> unused = new CompletableFuture<>();
    PaymentsProcess.readLines(process, output, Pattern.compile("(?!)"), unused);
    return process;
  }

  @Test
  void row29_killedAndStartedAgain_paysOnceAndShowsItsAttempts() throws Exception {
    long before = PaymentsProcess.effects("demo");
    Path order = directory.resolve("order");
    List<String> killed = new CopyOnWriteArrayList<>();
    List<String> started = new CopyOnWriteArrayList<>();
    try (FaultProxy proxy = new FaultProxy(PaymentsProcess.address())) {
      proxy.plan(NetworkFault.REPLY_LOST, 1);
      Process first = pay(proxy.port(), order, killed);
      try {
        awaitEffects("demo", before + 1);
      } finally {
        first.destroyForcibly().waitFor();
      }
      proxy.plan(NetworkFault.REPLY_CUT_IN_THE_MIDDLE, 1);
      Process second = pay(proxy.port(), order, started);
      assertThat(second.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(second.exitValue()).as("%s", started).isZero();
    }
    String all = String.join("\n", started);
    assertThat(all).contains("key " + Order.open(order, "").key());
    assertThat(all)
        .containsPattern("attempt 1: .*Exception.*; again in [0-9]+ ms")
        .contains("attempt 2: 201\n", "201, a replay, attempt 2: {\"id\":");
    assertThat(PaymentsProcess.effects("demo")).isEqualTo(before + 1);
  }

  @Test
  void pay_wrongArguments_exitsWith2AndSendsNothing() throws Exception {
    Path noOrder = Files.writeString(directory.resolve("no-order"), "");
    for (String[] arguments :
        new String[][] {{}, {"--bare"}, {"no url"}, {"http://127.0.0.1:1/", noOrder.toString()}}) {
      List<String> command = new ArrayList<>(List.of(Pay.class.getName()));
      command.addAll(List.of(arguments));
      Process process = PaymentsProcess.java(command.toArray(new String[0]));
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(output).isEqualTo(2);
      assertThat(output)
          .containsAnyOf("usage: Pay [--bare] URL", "nothing was sent")
          .doesNotContain("\tat ");
    }
  }

  @Test
  void pay_bare_sendsTheKeyWithoutQuotesAndSaysWhatItWasRefusedWith() throws Exception {
    try (ScriptedServer server = new ScriptedServer(ScriptedServer.reply(404, "nothing here"))) {
      Process process =
          PaymentsProcess.java(Pay.class.getName(), "--bare", server.uri().toString());
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isEqualTo(1);
      String key = server.seen.get(0).header("Idempotency-Key");
      assertThat(output).startsWith("key " + key + "\n").contains("404, attempt 1: nothing here");
    }
  }

  @Test
  void pay_refusedAfterAnAttemptInDoubt_exitsWith3() throws Exception {
    try (ScriptedServer server =
        new ScriptedServer(ScriptedServer.cut(""), ScriptedServer.reply(401))) {
      Process process = PaymentsProcess.java(Pay.class.getName(), server.uri().toString());
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isEqualTo(3);
      assertThat(output).contains("an earlier attempt may have paid");
    }
  }
}
