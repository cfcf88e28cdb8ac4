package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a service publishes is what it is configured to do. */
final class PolicyDocumentTest {
  private final HttpBench bench = new HttpBench();

  private Map<String, Object> document(HttpPolicy policy) {
    return StrictJson.object(bench.operation(policy).policyDocument());
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> in(Map<String, Object> document, String member) {
    return (Map<String, Object>) document.get(member);
  }

  @Test
  void h30_default_readsSo() {
    Map<String, Object> document = document(HttpBench.RERUN);
    Map<String, Object> errors = in(document, "errors");
    assertThat(errors)
        .hasSize(HttpProblem.Kind.values().length)
        .containsEntry(
            "key-reused",
            Map.of(
                "status",
                422.0,
                "contentType",
                "application/problem+json",
                "retryUnchanged",
                false))
        .containsEntry(
            "in-flight",
            Map.of(
                "status",
                409.0,
                "contentType",
                "application/problem+json",
                "retryUnchanged",
                true));
    document.remove("errors");
    assertThat(Json.of(document))
        .isEqualTo(
            """
            {"operation":"POST /payments",\
            "methods":["PATCH","POST"],\
            "key":{"headerFields":["Idempotency-Key"],\
            "syntax":"a String of RFC 9651, in double quotes, or the same text bare",\
            "format":"1 to 255 characters, printable ASCII",\
            "requirement":"optional: without a key the request is not protected"},\
            "uniqueness":"one key per caller and operation",\
            "fingerprint":"method, target, content-type, body",\
            "maximumRequestBodyBytes":1048576.0,\
            "retentionSeconds":86400.0,\
            "failureRetentionSeconds":86400.0,\
            "expiredKey":"the request runs as a first one",\
            "outcomes":{"200-400, 402, 404-407, 409-424, 426-428, 430-499":"recorded",\
            "401, 403, 408, 425, 429, 500-599":"not recorded, a retry runs again",\
            "errors with Retry-After":"not recorded, a retry runs again",\
            "exception":"not recorded, a retry runs again",\
            "recordedSuccess":"the recorded response",\
            "bodyNotKept":"status and header fields are replayed without it"},\
            "replayedHeaderFields":"cache-control, cdn-cache-control, content-disposition, \
            content-encoding, content-language, content-location, content-security-policy, \
            content-type, etag, expires, last-modified, link, location, pragma, surrogate-control, \
            vary, x-content-type-options",\
            "markers":{"replay":"Idempotent-Replayed: true"}}""");
  }

  @Test
  void h30_changedConfiguration_isWhatIsPublished() {
    Map<String, Object> document =
        document(
            HttpPolicy.of(
                    OperationPolicy.hold()
                        .withRetention(Duration.ofHours(2))
                        .withFailureRetention(Duration.ofHours(1)))
                .withKeyHeaders("tracking-id", "Idempotency-Key")
                .withKeySyntax(Syntax.STRICT)
                .withKeyFormat(KeyFormat.uuid(4))
                .withKeyRequirement(KeyRequirement.REQUIRED)
                .withMethods("PUT")
                .withEndpointInFingerprint("all")
                .withFingerprint(RequestFingerprint.body())
                .onMismatch(409, false)
                .onInFlight(425, Duration.ofSeconds(2))
                .pointingToReference()
                .onOversize(Oversize.REFERENCE_ONLY)
                .withMaximumRequestBody(10)
                .withReplayHeaders(ReplayHeaders.allExcept("x-own"))
                .withMarkers(
                    Markers.none()
                        .withKeyEcho("Key")
                        .withLifetime("Kept-For")
                        .withOriginalRequest("Request-Id", "Original-Request")
                        .withTransience("Again", "yes", "no"))
                .withQuota(7, 3)
                .withDocumentation(URI.create("https://example.com/keys")));
    assertThat(document)
        .containsEntry("methods", List.of("PUT"))
        .containsEntry("uniqueness", "one key per caller, for all operations of 'all'")
        .containsEntry("fingerprint", "body")
        .containsEntry("maximumRequestBodyBytes", 10.0)
        .containsEntry("retentionSeconds", 7200.0)
        .containsEntry("failureRetentionSeconds", 3600.0)
        .containsEntry("replayedHeaderFields", "all that may be replayed but x-own")
        .containsEntry("documentation", "https://example.com/keys");
    assertThat(in(document, "key"))
        .containsEntry("headerFields", List.of("tracking-id", "Idempotency-Key"))
        .containsEntry("syntax", "a String of RFC 9651, in double quotes")
        .containsEntry("format", "36 characters, a UUID of version 4")
        .containsEntry("requirement", "required");
    assertThat(in(document, "outcomes"))
        .containsEntry("408, 500-599", "held until somebody has looked")
        .containsEntry("exception", "held until somebody has looked")
        .containsEntry("recordedSuccess", "409 with a reference to what the first request made")
        .containsEntry("bodyNotKept", "409 with a reference");
    assertThat(in(document, "markers"))
        .isEqualTo(
            Map.of(
                "originalRequest", "Original-Request",
                "transience", "Again",
                "keyEcho", "Key",
                "lifetime", "Kept-For"));
    Map<String, Object> errors = in(document, "errors");
    assertThat(document).containsEntry("maximumUnderWay", 7.0);
    assertThat(in(errors, "key-reused")).containsEntry("status", 409.0);
    assertThat(in(errors, "in-flight")).containsEntry("status", 425.0);
  }

  @Test
  void h30_keysThatAreNoFields_arePublishedAsSuch() {
    assertThat(
            in(
                document(HttpBench.RERUN.withKeyExtractor(request -> java.util.Optional.empty())),
                "key"))
        .containsEntry("source", "the request, as the service documents")
        .doesNotContainKey("headerFields");
    OperationPolicy named = OperationPolicy.rerun().withRetention(Duration.ofHours(1));
    assertThat(in(document(HttpPolicy.of(named).withPayloadKeys(request -> "")), "key"))
        .containsEntry("source", "the request itself: identical requests are the same request");
  }

  @Test
  void h30_classifierThatCannotJudgeABareStatus_isPublishedAsItActs() {
    Map<String, Object> document =
        document(
            HttpBench.RERUN.withClassifier(
                response -> {
                  throw new IllegalStateException(response.headers().first("missing").orElse(""));
                }));
    assertThat(in(document, "outcomes")).containsEntry("200-599", "recorded");
  }

  @Test
  void h30_allOperations_areOneDocument_andPresetsAreValid() {
    OperationPolicy operation = OperationPolicy.rerun();
    bench.http.operation("b", HttpPresets.stripe(operation));
    bench.http.operation("a", HttpPresets.adyen(operation));
    bench.http.operation("c", HttpPresets.goCardless(operation));
    bench.http.operation("d", HttpPresets.ietfDraft(operation, URI.create("https://example.com/")));
    Map<String, Object> all = in(StrictJson.object(bench.http.policyDocument()), "operations");
    assertThat(all.keySet()).containsExactly("a", "b", "c", "d");
    assertThat(in(all, "b"))
        .isEqualTo(
            StrictJson.object(
                bench.http.operation("b", HttpPresets.stripe(operation)).policyDocument()));
  }
}
