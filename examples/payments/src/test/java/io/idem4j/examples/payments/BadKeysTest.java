package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.http.KeyFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys that are none, and keys that are meant to do harm: bad-inputs.md, rows 1 to 14. */
class BadKeysTest extends OverTheWire {
  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "\"\"", "\"  \""})
  void bad_02_key_empty_is400(String key) throws Exception {
    assertMalformed(key);
  }

  /** Neither has a place in a header; what breaks a line ends the field before it is read. */
  @ParameterizedTest
  @ValueSource(
      strings = {"\"a\u0000\"", "\"a\u0001\"", "\"a\u001b[2J\"", "a\u007f", "\"\u00e9\"", "\u00e9"})
  void bad_03_key_controlsAndNonAscii_are400(String key) throws Exception {
    assertMalformed(key);
  }

  /** The bytes that UTF-8 would have for half a surrogate pair. */
  @Test
  void bad_04_key_loneSurrogate_is400() throws Exception {
    assertMalformed("\"a\u00ed\u00a0\u0080\"");
  }

  private void assertMalformed(String key) throws Exception {
    String response = raw(post("Authorization: Bearer t\r\nIdempotency-Key: " + key + "\r\n"));
    assertThat(response).startsWith("HTTP/1.1 400 ").contains("key-malformed");
    assertThat(response).doesNotContain("\u0000", "\u0001", "\u001b", "\u007f", "\u00e9", "\u00a0");
    assertNoTrace();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
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
        "\"a\"; =1"
      })
  void bad_06_key_malformed_is400(String key) throws Exception {
    assertMalformed(key);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "k~\"k\"",
        "k~`  \"k\"\t`",
        "k~\"k\";a=1",
        "k~`\"k\"; a; b=\"x\\\"y\"`",
        "8e03978e-40d5-43dd-bc93-6894a57f9324~\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
        "`\"a b\"`~`\"a b\"`",
        "`\"a,b;c\"`~`\"a,b;c\" `",
        "`\"a\\\"b\\\\c\"`~`\"a\\\"b\\\\c\";x`"
      })
  void bad_06_key_formsOfOne_areOneKey(String first, String second) throws Exception {
    Call call = Call.pay(TENANT, "1").withKey(first);
    Received made = client.send(call);
    assertThat(made.status()).isEqualTo(201);
    Received retry = client.send(call.withKey(second));
    assertThat(retry.isReplay()).isTrue();
    assertThat(retry.repeats(made)).isTrue();
  }

  @Test
  void bad_06_key_twoLines_is400() throws Exception {
    String lines = "Authorization: Bearer t\r\nIdempotency-Key: a\r\nidempotency-key: a\r\n";
    assertThat(raw(post(lines))).startsWith("HTTP/1.1 400 ").contains("key-malformed");
    assertNoEffect();
  }

  @Test
  void bad_02_key_tooLong_is400() throws Exception {
    Call call = Call.pay(TENANT, "1");
    assertProblem(client.send(call.withKey("k".repeat(256))), 400, "key-malformed");
    assertProblem(client.send(call.withKey("k".repeat(50_000))), 400, "key-malformed");
    assertNoEffect();
    assertThat(client.send(call.withKey("k".repeat(255))).status()).isEqualTo(201);
    String escaped = "\"" + "\\\\".repeat(255) + "\"";
    assertThat(client.send(call.withKey(escaped)).status()).isEqualTo(201);
  }

  @Test
  void bad_03_14_key_isNeverEchoed() throws Exception {
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
  void bad_01_key_missing_is400OnlyWhereRequired() throws Exception {
    Call call = Call.pay(TENANT, "1").withKey(null);
    assertThat(client.send(call).status()).isEqualTo(201);
    assertThat(client.send(call).status()).isEqualTo(201);
    assertThat(client.effects(TENANT).payments()).isEqualTo(2);
    restart(true, UnaryOperator.identity());
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

  @Test
  void bad_11_operationsOfOneKey_areIndependent() throws Exception {
    Call pay = Call.pay(TENANT, "1");
    assertThat(client.send(pay).status()).isEqualTo(201);
    Call increment = Call.increment(TENANT, "a", 1).withKey(pay.key());
    assertThat(client.send(increment).status()).isEqualTo(200);
  }

  @Test
  void row15_keyOnGet_isIgnored() throws Exception {
    Call get = Call.get(TENANT, "/effects").withKey("a,b");
    assertThat(client.send(get).status()).isEqualTo(200);
  }

  @Test
  void bad_05_keys_alikeToTheEye_areDifferent() throws Exception {
    for (String key : new String[] {"abc", "ABC", "aBc", "\"abc \"", "\" abc\""}) {
      Received made = client.send(Call.pay(TENANT, "1").withKey(key));
      assertThat(made.status()).isEqualTo(201);
      assertThat(made.isReplay()).isFalse();
    }
    assertThat(client.effects(TENANT).payments()).isEqualTo(5);
    // Composed, decomposed, and with a blank of no width: none is a key at all.
    for (String key :
        new String[] {"\"\u00c3\u00a9\"", "\"e\u00cc\u0081\"", "\"a\u00e2\u0080\u008b\""}) {
      assertThat(raw(post("Authorization: Bearer u\r\nIdempotency-Key: " + key + "\r\n")))
          .startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void bad_07_separators_joinNothing() throws Exception {
    String[][] pairs = {
      {"a", "\"b:c\""}, {"a:b", "c"}, {"a", "\"b/c\""}, {"a/b", "c"}, {"a", "\"b c\""}
    };
    for (String[] pair : pairs) {
      Received made = client.send(Call.pay(pair[0], "1").withKey(pair[1]));
      assertThat(made.status()).isEqualTo(201);
      assertThat(made.isReplay()).isFalse();
    }
    assertThat(keys.size()).isEqualTo(pairs.length);
  }

  @Test
  void bad_10_key_easilyGuessed_isRefusedWhereThePolicySaysSo() throws Exception {
    Call low = Call.pay(TENANT, "1").withKey("1");
    assertThat(client.send(low).status()).isEqualTo(201);
    restart(false, policy -> policy.withKeyFormat(KeyFormat.uuid(4)));
    Received refused = client.send(low);
    assertProblem(refused, 400, "key-malformed");
    assertThat(refused.json().path("detail").asText()).contains("a UUID of version 4");
    assertNoTrace();
    assertThat(client.send(Call.pay(TENANT, "1")).status()).isEqualTo(201);
  }

  /** Whoever guesses another tenant's key learns nothing, not even that it is in use. */
  @Test
  void bad_11_probeOfAnotherTenantsKey_looksLikeAnUnusedKey() throws Exception {
    Call victim = Call.pay("victim", "1");
    client.send(victim);
    Call running = Call.pay("victim", "1");
    var slow = client.start(running.asking("delay=1s"));
    assertThat(client.awaitPayments("victim", 2)).isTrue();
    Call unused = Call.pay("prober", "1");
    String expected = shape(client.send(unused));
    assertThat(shape(client.send(victim.withTenant("prober")))).isEqualTo(expected);
    assertThat(shape(client.send(running.withTenant("prober")))).isEqualTo(expected);
    Call other = victim.withBody("{\"amount\":2,\"currency\":\"EUR\"}");
    assertThat(shape(client.send(other.withTenant("prober2"))))
        .isEqualTo(expected.replace(":1,", ":2,"));
    assertThat(slow.get(10, TimeUnit.SECONDS).status()).isEqualTo(201);
    assertThat(client.send(victim).isReplay()).isTrue();
  }

  /** All of a response but its date, and the ids that differ anyway. */
  private static String shape(Received received) {
    Map<String, List<String>> headers = new TreeMap<>(received.headers().map());
    headers.remove("date");
    return (received.status() + " " + headers + " " + received.body())
        .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID");
  }

  @Test
  void bad_12_keyClaimedByAnAttacker_isStillTheVictims() throws Exception {
    Call victim = Call.pay("victim", "1");
    client.send(victim.withTenant("attacker").withBody("{\"amount\":9,\"currency\":\"EUR\"}"));
    Received made = client.send(victim);
    assertThat(made.status()).isEqualTo(201);
    assertThat(made.isReplay()).isFalse();
    assertThat(made.body()).contains("\"amount\":1,");
  }

  @Test
  void bad_12_33_quota_limitsOneTenantAndNoOther() throws Exception {
    restart(false, policy -> policy.withQuota(1, 1));
    var slow = client.start(Call.pay(TENANT, "1").asking("delay=2s"));
    assertThat(client.awaitPayments(TENANT, 1)).isTrue();
    Call next = Call.pay(TENANT, "1");
    Received refused = client.send(next);
    assertProblem(refused, 429, "quota-exceeded");
    assertThat(refused.header("Retry-After")).isEqualTo("1");
    assertThat(client.send(Call.pay("other", "1")).status()).isEqualTo(201);
    assertThat(slow.get(10, TimeUnit.SECONDS).status()).isEqualTo(201);
    assertThat(client.send(next).status()).as("a place is free again").isEqualTo(201);
    assertThat(client.effects(TENANT).payments()).isEqualTo(2);
  }

  @Test
  void bad_14_log_holdsNeitherKeyNorControls() throws Exception {
    client.send(Call.pay(TENANT, "1").withKey("\"canary %0a%1b[2J\""));
    raw(post("Authorization: Bearer t\r\nIdempotency-Key: canary\u001b[2J\r\n"));
    raw("GET /canar\u001by HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.send(Call.get(TENANT, "/%0acanary2%1b"));
    service.close();
    assertThat(log).isNotEmpty().allMatch(line -> line.matches("[ -~]+"));
    assertThat(log).noneMatch(line -> line.contains("canary "));
  }

  @Test
  void bad_30_withoutATenant_nothingIsReplayed() throws Exception {
    Call call = Call.pay(TENANT, "1").withKey("k").withBody("{\"amount\":1,\"currency\":\"EUR\"}");
    assertThat(client.send(call).status()).isEqualTo(201);
    String refused = raw(post("Idempotency-Key: k\r\nContent-Type: application/json\r\n"));
    assertThat(refused).startsWith("HTTP/1.1 401 ").doesNotContain("EUR", "eplayed");
  }
}
