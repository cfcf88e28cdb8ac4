package io.idem4j.http;

import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the layer adds to its answers, and where it must not. In virtual time. */
final class HttpAnswersTest {
  private final HttpBench bench = new HttpBench();
  private final HttpRequest request = post("k", "body");

  @Test
  void echo_isOnAnswersThatHonouredTheKeyAlone() {
    HttpOperation echoing = bench.operation(RERUN.withMarkers(Markers.none().withKeyEcho("Key")));
    assertThat(field(bench.send(echoing, post(" \"k\"", "b")), "Key")).isEqualTo(" \"k\"");
    assertThat(field(bench.send(echoing, post("k", "b")), "Key")).isEqualTo("k");
    assertThat(field(bench.send(echoing, post("k", "other")), "Key")).isEqualTo("k");
    assertThat(field(bench.send(echoing, post("a b", "b")), "Key")).isEmpty();
    assertThat(field(bench.send(echoing, HttpBench.bare("POST", "b")), "Key")).isEmpty();
  }

  @Test
  void generatedKey_isToldAsAClientHasToSendIt() {
    for (Syntax syntax : Syntax.values()) {
      HttpOperation generating =
          bench.operation(RERUN.withKeyRequirement(KeyRequirement.GENERATE).withKeySyntax(syntax));
      HttpResponse sent = bench.send(generating, HttpBench.bare("POST", "b"));
      String told = field(sent, "Idempotency-Key");
      HttpResponse retry = bench.send(generating, post(told, "b"));
      assertThat(field(retry, "Idempotent-Replayed")).as("%s", syntax).isEqualTo("true");
      assertThat(retry.body()).isEqualTo(sent.body());
    }
  }

  @Test
  void bodyThatWasNotKept_isSaidSo_withoutItsEncoding() {
    HttpResponse large =
        HttpResponse.of(200, "text/plain", "x".repeat(3_000)).withHeader("Content-Encoding", "br");
    HttpOperation operation = bench.operation(RERUN);
    bench.send(TENANT, operation, request, context -> large);
    HttpResponse replay = bench.send(operation, request);
    assertThat(replay.status()).isEqualTo(200);
    assertThat(replay.body()).isEmpty();
    assertThat(field(replay, "Idempotent-Body-Omitted")).isEqualTo("true");
    assertThat(field(replay, "Content-Encoding")).isEmpty();
    assertThat(field(replay, "Content-Type")).isEqualTo("text/plain");
    for (Oversize oversize : List.of(Oversize.REFERENCE_ONLY, Oversize.REJECT_REPLAY)) {
      assertThat(type(bench.send(bench.operation(RERUN.onOversize(oversize)), request)))
          .isEqualTo("answer-not-kept");
    }
  }

  @Test
  void originalRequest_isNamedOnReplays_underItsOtherName() {
    HttpOperation naming =
        bench.operation(
            RERUN.withMarkers(Markers.standard().withOriginalRequest("Request-Id", "Original")));
    HttpResponse own = bench.created().withHeader("Request-Id", "req-1");
    HttpResponse first = bench.send(TENANT, naming, request, context -> own);
    assertThat(field(first, "Request-Id")).isEqualTo("req-1");
    assertThat(field(first, "Original")).isEmpty();
    HttpResponse replay = bench.send(naming, request);
    assertThat(field(replay, "Original")).isEqualTo("req-1");
    assertThat(field(replay, "Request-Id")).isEmpty();
  }

  @Test
  void retryAfter_isTheSmallerOfWhatIsLeftAndTheHint_inWholeSeconds_andOneAtLeast() {
    HttpOperation hinting = bench.operation(RERUN.onInFlight(409, Duration.ofSeconds(20)));
    bench.granted(hinting, request).close();
    assertThat(field(bench.send(hinting, request), "Retry-After")).isEqualTo("20");
    bench.engine.pass(Duration.ofMillis(14_500));
    assertThat(field(bench.send(hinting, request), "Retry-After")).isEqualTo("16");
    bench.engine.pass(Duration.ofMillis(15_400));
    assertThat(field(bench.send(hinting, request), "Retry-After")).isEqualTo("1");
    HttpOperation quick = bench.operation(RERUN.onInFlight(409, Duration.ofMillis(1)));
    assertThat(field(bench.send(quick, request), "Retry-After")).isEqualTo("1");
    HttpOperation held = bench.operation(HttpBench.HOLD);
    bench.send(held, post("h", "b"), 500);
    assertThat(field(bench.send(held, post("h", "b")), "Retry-After")).as("nobody knows").isEmpty();
  }

  @Test
  void retryAfter_ofATimeThatIsOver_isASecond() {
    Problems problems = new Problems(RERUN.settings());
    for (long left : new long[] {0, -1, -5_000}) {
      HttpResponse passing =
          problems.passing(
              HttpProblem.Kind.IN_FLIGHT, Optional.of(Duration.ofMillis(left)), request);
      assertThat(field(passing, "Retry-After")).isEqualTo("1");
    }
  }

  @Test
  void link_isOnEachRefusal_whereThePolicyIsPublished() {
    HttpOperation linked = bench.operation(RERUN.withDocumentation(URI.create("https://e.com/k")));
    assertThat(field(bench.send(linked, post("a b", "b")), "Link"))
        .isEqualTo("<https://e.com/k>; rel=\"describedby\"");
  }
}
