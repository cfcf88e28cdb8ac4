package io.idem4j.http;

import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Why the layer answers a request itself, for whoever renders the answer. Holds nothing that the
 * client sent, but for {@code detail} of a malformed key, which repeats nothing of it. Immutable.
 *
 * @param kind what is the matter
 * @param status the status, as the policy has it
 * @param detail a sentence for the person who reads it
 * @param retryAfter after what time the unchanged request is worth another try, if ever
 * @param reference what the record is about, where the policy shows it
 * @param documentation where the policy is published, if it is
 */
public record HttpProblem(
    Kind kind,
    int status,
    String detail,
    Optional<Duration> retryAfter,
    Optional<String> reference,
    Optional<URI> documentation) {

  /** What is the matter. The names are stable. */
  public enum Kind {
    /** The operation requires a key and the request has none. */
    KEY_MISSING(400, "Idempotency-Key is missing"),
    /** The field is not exactly one key of the published format. */
    KEY_MALFORMED(400, "Malformed Idempotency-Key"),
    /** The request cannot be understood where its fingerprint needs it to be. */
    REQUEST_MALFORMED(400, "Malformed request"),
    /** The body is longer than the layer may hold. */
    BODY_TOO_LARGE(413, "Body too large"),
    /** The key belongs to another request. */
    KEY_REUSED(422, "Idempotency-Key was used for another request"),
    /** The first request is still running. */
    IN_FLIGHT(409, "The first request is still running"),
    /** Nobody knows whether the first request took effect. */
    OUTCOME_UNKNOWN(409, "The outcome of the first request is unknown"),
    /** The request was completed, and the policy points to what it made. */
    ALREADY_COMPLETED(409, "The request was completed before"),
    /** The request was completed, and its response was not kept. */
    ANSWER_NOT_KEPT(409, "The request was completed, but its response was not kept"),
    /** The operation had failed for good, and the failure is the answer. */
    FAILED(500, "The request failed before"),
    /** This caller has too many requests under way in this process. */
    QUOTA_EXCEEDED(429, "Too many requests under way"),
    /** The store could not be asked, or did not say whether the key is held. Nothing was run. */
    STORE_UNAVAILABLE(503, "The key store cannot be asked"),
    /** The process is stopping. Nothing was run. */
    STOPPING(503, "The service is stopping"),
    /** The key's record cannot be read, or compared. Nothing was run. */
    RECORD_UNREADABLE(500, "The record of the first request cannot be read"),
    /** The handler ran, and what it answered is not known to be recorded. */
    NOT_RECORDED(409, "The response is not known to be recorded");

    private final int status;
    private final String title;

    Kind(int status, String title) {
      this.status = status;
      this.title = title;
    }

    /** Returns the usual status. */
    public int status() {
      return status;
    }

    /** Returns a short text that is the same for each problem of this kind. */
    public String title() {
      return title;
    }

    /** Returns the machine code, such as {@code key-reused}. */
    public String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Says whether the unchanged request, sent again, may well be answered otherwise. */
    public boolean isTransient() {
      return switch (this) {
        case IN_FLIGHT, QUOTA_EXCEEDED, STORE_UNAVAILABLE, STOPPING -> true;
        default -> false;
      };
    }
  }

  @Override
  public String toString() {
    return "HttpProblem[" + kind + "]";
  }
}
