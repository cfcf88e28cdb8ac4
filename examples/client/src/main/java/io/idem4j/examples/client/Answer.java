package io.idem4j.examples.client;

import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** What a call was answered in the end. Immutable. */
public final class Answer {
  private final HttpResponse<BoundedBody> response;
  private final int attempts;
  private final Optional<String> lastFailure;
  private final boolean isInDoubt;

  Answer(
      HttpResponse<BoundedBody> response,
      int attempts,
      Optional<String> lastFailure,
      boolean isInDoubt) {
    this.response = response;
    this.attempts = attempts;
    this.lastFailure = lastFailure;
    this.isInDoubt = isInDoubt;
  }

  /** Returns the status. */
  public int status() {
    return response.statusCode();
  }

  /** Says whether the status is 2xx. */
  public boolean isSuccess() {
    return status() / 100 == 2;
  }

  /** Returns the header fields. */
  public HttpHeaders headers() {
    return response.headers();
  }

  /** Returns a copy of the body's bytes, as far as they were read. */
  public byte[] body() {
    return response.body().bytes();
  }

  /** Returns the body as UTF-8. */
  public String text() {
    return new String(body(), StandardCharsets.UTF_8);
  }

  /** Says whether the body is no longer than the policy lets it be read. */
  public boolean isWhole() {
    return response.body().isWhole();
  }

  /** Returns how many attempts it took. */
  public int attempts() {
    return attempts;
  }

  /** Returns what became of the attempt before this answer; empty if it was the first. */
  public Optional<String> lastFailure() {
    return lastFailure;
  }

  /** Says whether this is the answer to an earlier request under the key, so far as is marked. */
  public boolean isReplay() {
    return isReplay(response);
  }

  static boolean isReplay(HttpResponse<?> response) {
    return response.headers().firstValue("Idempotent-Replayed").orElse("").equalsIgnoreCase("true");
  }

  /**
   * Says whether the call may have taken effect although this answer is no success. An earlier
   * attempt whose own answer is not known may have, before the credentials expired, say: then this
   * is an answer to the last attempt rather than to the call. So may one that is answered with 5xx,
   * also by a replay, or with 409: the key's first request may be done, or nobody knows. Mend the
   * cause and send it under the same key.
   */
  public boolean mayHaveTakenEffect() {
    return !isSuccess() && (status() / 100 == 5 || (!isReplay() && (isInDoubt || status() == 409)));
  }

  @Override
  public String toString() {
    return status() + (isReplay() ? ", a replay" : "") + ", attempt " + attempts;
  }
}
