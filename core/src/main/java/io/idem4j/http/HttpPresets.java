package io.idem4j.http;

import io.idem4j.OperationPolicy;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import io.idem4j.http.ResponseClassifier.Disposition;
import java.net.URI;
import java.time.Duration;

/**
 * Policies that behave like the IETF draft or like a vendor's public documentation says. Each is a
 * {@link HttpPolicy} like any other, to be changed where a service differs; any other vendor is a
 * page of the same configuration. Where a vendor documents nothing, the preset says what it chose.
 *
 * <p>A preset keeps the retention that the operation's policy names, and otherwise sets the
 * vendor's.
 */
public final class HttpPresets {
  private HttpPresets() {}

  /**
   * Behaves like draft-ietf-httpapi-idempotency-key-header-07, a profile of an expired draft rather
   * than a standard: the key is a String of RFC 9651, and a bare one is refused (400); a required
   * key that is missing is a 400, another request under the key a 422, a retry of a running one a
   * 409, each with a link to the documentation.
   *
   * <p>The draft says literally that an error is replayed like a success; a 5xx nevertheless
   * follows the operation's policy here, as anything else would make one outage of a second
   * permanent for a day. {@link #replayingServerErrors} is the literal reading. It names no replay
   * marker, so there is none.
   *
   * @param documentation where the policy is published, which the draft demands (section 2.5.2)
   */
  public static HttpPolicy ietfDraft(OperationPolicy operation, URI documentation) {
    return HttpPolicy.of(operation)
        .withKeySyntax(Syntax.STRICT)
        .withKeyRequirement(KeyRequirement.REQUIRED)
        .withMarkers(Markers.none())
        .withDocumentation(documentation);
  }

  /** Records a 5xx response like any other: it is the answer for as long as it is kept. */
  public static HttpPolicy replayingServerErrors(HttpPolicy policy) {
    return policy.withClassifier(
        response ->
            switch (response.status()) {
              case 401, 403, 425, 429 -> Disposition.RELEASE;
              case 408 -> Disposition.FAILURE;
              default -> Disposition.RECORD;
            });
  }

  /**
   * Behaves like Stripe's API, version 1: a bare key of at most 255 characters, optional, for
   * {@code POST}; one key for all endpoints of an account, so the same key at another endpoint is
   * an error; every response is replayed once execution began, a 500 too, with {@code
   * Idempotent-Replayed: true} and {@code Original-Request}, which is the {@code Request-Id} of the
   * first response; kept for 24 hours.
   *
   * <p>Never recorded: 401, 409 and 429. A response of 400 that a handler chose is recorded:
   * validate before the layer what should not be. Not documented by Stripe, and chosen here: 503
   * with an {@code api_error} while the store is down, and {@code Stripe-Should-Retry} on the
   * layer's own refusals alone.
   */
  public static HttpPolicy stripe(OperationPolicy operation) {
    return HttpPolicy.of(kept(operation, Duration.ofHours(24)))
        .withKeySyntax(Syntax.RAW)
        .withMethods("POST")
        .withEndpointInFingerprint("stripe")
        .onMismatch(400, false)
        .withClassifier(
            response ->
                switch (response.status()) {
                  case 401, 409, 429 -> Disposition.RELEASE;
                  default -> Disposition.RECORD;
                })
        .withMarkers(
            Markers.standard()
                .withOriginalRequest("Request-Id", "Original-Request")
                .withTransience("Stripe-Should-Retry", "true", "false"))
        .withRenderer(VendorErrors::stripe);
  }

  /**
   * Behaves like Adyen's API: a bare key of at most 64 characters in {@code idempotency-key}, which
   * each response echoes; a retry of a running request is refused with 409, error 704 and {@code
   * transient-error: true}; a response that bears {@code transient-error: true} is not recorded,
   * and every other one is; kept for 7 days; 503 with error 703 while the store is down.
   *
   * <p>Adyen's keys are unique per company account, and per region: that is the {@link
   * io.idem4j.Scope}. Not documented by Adyen, and chosen here: the request is compared as usual,
   * and another request under the key is refused with 422 and error 704; other refusals bear error
   * 702; responses never recorded whatever they bear: 401, 403, 408, 425 and 429.
   */
  public static HttpPolicy adyen(OperationPolicy operation) {
    return HttpPolicy.of(kept(operation, Duration.ofDays(7)))
        .withKeyHeaders("idempotency-key")
        .withKeySyntax(Syntax.RAW)
        .withKeyFormat(KeyFormat.any().withLength(1, 64))
        .withMethods("POST")
        .withClassifier(
            response ->
                response.headers().first("transient-error").orElse("").equals("true")
                    ? Disposition.RELEASE
                    : switch (response.status()) {
                      case 401, 403, 425, 429 -> Disposition.RELEASE;
                      case 408 -> Disposition.FAILURE;
                      default -> Disposition.RECORD;
                    })
        .withMarkers(
            Markers.none()
                .withKeyEcho("idempotency-key")
                .withTransience("transient-error", "true", null))
        .withRenderer(VendorErrors::adyen);
  }

  /**
   * Behaves like GoCardless's API: a bare key for {@code POST}; a retry after a success is refused
   * with 409 and {@code conflicting_resource_id}, which is the reference that the handler set
   * ({@link io.idem4j.OperationContext#reference}); a failed creation does not consume the key.
   *
   * <p>Not documented by GoCardless, and chosen here: nothing of the request is compared, so
   * another request under the key gets the same 409; a retry of a running request gets a 409 with
   * reason {@code idempotent_creation_in_progress}; kept for 30 days; no markers.
   */
  public static HttpPolicy goCardless(OperationPolicy operation) {
    return HttpPolicy.of(kept(operation, Duration.ofDays(30)))
        .withKeySyntax(Syntax.RAW)
        .withMethods("POST")
        .withFingerprint(RequestFingerprint.off())
        .pointingToReference()
        .onOversize(Oversize.REFERENCE_ONLY)
        .withClassifier(
            response ->
                response.status() < 400
                    ? Disposition.RECORD
                    : response.status() < 500 ? Disposition.RELEASE : Disposition.FAILURE)
        .withMarkers(Markers.none())
        .withRenderer(VendorErrors::goCardless);
  }

  private static OperationPolicy kept(OperationPolicy operation, Duration retention) {
    return operation.namesRetention() ? operation : operation.withRetention(retention);
  }
}
