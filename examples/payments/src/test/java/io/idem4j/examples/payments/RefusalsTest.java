package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the service refuses, and that a refusal leaves no trace. */
class RefusalsTest extends OverTheWire {
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
  void contentType_twoLines_is400() throws Exception {
    String lines =
        "Authorization: Bearer t\r\nContent-Type: application/json\r\ncontent-type: text/plain\r\n";
    assertThat(raw(post(lines))).startsWith("HTTP/1.1 400 ").contains("bad-request");
    assertNoEffect();
  }

  @Test
  void payments_withoutId_is404ForEachMethod() throws Exception {
    Call call = Call.pay(TENANT, "1").withTarget("/payments/");
    assertProblem(client.send(call), 404, "not-found");
  }

  @Test
  void policy_isPublishedToAnybody() throws Exception {
    String get = "GET /idempotency-policy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assertThat(raw(get))
        .startsWith("HTTP/1.1 200 ")
        .containsIgnoringCase("Content-Type: application/json")
        .contains("\"POST /payments\"", "\"PATCH /accounts/{name}\"", "\"retentionSeconds\":3600");
    assertThat(raw(get.replace("GET", "DELETE")))
        .startsWith("HTTP/1.1 405 ")
        .contains("Allow: GET");
    Received refused = client.send(Call.pay(TENANT, "1").withKey("a,b"));
    assertThat(refused.header("Link")).isEqualTo("</idempotency-policy>; rel=\"describedby\"");
  }
}
