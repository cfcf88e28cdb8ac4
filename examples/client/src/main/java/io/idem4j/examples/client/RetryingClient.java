package io.idem4j.examples.client;

import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends a call until it is answered: after a failure the very same request again, under the same
 * key, so that it takes effect once however often it is sent. Safe for use by many threads.
 *
 * <pre>{@code
 * var client = new RetryingClient(HttpClient.newHttpClient(), RetryPolicy.standard());
 * var call = KeyedCall.of("POST", uri, body).withHeader("Content-Type", "application/json");
 * orders.store(order, call.key()); // before the first attempt
 * Answer answer = client.send(call);
 * }</pre>
 *
 * <p>Repeated are failed connections, timeouts, answers that are lost or cut, and the statuses 408,
 * 409 with {@code Retry-After}, 425, 429, 500, 502, 503 and 504. Everything else is the answer, and
 * so is whatever is marked as a replay: that was recorded, and the next attempt would get it again.
 * Redirections are never followed: 301, 302 and 303 make a {@code GET} without a body of the
 * request, and any would show key and credentials to another address.
 *
 * <p>An answer without {@code Content-Length} and chunks ends where the connection ends; that it
 * was cut cannot be seen.
 */
public final class RetryingClient {
  /** What passes, and how it is waited for. */
  interface Time {
    /** As {@link System#nanoTime}. */
    long nanoTime();

    /** The time of day. */
    Instant now();

    /** As {@link Thread#sleep(long)}. */
    void sleep(Duration pause) throws InterruptedException;
  }

  private static final Time SYSTEM =
      new Time() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public Instant now() {
          return Instant.now();
        }

        @Override
        public void sleep(Duration pause) throws InterruptedException {
          TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        }
      };

  private final HttpClient http;
  private final RetryPolicy policy;
  private final Time time;
  private final RandomGenerator random;
  private final Consumer<String> log;

  /**
   * Makes a client.
   *
   * @param http stays the caller's; must not follow redirections, which is the default
   */
  public RetryingClient(HttpClient http, RetryPolicy policy) {
    // Random may be shared by threads, other generators may not.
    this(http, policy, SYSTEM, new Random(), line -> {});
  }

  RetryingClient(
      HttpClient http,
      RetryPolicy policy,
      Time time,
      RandomGenerator random,
      Consumer<String> log) {
    if (http.followRedirects() != HttpClient.Redirect.NEVER) {
      throw new IllegalArgumentException("the HttpClient must not follow redirections");
    }
    this.http = http;
    this.policy = policy;
    this.time = time;
    this.random = random;
    this.log = log;
  }

  /** Returns this client with a listener, which is given a line about each attempt. */
  public RetryingClient withLog(Consumer<String> log) {
    return new RetryingClient(http, policy, time, random, log);
  }

  /**
   * An attempt without an answer.
   *
   * @param floor how long the server wants to be left alone, if it says so
   * @param mayHaveRun whether the request may have reached its handler
   */
  private record Failure(
      String what, @Nullable Throwable cause, Duration floor, boolean mayHaveRun) {}

  /** One of the two is null. */
  private record Tried(@Nullable HttpResponse<BoundedBody> answer, @Nullable Failure failure) {}

  /**
   * Sends a call, and repeats it as the policy allows. May be called again with the same call,
   * which then is the same operation.
   *
   * @return the answer, which may be a refusal: see {@link Answer#isSuccess}
   * @throws OutcomeUnknownException if attempts or time ran out, or the thread was interrupted,
   *     which ends the call at once and leaves the thread's interrupted status set
   */
  public Answer send(KeyedCall call) throws OutcomeUnknownException {
    HttpRequest request = call.request();
    long start = time.nanoTime();
    Failure last = null;
    boolean isInDoubt = call.isResumed();
    for (int attempt = 1; ; attempt++) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted(call, attempt - 1, last);
      }
      Tried tried;
      try {
        tried = attempt(request, left(start));
      } catch (InterruptedException e) {
        throw interrupted(call, attempt, null);
      }
      if (tried.answer() != null) {
        Optional<String> before = Optional.ofNullable(last).map(Failure::what);
        Answer answer = new Answer(tried.answer(), attempt, before, isInDoubt);
        log.accept("attempt " + attempt + ": " + tried.answer().statusCode());
        return answer;
      }
      last = Objects.requireNonNull(tried.failure());
      isInDoubt |= last.mayHaveRun();
      Duration pause = last.floor().plus(policy.pause(attempt, random));
      if (attempt == policy.attempts()) {
        throw givenUp("no attempt is left", call, attempt, last);
      } else if (pause.compareTo(left(start)) >= 0) {
        // A wait with no time for an attempt behind it is waited for nothing.
        throw givenUp("no time is left", call, attempt, last);
      }
      log.accept(
          "attempt " + attempt + ": " + last.what() + "; again in " + pause.toMillis() + " ms");
      try {
        time.sleep(pause);
      } catch (InterruptedException e) {
        throw interrupted(call, attempt, last);
      }
      if (left(start).isNegative() || left(start).isZero()) {
        throw givenUp("no time is left", call, attempt, last);
      }
    }
  }

  private Duration left(long start) {
    return policy.deadline().minusNanos(time.nanoTime() - start);
  }

  /**
   * The timeout counts to the last byte of the body. {@link HttpRequest#timeout} ends with the
   * header, and a body that gets stuck would be waited for without end.
   */
  private Tried attempt(HttpRequest request, Duration left) throws InterruptedException {
    Duration limit = left.compareTo(policy.attemptTimeout()) < 0 ? left : policy.attemptTimeout();
    CompletableFuture<HttpResponse<BoundedBody>> sent =
        http.sendAsync(request, head -> new BoundedBody(policy.maximumBody()));
    try {
      return judged(sent.get(limit.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return failed("no answer in " + limit.toMillis() + " ms", e, true);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return failed(cause.toString(), cause, !(cause instanceof ConnectException));
    } finally {
      // Closes the connection of what was not waited for; does nothing to what is complete.
      sent.cancel(true);
    }
  }

  private Tried judged(HttpResponse<BoundedBody> answer) {
    Optional<Duration> retryAfter = RetryAfter.of(answer.headers(), time.now());
    int status = answer.statusCode();
    if (Answer.isReplay(answer) || !policy.isRetried(status, retryAfter.isPresent())) {
      return new Tried(answer, null);
    }
    // A 5xx may come from between here and the service, and a 409 tells of a request that runs.
    boolean mayHaveRun = status >= 500 || status == 409;
    Duration floor = retryAfter.orElse(Duration.ZERO);
    return new Tried(null, new Failure("status " + status, null, floor, mayHaveRun));
  }

  private static Tried failed(String what, Throwable cause, boolean mayHaveRun) {
    return new Tried(null, new Failure(what, cause, Duration.ZERO, mayHaveRun));
  }

  private OutcomeUnknownException interrupted(
      KeyedCall call, int attempts, @Nullable Failure last) {
    Thread.currentThread().interrupt();
    Failure none = new Failure("not waited for", null, Duration.ZERO, true);
    return givenUp("interrupted", call, attempts, last == null ? none : last);
  }

  private OutcomeUnknownException givenUp(String why, KeyedCall call, int attempts, Failure last) {
    log.accept("attempt " + attempts + ": " + last.what() + "; given up: " + why);
    return new OutcomeUnknownException(why, call.key(), attempts, last.what(), last.cause());
  }
}
