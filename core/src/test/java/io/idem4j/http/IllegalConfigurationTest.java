package io.idem4j.http;

import static io.idem4j.http.HttpBench.RERUN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What a policy cannot mean is refused when it is built, or when its operation is made. */
class IllegalConfigurationTest {
  private final HttpBench bench = new HttpBench();

  private static void refused(ThrowingCallable built) {
    assertThatThrownBy(built).isInstanceOf(MisuseException.class).hasMessageMatching(".{10,}");
  }

  @Test
  void keyHeaders_mustBeTokens() {
    refused(() -> RERUN.withKeyHeaders(""));
    refused(() -> RERUN.withKeyHeaders("Idempotency-Key", "tracking id"));
    refused(() -> RERUN.withKeyHeaders("a:b"));
  }

  @Test
  void keyFormat_mustLetAKeyThrough() {
    refused(() -> KeyFormat.any().withLength(0, 10));
    refused(() -> KeyFormat.any().withLength(10, 9));
    refused(() -> KeyFormat.any().withLength(1, 256));
    refused(() -> KeyFormat.uuid(0));
    refused(() -> KeyFormat.uuid(4, 9));
    assertThat(KeyFormat.any().withLength(255, 255).describe()).startsWith("255 characters");
  }

  @Test
  void methods_mustNotBeSafeOrNone() {
    for (String safe : new String[] {"GET", "HEAD", "OPTIONS", "TRACE", "get"}) {
      refused(() -> RERUN.withMethods("POST", safe));
    }
    refused(() -> RERUN.withMethods());
  }

  @Test
  void statuses_mustBeErrors() {
    for (int status : new int[] {0, 200, 302, 399, 600}) {
      refused(() -> RERUN.onMismatch(status, false));
      refused(() -> RERUN.onInFlight(status, Duration.ofSeconds(1)));
    }
    assertThat(RERUN.onMismatch(400, true).onInFlight(599, Duration.ofSeconds(1))).isNotNull();
  }

  @Test
  void retryHint_mustBePositive() {
    refused(() -> RERUN.onInFlight(409, Duration.ZERO));
    refused(() -> RERUN.onInFlight(409, Duration.ofSeconds(-1)));
  }

  @Test
  void sizesAndQuotas_mustLetSomethingThrough() {
    refused(() -> RERUN.withMaximumRecordedBody(-1));
    refused(() -> RERUN.withMaximumRequestBody(-1));
    refused(() -> RERUN.withQuota(0, 1));
    refused(() -> RERUN.withQuota(1, 0));
  }

  @Test
  void sharedName_mustBeAName() {
    refused(() -> RERUN.withEndpointInFingerprint(" "));
    refused(() -> RERUN.withEndpointInFingerprint("n".repeat(256)));
    refused(() -> bench.operation(RERUN.withEndpointInFingerprint("\ud800")));
  }

  @Test
  void payloadKeys_needANamedRetentionAndAFingerprint() {
    OperationPolicy named = OperationPolicy.rerun().withRetention(Duration.ofMinutes(5));

    refused(() -> bench.operation(RERUN.withPayloadKeys(request -> "")));
    refused(
        () ->
            bench.operation(
                HttpPolicy.of(named)
                    .withPayloadKeys(request -> "")
                    .withFingerprint(RequestFingerprint.off())));
    refused(
        () ->
            bench.operation(
                HttpPolicy.of(named)
                    .withPayloadKeys(request -> "")
                    .withKeyRequirement(KeyRequirement.IGNORED)));
  }

  @Test
  void operationPolicy_thatNamesNoRetention_keepsTheOneThatWasNamed() {
    OperationPolicy named = OperationPolicy.rerun().withRetention(Duration.ofDays(7));

    HttpPolicy changed = HttpPolicy.of(named).withOperation(OperationPolicy.hold());

    assertThat(bench.operation(changed).policyDocument()).contains("\"retentionSeconds\":604800");
  }

  @Test
  void failingOpen_isForOperationsThatMayRunTwice() {
    refused(() -> bench.operation(HttpPolicy.of(OperationPolicy.hold()).failingOpen()));
  }

  @Test
  void generatedKeys_mustFitTheFormat() {
    refused(
        () ->
            bench.operation(
                RERUN
                    .withKeyRequirement(KeyRequirement.GENERATE)
                    .withKeyFormat(KeyFormat.uuid(7))));
    refused(() -> KeyFormat.uuid().withLength(1, 10));
  }

  @Test
  void times_mustNotContradictEachOther() {
    refused(() -> HttpPolicy.of(OperationPolicy.rerun().withLease(Duration.ZERO)));
    refused(
        () -> RERUN.withOperation(OperationPolicy.rerun().withRetention(Duration.ofSeconds(9))));
  }

  @Test
  void markersAndReplayedFields_mustBeSendable() {
    refused(() -> Markers.none().withReplay("a b", "true"));
    refused(() -> Markers.none().withReplay("Replayed", "tr\nue"));
    refused(() -> Markers.none().withOriginalRequest("Request-Id", "a b"));
    refused(() -> Markers.none().withOriginalRequest("", "Original"));
    refused(() -> Markers.none().withTransience("T", "\u20ac", null));
    refused(() -> Markers.none().withTransience("T", "y", "\r"));
    refused(() -> Markers.none().withKeyEcho(""));
    refused(() -> Markers.none().withLifetime("a:"));
    refused(() -> ReplayHeaders.standard().and("Set-Cookie"));
    refused(
        () ->
            bench.operation(
                RERUN.withMarkers(Markers.none().withOriginalRequest("Set-Cookie", "Original"))));
  }

  @Test
  void fingerprintVersion_mustBeOne() {
    refused(() -> RequestFingerprint.requestAnd("", "Accept"));
    refused(() -> RequestFingerprint.canonical("v".repeat(33), (body, type) -> new byte[0]));
  }

  @Test
  void codec_mustHaveAType() {
    refused(
        () ->
            bench.operation(
                RERUN.withCodec(
                    codec -> Codec.of(" ", r -> new byte[0], bytes -> HttpResponse.of(200)))));
  }

  @Test
  void fingerprintOfNothing_isMisuse() {
    refused(
        () ->
            bench.operation(
                RERUN.withFingerprint(
                    RequestFingerprint.of("nothing", request -> Fingerprint.sha256().build()))));
  }

  @Test
  void policy_isNeverChangedByItsCopies() {
    String before = bench.operation(RERUN).policyDocument();
    RERUN
        .withKeyHeaders("other")
        .withMethods("PUT")
        .onMismatch(400, true)
        .failingOpen()
        .withQuota(1, 1)
        .withMarkers(Markers.none())
        .pointingToReference();

    assertThat(bench.operation(RERUN).policyDocument()).isEqualTo(before);
  }
}
