package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.examples.payments.Ledger.Effects;
import io.idem4j.examples.payments.Ledger.IdTaken;
import io.idem4j.examples.payments.Ledger.Payment;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the service does on every store. */
abstract class ServiceContract {
  private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
  private Service service;
  private Client client;

  private Settings settings;

  abstract String store() throws Exception;

  /** Where the payments are, if not beside the keys. */
  String ledger() {
    return "h2:payments";
  }

  @BeforeEach
  void start() throws Exception {
    settings =
        Settings.of(
            0,
            StoreOption.parse(store()),
            ledger(),
            Profile.DEFAULT,
            Duration.ofSeconds(30),
            Duration.ofHours(1),
            false);
    service = Service.start(settings, log::add);
    client = new Client(service.port());
  }

  @AfterEach
  void stop() {
    if (service != null) {
      service.close();
    }
  }

  /** Tenants are new in each test: a database may be shared. */
  private static String tenant() {
    return "tenant-" + UUID.randomUUID();
  }

  private void assertEffects(String tenant, long payments, long increments) throws Exception {
    assertThat(client.effects(tenant)).isEqualTo(new Effects(payments, increments));
  }

  @Test
  void post_new_isCreatedAndCanBeRead() throws Exception {
    Call call = Call.pay(tenant(), "12.50");
    Received first = client.send(call);
    assertThat(first.status()).isEqualTo(201);
    assertThat(first.isReplay()).isFalse();
    assertThat(first.header("Content-Type")).isEqualTo("application/json");
    String id = first.json().path("id").asText();
    assertThat(first.header("Location")).isEqualTo("/payments/" + id);
    assertThat(first.body())
        .isEqualTo("{\"id\":\"" + id + "\",\"amount\":12.50,\"currency\":\"EUR\"}");
    Received read = client.send(Call.get(call.tenant(), "/payments/" + id));
    assertThat(read.status()).isEqualTo(200);
    assertThat(read.body()).isEqualTo(first.body());
    assertEffects(call.tenant(), 1, 0);
  }

  @Test
  void row21_retry_isTheSameByteForByte() throws Exception {
    Call call = Call.pay(tenant(), "0.10");
    Received first = client.send(call);
    Received second = client.send(call);
    Received quoted = client.send(call.withKey("\"" + call.key() + "\""));
    assertThat(second.isReplay()).isTrue();
    assertThat(second.repeats(first)).isTrue();
    assertThat(quoted.isReplay()).isTrue();
    assertThat(quoted.repeats(first)).isTrue();
    assertEffects(call.tenant(), 1, 0);
  }

  @Test
  void row04_increment_isAddedOnce() throws Exception {
    Call call = Call.increment(tenant(), "till", 5);
    Received first = client.send(call);
    assertThat(first.status()).isEqualTo(200);
    assertThat(first.body()).isEqualTo("{\"name\":\"till\",\"balance\":5}");
    client.send(Call.increment(call.tenant(), "till", -2));
    Received retry = client.send(call);
    assertThat(retry.isReplay()).isTrue();
    assertThat(retry.repeats(first)).isTrue();
    Received read = client.send(Call.get(call.tenant(), "/accounts/till"));
    assertThat(read.json().path("balance").asLong()).isEqualTo(3);
    assertEffects(call.tenant(), 0, 2);
  }

  @Test
  void row26_parallelDuplicates_haveOneEffectAndOneAnswer() throws Exception {
    Call call = Call.pay(tenant(), "20").asking("delay=300ms");
    List<CompletableFuture<Received>> started = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      started.add(client.start(call));
    }
    int executed = 0;
    List<Received> answers = new ArrayList<>();
    for (CompletableFuture<Received> one : started) {
      Received received = one.get(30, TimeUnit.SECONDS);
      if (received.status() == 409) {
        assertThat(received.header("Retry-After")).isEqualTo("1");
        assertThat(received.problem()).isEqualTo("in-flight");
        received = client.sendUntilDone(call);
      }
      executed += received.isReplay() ? 0 : 1;
      answers.add(received);
    }
    assertThat(executed).isEqualTo(1);
    assertThat(answers).allMatch(it -> it.status() == 201 && it.repeats(answers.get(0)));
    assertEffects(call.tenant(), 1, 0);
  }

  @Test
  void increments_inParallelUnderManyKeys_areAllAdded() throws Exception {
    String tenant = tenant();
    List<CompletableFuture<Received>> started = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      started.add(client.start(Call.increment(tenant, "hot", 1)));
    }
    for (CompletableFuture<Received> one : started) {
      assertThat(one.get(30, TimeUnit.SECONDS).status()).isEqualTo(200);
    }
    Received read = client.send(Call.get(tenant, "/accounts/hot"));
    assertThat(read.json().path("balance").asLong()).isEqualTo(20);
    assertEffects(tenant, 0, 20);
  }

  @Test
  void anotherBody_doneOrRunning_is422AndBeats409() throws Exception {
    Call call = Call.pay(tenant(), "1");
    Call other = call.withBody("{\"amount\":2,\"currency\":\"EUR\"}");
    CompletableFuture<Received> running = client.start(call.asking("delay=1s"));
    assertThat(client.awaitPayments(call.tenant(), 1)).isTrue();
    Received same = client.send(call);
    Received mismatch = client.send(other);
    assertThat(same.status()).isEqualTo(409);
    assertThat(same.header("Retry-After")).isEqualTo("1");
    assertThat(mismatch.status()).isEqualTo(422);
    assertThat(mismatch.header("Retry-After")).isEmpty();
    assertThat(mismatch.problem()).isEqualTo("key-reused");
    Received first = running.get(10, TimeUnit.SECONDS);
    assertThat(client.send(other).status()).isEqualTo(422);
    assertThat(client.send(call).repeats(first)).isTrue();
    assertEffects(call.tenant(), 1, 0);
  }

  @Test
  void row11_tenantsWithOneKey_doNotMeet() throws Exception {
    Call call = Call.pay(tenant(), "5");
    Call other = call.withTenant(tenant());
    Received first = client.send(call);
    Received second = client.send(other);
    assertThat(second.status()).isEqualTo(201);
    assertThat(second.isReplay()).isFalse();
    assertThat(second.body()).isNotEqualTo(first.body());
    String location = first.header("Location");
    assertThat(client.send(Call.get(other.tenant(), location)).status()).isEqualTo(404);
    Call delete = new Call("DELETE", location, other.tenant(), null, null);
    assertThat(client.send(delete).status()).isEqualTo(404);
    assertEffects(call.tenant(), 1, 0);
    assertEffects(other.tenant(), 1, 0);
  }

  @Test
  void row17_clientHangsUp_answerIsKept() throws Exception {
    Call call = Call.pay(tenant(), "7");
    client.sendAndHangUp(call.asking("delay=300ms"));
    assertThat(client.awaitPayments(call.tenant(), 1)).isTrue();
    Received retry = client.sendUntilDone(call);
    assertThat(retry.status()).isEqualTo(201);
    assertThat(retry.isReplay()).isTrue();
    assertEffects(call.tenant(), 1, 0);
  }

  @Test
  void failBefore_releasesTheKey() throws Exception {
    Call call = Call.pay(tenant(), "3");
    Received failed = client.send(call.asking("fail=before"));
    assertThat(failed.status()).isEqualTo(500);
    assertThat(failed.problem()).isEqualTo("internal-error");
    assertEffects(call.tenant(), 0, 0);
    Received retry = client.send(call);
    assertThat(retry.status()).isEqualTo(201);
    assertThat(retry.isReplay()).isFalse();
    assertEffects(call.tenant(), 1, 0);
  }

  @Test
  void row44_failAfter_reRunFindsItsEffect() throws Exception {
    Call call = Call.pay(tenant(), "3");
    assertThat(client.send(call.asking("fail=after")).status()).isEqualTo(500);
    assertThat(client.send(call.asking("fail=after")).status()).isEqualTo(500);
    assertEffects(call.tenant(), 1, 0);
    Received retry = client.send(call);
    assertThat(retry.status()).isEqualTo(201);
    assertThat(retry.isReplay()).isFalse();
    assertThat(client.send(call).repeats(retry)).isTrue();
    assertThat(client.send(Call.get(call.tenant(), retry.header("Location"))).body())
        .isEqualTo(retry.body());
    assertEffects(call.tenant(), 1, 0);
  }

  @Test
  void incrementFailsAfter_reRunAnswersTheBalanceOfThen() throws Exception {
    Call call = Call.increment(tenant(), "till", 5);
    assertThat(client.send(call.asking("fail=after")).status()).isEqualTo(500);
    client.send(Call.increment(call.tenant(), "till", 100));
    assertThat(client.send(call).json().path("balance").asLong()).isEqualTo(5);
    assertEffects(call.tenant(), 0, 2);
  }

  @Test
  void delete_isRepeatableAndNotUndoneByAReRun() throws Exception {
    Call call = Call.pay(tenant(), "3");
    client.send(call.asking("fail=after"));
    Received made = client.send(call.withKey(null));
    String location = made.header("Location");
    Call delete = new Call("DELETE", location, call.tenant(), "bad,key", null);
    Received deleted = client.send(delete);
    assertThat(deleted.status()).isEqualTo(204);
    assertThat(deleted.body()).isEmpty();
    assertThat(client.send(delete).status()).isEqualTo(204);
    assertThat(client.send(Call.get(call.tenant(), location)).status()).isEqualTo(404);
    Call unknown = delete.withTarget("/payments/" + UUID.randomUUID());
    assertThat(client.send(unknown).status()).isEqualTo(404);
    assertEffects(call.tenant(), 2, 0);
  }

  @Test
  void status_asked_isAnsweredWithoutEffectAndReplayed() throws Exception {
    Call call = Call.pay(tenant(), "3");
    Received first = client.send(call.asking("status=422"));
    assertThat(first.status()).isEqualTo(422);
    assertThat(first.problem()).isEqualTo("as-asked");
    Received retry = client.send(call);
    assertThat(retry.isReplay()).isTrue();
    assertThat(retry.repeats(first)).isTrue();
    assertEffects(call.tenant(), 0, 0);
  }

  @Test
  void status_ofAPassingMoment_isNotRecorded() throws Exception {
    for (int status : new int[] {401, 403, 408, 425, 429, 500, 503}) {
      Call call = Call.pay(tenant(), "3");
      assertThat(client.send(call.asking("status=" + status)).status()).isEqualTo(status);
      Received retry = client.send(call);
      assertThat(retry.status()).isEqualTo(201);
      assertThat(retry.isReplay()).isFalse();
    }
  }

  @Test
  void status_withoutBody_isReplayed() throws Exception {
    for (int status : new int[] {204, 205, 304}) {
      Call call = Call.pay(tenant(), "3");
      Received first = client.send(call.asking("status=" + status));
      assertThat(first.status()).isEqualTo(status);
      assertThat(client.send(call).repeats(first)).isTrue();
    }
  }

  @Test
  void balance_outOfRange_isRefusedWithoutEffect() throws Exception {
    String tenant = tenant();
    client.send(Call.increment(tenant, "full", Long.MAX_VALUE));
    Call call = Call.increment(tenant, "full", 1);
    Received refused = client.send(call);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.header("Retry-After")).isEmpty();
    assertThat(refused.problem()).isEqualTo("balance-out-of-range");
    assertThat(client.send(call).repeats(refused)).isTrue();
    assertEffects(tenant, 0, 1);
  }

  @Test
  void ledger_idOfAnotherEffect_isRefused() throws Exception {
    String tenant = tenant();
    UUID id = UUID.randomUUID();
    Payment payment = new Payment(id, new BigDecimal("3.00"), "EUR");
    Payment other = new Payment(id, new BigDecimal("3.01"), "EUR");
    try (Backend backend = Backend.open(settings)) {
      Ledger ledger = backend.ledger();
      assertThat(ledger.pay(tenant, payment)).isEqualTo(payment);
      assertThat(ledger.pay(tenant, payment)).isEqualTo(payment);
      assertThatThrownBy(() -> ledger.pay(tenant, other)).isInstanceOf(IdTaken.class);
      assertThatThrownBy(() -> ledger.pay("other", payment)).isInstanceOf(IdTaken.class);
      ledger.check(tenant, payment);
      assertThatThrownBy(() -> ledger.check(tenant, other)).isInstanceOf(IdTaken.class);
      ledger.checkIncrement(tenant, "a", id, 5);
      assertThat(ledger.increment(tenant, "a", id, 5)).isEqualTo(5);
      assertThat(ledger.increment(tenant, "a", id, 5)).isEqualTo(5);
      ledger.checkIncrement(tenant, "a", id, 5);
      assertThatThrownBy(() -> ledger.checkIncrement(tenant, "a", id, 6))
          .isInstanceOf(IdTaken.class);
      assertThatThrownBy(() -> ledger.checkIncrement(tenant, "b", id, 5))
          .isInstanceOf(IdTaken.class);
      assertThatThrownBy(() -> ledger.increment(tenant, "a", id, 6)).isInstanceOf(IdTaken.class);
      assertThatThrownBy(() -> ledger.increment(tenant, "b", id, 5)).isInstanceOf(IdTaken.class);
      assertThat(ledger.balance(tenant, "a")).isEqualTo(5);
      assertThat(ledger.balance(tenant, "b")).isZero();
      assertThat(ledger.effects(tenant)).isEqualTo(new Effects(1, 1));
    }
  }

  @Test
  void amounts_keepTheirDigits() throws Exception {
    String[] amounts = {"1", "1.0", "0.000000000000000001", "999999999999999999.99", "1e3"};
    for (String amount : amounts) {
      Call call = Call.pay(tenant(), amount);
      client.send(call.asking("fail=after"));
      Received made = client.send(call);
      assertThat(made.body()).contains("\"amount\":" + (amount.equals("1e3") ? "1000" : amount));
      assertThat(client.send(Call.get(call.tenant(), made.header("Location"))).body())
          .isEqualTo(made.body());
    }
  }

  @Test
  void bad_08_bracesAndGlobs_areKeysLikeAnyOther() throws Exception {
    String tenant = tenant();
    String[] keys = {"{a}b", "{a}c", "{a}", "*", "?", "[a-z]", "{", "}{"};
    for (String key : keys) {
      Call call = Call.pay(tenant, "3").withKey(key);
      Received first = client.send(call);
      assertThat(first.status()).isEqualTo(201);
      assertThat(first.isReplay()).isFalse();
      assertThat(client.send(call).repeats(first)).isTrue();
    }
    assertEffects(tenant, keys.length, 0);
  }

  @Test
  void bad_09_fragmentsOfSql_arePlainData() throws Exception {
    String tenant = "x';DROP/**/TABLE/**/payment;--";
    Call call = Call.pay(tenant, "3").withKey("\"'; DROP TABLE payment; --" + tenant() + "\"");
    Received first = client.send(call);
    assertThat(first.status()).isEqualTo(201);
    assertThat(client.send(call).repeats(first)).isTrue();
  }

  @Test
  void log_hasOneLineForARequestAndNeverTheKey() throws Exception {
    Call call = Call.pay(tenant(), "3");
    client.send(call);
    client.send(call);
    client.send(call.asking("fail=after"));
    client.send(call.withKey(null));
    service.close();
    assertThat(log).hasSize(4);
    assertThat(log).noneMatch(line -> line.contains(call.key()) || line.contains(call.tenant()));
    // A line follows its response, so that of the next request may come before it.
    String executed = "\\S+Z POST /payments 201 executed key [0-9a-f]{12} [0-9]+ ms";
    assertThat(log).filteredOn(line -> line.matches(executed)).hasSize(1);
    assertThat(log).filteredOn(line -> line.contains(" 201 replayed key ")).hasSize(2);
    assertThat(log).filteredOn(line -> line.contains(" 201 unprotected ")).hasSize(1);
  }

  @Test
  void close_letsRunningRequestsEnd() throws Exception {
    Call call = Call.pay(tenant(), "3");
    CompletableFuture<Received> running = client.start(call.asking("delay=700ms"));
    assertThat(client.awaitPayments(call.tenant(), 1)).isTrue();
    service.close();
    assertThat(running.get(5, TimeUnit.SECONDS).status()).isEqualTo(201);
  }
}
