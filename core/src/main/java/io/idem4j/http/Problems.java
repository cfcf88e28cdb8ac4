package io.idem4j.http;

import io.idem4j.http.HttpProblem.Kind;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the responses of problems, as one policy has them. Safe for use by many threads. */
final class Problems {
  private static final Logger log = LoggerFactory.getLogger(HttpIdempotency.class);
  private static final ProblemRenderer USUAL = ProblemRenderer.problemJson("urn:idem4j:problem:");

  private final HttpPolicy.Settings settings;

  Problems(HttpPolicy.Settings settings) {
    this.settings = settings;
  }

  HttpResponse of(Refusal refusal, HttpRequest request) {
    return of(refusal.kind(), refusal.detail(), Optional.empty(), Optional.empty(), request);
  }

  HttpResponse of(Kind kind, HttpRequest request) {
    return of(kind, Optional.empty(), request);
  }

  HttpResponse of(Kind kind, Optional<String> reference, HttpRequest request) {
    return of(kind, detail(kind), Optional.empty(), reference, request);
  }

  /** One that a later try may find over, after this time at most. */
  HttpResponse passing(Kind kind, Optional<Duration> left, HttpRequest request) {
    return of(kind, detail(kind), left, Optional.empty(), request);
  }

  private HttpResponse of(
      Kind kind,
      String detail,
      Optional<Duration> left,
      Optional<String> reference,
      HttpRequest request) {
    Optional<Duration> retryAfter =
        left.isPresent() || kind.isTransient()
            ? Optional.of(retryAfter(kind, left.orElse(settings.retryHint)))
            : Optional.empty();
    HttpProblem problem =
        new HttpProblem(
            kind,
            status(kind),
            detail,
            retryAfter,
            reference,
            Optional.ofNullable(settings.documentation));
    HttpResponse response = rendered(problem, request);
    if (retryAfter.isPresent()) {
      response = response.withHeader("Retry-After", Long.toString(retryAfter.get().toSeconds()));
    }
    if (settings.documentation != null) {
      response =
          response.withHeader(
              "Link", "<" + settings.documentation.toASCIIString() + ">; rel=\"describedby\"");
    }
    return marked(response, retryAfter.isPresent());
  }

  /** The effect may be made by now: a renderer that throws has no say. */
  private HttpResponse rendered(HttpProblem problem, HttpRequest request) {
    try {
      return Objects.requireNonNull(settings.renderer.render(problem, request), "response");
    } catch (RuntimeException e) {
      log.warn("a renderer threw {}; {} is rendered as usual", e.getClass().getName(), problem);
      return USUAL.render(problem, request);
    }
  }

  private HttpResponse marked(HttpResponse response, boolean isTransient) {
    if (settings.markers.transience().isEmpty()) {
      return response;
    }
    Markers.Flag flag = settings.markers.transience().get();
    String value = isTransient ? flag.yes() : flag.no();
    return value == null ? response : response.withHeader(flag.name(), value);
  }

  /** In whole seconds, one at least; the smaller of what is left and the hint. */
  private Duration retryAfter(Kind kind, Duration left) {
    // A holder may be done long before its lease is over; nobody asks a recovery before its time.
    boolean isEarliest = kind == Kind.OUTCOME_UNKNOWN;
    Duration after =
        isEarliest || left.compareTo(settings.retryHint) < 0 ? left : settings.retryHint;
    long seconds = after.toSeconds() + (after.toNanosPart() > 0 ? 1 : 0);
    return Duration.ofSeconds(Math.max(1, seconds));
  }

  private int status(Kind kind) {
    return switch (kind) {
      case KEY_REUSED -> settings.mismatchStatus;
      case IN_FLIGHT -> settings.inFlightStatus;
      default -> kind.status();
    };
  }

  private String detail(Kind kind) {
    return switch (kind) {
      case KEY_MISSING ->
          "This operation requires a key in "
              + String.join(" or ", settings.keyHeaders)
              + ": a new one for each new operation, the same one for each retry.";
      case KEY_MALFORMED -> "The key cannot be used.";
      case REQUEST_MALFORMED -> "The request cannot be understood.";
      case BODY_TOO_LARGE ->
          "The body of a request with a key has at most " + settings.maximumRequestBody + " bytes.";
      case KEY_REUSED ->
          "This key belongs to a request that differs in what is compared: "
              + settings.fingerprint.describe()
              + ". Use a new key for a new request.";
      case IN_FLIGHT -> "A request with this key is being processed. Retry it unchanged.";
      case OUTCOME_UNKNOWN ->
          "Nobody knows whether the first request took effect. Nothing runs under this key until"
              + " that is settled.";
      case ALREADY_COMPLETED -> "The request was completed once, and is not run again.";
      case ANSWER_NOT_KEPT ->
          "The request was completed once, and is not run again. Its response was too large to be"
              + " kept.";
      case FAILED -> "The request failed, and is not run again under this key.";
      case QUOTA_EXCEEDED ->
          "Too many requests of this caller are being processed. Retry it unchanged, later.";
      case STORE_UNAVAILABLE, STOPPING -> "This attempt ran nothing. Retry it unchanged.";
      case RECORD_UNREADABLE -> "This attempt ran nothing. An earlier one may have been processed.";
      case NOT_RECORDED ->
          "The request was processed, and a retry may be processed again. Ask before it is retried.";
    };
  }

  Refusal refusal(Kind kind) {
    return new Refusal(kind, detail(kind));
  }
}
