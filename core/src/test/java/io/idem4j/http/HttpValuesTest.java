package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IllegalKeyException;
import io.idem4j.MisuseException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Header fields, responses, and which fields are replayed. */
final class HttpValuesTest {
  private static List<String> lines(HttpHeaders headers) {
    List<String> lines = new ArrayList<>();
    headers.forEach((name, value) -> lines.add(name + ": " + value));
    return lines;
  }

  @Test
  void headers_areFoundWithoutRegardToCase_andKeepTheOrderOfTheirLines() {
    HttpHeaders headers =
        HttpHeaders.builder().add("X-A", "2").add("x-a", "1").add("Other", "").build();
    assertThat(headers.all("x-A")).containsExactly("2", "1");
    assertThat(headers.first("X-a")).contains("2");
    assertThat(headers.first("other")).contains("");
    assertThat(headers.all("missing")).isEmpty();
    assertThat(headers.first("missing")).isEmpty();
    assertThat(headers.map()).containsKey("OTHER");
    assertThat(lines(headers)).containsExactly("Other: ", "X-A: 2", "X-A: 1");
  }

  @Test
  void headers_ofAMapWithNamesThatDifferInCase_joinTheirLines() {
    Map<String, List<String>> map = new java.util.LinkedHashMap<>();
    map.put("Idempotency-Key", List.of("a"));
    map.put("idempotency-key", List.of("b"));
    assertThat(HttpHeaders.of(map).all("IDEMPOTENCY-KEY")).containsExactly("a", "b");
  }

  @Test
  void headers_withAndWithout_changeACopyAlone() {
    HttpHeaders first = HttpHeaders.of("A", "1");
    HttpHeaders changed = first.with("a", "2").with("B", "3");
    assertThat(first.all("A")).containsExactly("1");
    assertThat(lines(changed)).as("with the new spelling").containsExactly("a: 2", "B: 3");
    assertThat(lines(changed.without("b"))).containsExactly("a: 2");
    assertThat(lines(changed)).hasSize(2);
    assertThat(first.without("none")).isSameAs(first);
    assertThat(HttpHeaders.none().map()).as("none stays none").isEmpty();
  }

  @Test
  void headers_areImmutable() {
    HttpHeaders.Builder builder = HttpHeaders.builder().add("A", "1");
    HttpHeaders built = builder.build();
    builder.add("A", "2").add("B", "3");
    assertThat(lines(built)).containsExactly("A: 1");
    List<String> values = new ArrayList<>(List.of("1"));
    HttpHeaders ofMap = HttpHeaders.of(Map.of("A", values));
    values.add("2");
    assertThat(ofMap).isEqualTo(built).hasSameHashCodeAs(built);
    assertThatThrownBy(() -> built.map().put("B", List.of()))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> built.all("A").add("2"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void headers_areEqualWithoutRegardToTheCaseOfNames_andWithRegardToThatOfValues() {
    assertThat(HttpHeaders.of("A", "v"))
        .isEqualTo(HttpHeaders.of("a", "v"))
        .hasSameHashCodeAs(HttpHeaders.of("a", "v"))
        .isNotEqualTo(HttpHeaders.of("a", "V"))
        .isNotEqualTo(HttpHeaders.of("b", "v"));
  }

  @Test
  void toString_showsNoValueNoTargetAndNoBody() {
    HttpHeaders headers = HttpHeaders.of("Idempotency-Key", "secret");
    byte[] body = "secret".getBytes(StandardCharsets.UTF_8);
    assertThat(headers + "").isEqualTo("HttpHeaders[Idempotency-Key]");
    assertThat(HttpRequest.of("POST", "/secret", headers, body) + "")
        .isEqualTo("HttpRequest[POST]");
    assertThat(HttpResponse.of(200, headers, body) + "").isEqualTo("HttpResponse[200, 6 bytes]");
    assertThat(CapturedBody.of(body) + "").isEqualTo("CapturedBody[6 bytes]");
  }

  @Test
  void b28_responseWithAFieldThatWouldSplitIt_isRefusedAtTheCapture() {
    for (String value : List.of("a\rb", "a\nb", "a\r\nSet-Cookie: x", "a\0", "\u007F", "\u0001")) {
      assertRefused("X-A", value);
    }
    for (String value : List.of("\u0100", "\u010D\u010A", "\u2028", "\uD83D\uDE00", "\uD800")) {
      assertRefused("X-A", value);
    }
    for (String name : List.of("", " ", "A B", "A:", "A\r\n", "\u00C4", "A\0", "A,B", "\u212A")) {
      assertRefused(name, "v");
    }
    HttpHeaders fine = HttpHeaders.of("!#$%&'*+-.^_`|~09azAZ", "a\t b\u00E4\u00FF~");
    assertThat(HttpResponse.of(200, fine, new byte[0]).headers()).isEqualTo(fine);
    assertThat(HttpResponse.of(200).withHeader("A", "").headers().first("a")).contains("");
  }

  private static void assertRefused(String name, String value) {
    assertThatThrownBy(() -> HttpResponse.of(200, HttpHeaders.of(name, value), new byte[0]))
        .as("%s: %s", name, value)
        .isInstanceOf(MisuseException.class)
        .message()
        .doesNotContain("\r", "\n", "Set-Cookie");
    assertThatThrownBy(() -> HttpResponse.of(200).withHeader(name, value))
        .isInstanceOf(MisuseException.class);
  }

  @Test
  void response_hasAFinalStatus() {
    for (int status : new int[] {-1, 0, 100, 101, 199, 600, 1000}) {
      assertThatThrownBy(() -> HttpResponse.of(status)).isInstanceOf(MisuseException.class);
    }
    assertThat(HttpResponse.of(200).status()).isEqualTo(200);
    assertThat(HttpResponse.of(599).status()).isEqualTo(599);
  }

  @Test
  void response_equalsByAllOfItsParts() {
    HttpResponse one = HttpResponse.of(200, "text/plain", "a");
    assertThat(one)
        .isEqualTo(HttpResponse.of(200, "text/plain", "a"))
        .hasSameHashCodeAs(HttpResponse.of(200, "text/plain", "a"))
        .isNotEqualTo(HttpResponse.of(201, "text/plain", "a"))
        .isNotEqualTo(HttpResponse.of(200, "text/html", "a"))
        .isNotEqualTo(HttpResponse.of(200, "text/plain", "b"))
        .isNotEqualTo(HttpResponse.recorded(200, one.headers(), one.body(), false));
  }

  private static HttpHeaders allKinds() {
    HttpHeaders.Builder all = HttpHeaders.builder();
    ReplayHeaders.BLOCKED.forEach(name -> all.add(name.toUpperCase(java.util.Locale.ROOT), "x"));
    return all.add("Content-Type", "t").add("Location", "/1").add("X-Own", "o").build();
  }

  @Test
  void b27_blockedFields_areNeverReplayed_whateverIsAskedFor() {
    assertThat(lines(ReplayHeaders.standard().of(allKinds())))
        .containsExactly("Content-Type: t", "Location: /1");
    assertThat(lines(ReplayHeaders.allExcept().of(allKinds())))
        .containsExactly("Content-Type: t", "Location: /1", "X-Own: o");
    assertThat(lines(ReplayHeaders.allExcept("LOCATION").of(allKinds())))
        .containsExactly("Content-Type: t", "X-Own: o");
    for (String name : ReplayHeaders.BLOCKED) {
      assertThatThrownBy(() -> ReplayHeaders.standard().and(name))
          .isInstanceOf(MisuseException.class);
      assertThatThrownBy(() -> ReplayHeaders.allExcept().and(name.toUpperCase(java.util.Locale.US)))
          .isInstanceOf(MisuseException.class);
    }
    assertThat(ReplayHeaders.BLOCKED)
        .contains("set-cookie", "authorization", "www-authenticate", "proxy-authenticate", "date")
        .contains("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade");
  }

  @Test
  void replayHeaders_andMore_changeACopyAlone() {
    ReplayHeaders more = ReplayHeaders.standard().and("X-Own");
    assertThat(lines(more.of(allKinds())))
        .containsExactly("Content-Type: t", "Location: /1", "X-Own: o");
    assertThat(lines(ReplayHeaders.standard().of(allKinds()))).hasSize(2);
    assertThat(lines(ReplayHeaders.allExcept("x-own").and("X-OWN").of(allKinds()))).hasSize(3);
  }

  @Test
  void replayHeaders_leaveOutWhatTheConnectionFieldNames() {
    HttpHeaders headers =
        HttpHeaders.builder()
            .add("connection", "close, X-Own")
            .add("Connection", " location ,")
            .add("X-Own", "o")
            .add("Location", "/1")
            .add("ETag", "e")
            .build();
    assertThat(lines(ReplayHeaders.allExcept().of(headers))).containsExactly("ETag: e");
    assertThat(lines(ReplayHeaders.standard().of(headers))).containsExactly("ETag: e");
  }

  @Test
  void keyFormat_takesWhatItSays_andNothingElse() {
    assertThat(fits(KeyFormat.any(), "a", "~ !", "x".repeat(255))).isTrue();
    for (String wrong : List.of("", "x".repeat(256), "\u00E4", "a\r\nb", "a\0", "\u007F", "\t")) {
      assertThat(fits(KeyFormat.any(), wrong)).as(wrong).isFalse();
    }
    KeyFormat digits = KeyFormat.any().withLength(3, 5).withAlphabet("digits", c -> c < ':');
    assertThat(fits(digits, "123", "12345")).isTrue();
    for (String wrong : List.of("12", "123456", "12a")) {
      assertThat(fits(digits, wrong)).as(wrong).isFalse();
    }
    assertThat(fits(digits.withLength(1, 9), "1a")).as("the alphabet stays").isFalse();
    assertThat(fits(digits.withAlphabet("x", c -> true), "a\nb")).as("never more").isFalse();
    assertThat(digits).hasToString("KeyFormat[3 to 5 characters, digits]");
  }

  @Test
  void keyFormat_ofUuids_isOfTheirVersions() {
    String four = "8e03978e-40d5-43e8-bc93-6894a57f9324";
    String seven = "018f4e2c-7b9a-7cc1-8a2b-0123456789AB";
    assertThat(fits(KeyFormat.uuid(), four, seven)).isTrue();
    assertThat(fits(KeyFormat.uuid(4), four)).isTrue();
    assertThat(fits(KeyFormat.uuid(4), seven)).isFalse();
    assertThat(fits(KeyFormat.uuid(4, 7), four, seven)).isTrue();
    for (String wrong :
        List.of(
            four.replace("-", ""),
            "{" + four + "}",
            four + "0",
            "00000000-0000-0000-0000-000000000000",
            "8e03978e-40d5-43e8-7c93-6894a57f9324",
            "8e03978e-40d5-93e8-bc93-6894a57f9324",
            "8e03978e_40d5-43e8-bc93-6894a57f9324")) {
      assertThat(fits(KeyFormat.uuid(), wrong)).as(wrong).isFalse();
    }
    assertThat(KeyFormat.uuid(4, 7)).hasToString("KeyFormat[36 characters, a UUID of version 4 7]");
    for (int version : new int[] {0, 9, -1}) {
      assertThatThrownBy(() -> KeyFormat.uuid(version)).isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void keyFormat_withLengthsThatCannotBe_isRefused() {
    for (int[] wrong : new int[][] {{0, 5}, {6, 5}, {1, 256}, {-1, -1}}) {
      assertThatThrownBy(() -> KeyFormat.any().withLength(wrong[0], wrong[1]))
          .isInstanceOf(MisuseException.class);
    }
    assertThat(KeyFormat.any().withLength(255, 255).maximum()).isEqualTo(255);
  }

  private static boolean fits(KeyFormat format, String... keys) {
    for (String key : keys) {
      try {
        format.check("Idempotency-Key", key);
      } catch (IllegalKeyException e) {
        assertThat(key.length() > 1 && e.getMessage().contains(key)).as("never repeated").isFalse();
        return false;
      }
    }
    return true;
  }

  @Test
  void bad28_sendable_isWhatAContainerWouldSend_andNeverSplits() {
    HttpHeaders odd =
        HttpHeaders.builder()
            .add("Content-Disposition", "attachment; filename=\"\u20ac.pdf\"")
            .add("X-Lines", "a\r\nSet-Cookie: b")
            .add("no token", "x")
            .add("X-Emoji", "\ud83d\ude00")
            .add("X-Latin", "caf\u00e9\t")
            .build();
    HttpHeaders sendable = odd.sendable();
    assertThat(HttpResponse.of(200, sendable, new byte[0]).headers())
        .isEqualTo(
            HttpHeaders.builder()
                .add("Content-Disposition", "attachment; filename=\"?.pdf\"")
                .add("X-Lines", "a??Set-Cookie: b")
                .add("X-Emoji", "?")
                .add("X-Latin", "caf\u00e9\t")
                .build());
  }
}
