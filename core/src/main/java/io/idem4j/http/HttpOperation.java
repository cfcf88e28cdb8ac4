package io.idem4j.http;

import io.idem4j.Claim;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyAdmin;
import io.idem4j.MisuseException;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.Recovery;
import io.idem4j.Scope;
import io.idem4j.http.HttpProblem.Kind;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * An operation that requests run once per key. Made by {@link HttpIdempotency#operation}; safe for
 * use by many threads. The store is asked as often as by {@link Operation}, and no oftener.
 *
 * <p>For each of {@link #handle}, {@link #handleAsync} and {@link #begin}: what is refused before
 * the key is claimed (a malformed key, a body that is too large) reaches neither the store nor the
 * handler, and its response says why. A request whose method the policy does not name, or without a
 * key where that is optional, runs without protection, and its body is left alone.
 */
public final class HttpOperation {
  private final Idempotency idempotency;
  private final Quotas quotas;
  private final String name;
  private final HttpPolicy.Settings settings;
  private final Entrance entrance;
  private final Problems problems;
  private final Replies replies;
  private final Operation<HttpResponse> operation;

  HttpOperation(Idempotency idempotency, Quotas quotas, String name, HttpPolicy policy) {
    this.idempotency = idempotency;
    this.quotas = quotas;
    this.name = name;
    this.settings = policy.settings();
    PolicyChecks.require(name, settings);
    this.problems = new Problems(settings);
    this.entrance = new Entrance(name, settings, problems);
    this.replies = new Replies(settings, problems, idempotency.maximumPayload());
    this.operation =
        idempotency
            .operation(entrance.keyName(), replies.codec(), settings.operation)
            .withAnswerClassifier(replies::verdict);
  }

  private HttpOperation(HttpOperation other, Recovery<HttpResponse> callback) {
    this.idempotency = other.idempotency;
    this.quotas = other.quotas;
    this.name = other.name;
    this.settings = other.settings;
    this.problems = other.problems;
    this.entrance = other.entrance;
    this.replies = other.replies;
    this.operation = other.operation.withRecovery(callback);
  }

  /**
   * Returns the same operation with what is asked before a handler runs again: see {@link
   * Operation#withRecovery}. The response that it finds is recorded as it is, and sent as a replay
   * is.
   *
   * @throws MisuseException if the operation's policy does not recover
   */
  public HttpOperation withRecovery(Recovery<HttpResponse> callback) {
    return new HttpOperation(this, callback);
  }

  /** Returns what an operator may do to this operation's records. */
  public KeyAdmin<HttpResponse> admin() {
    return operation.admin();
  }

  /** A request that runs under a key, and its place in the quotas. */
  private record Keyed(Entrance.Admitted admitted, Quotas.Seat seat) {
    IdempotencyKey key() {
      return admitted.call().key();
    }

    Fingerprint fingerprint() {
      return admitted.fingerprint();
    }

    Replies.Call call() {
      return admitted.call();
    }
  }

  /** Everything before the store; null for a request that runs without protection. */
  private @Nullable Keyed enter(Scope scope, HttpRequest request) throws Refusal, IOException {
    Entrance.Admitted admitted = entrance.admit(scope, request);
    if (admitted == null) {
      return null;
    }
    try {
      return new Keyed(admitted, quotas.enter(scope, admitted.call().key().id(), settings));
    } catch (Quotas.ExceededException e) {
      throw problems.refusal(e.ofScope() ? Kind.QUOTA_EXCEEDED : Kind.IN_FLIGHT);
    }
  }

  /**
   * Runs the handler if this is the first request under its key, and otherwise makes the response
   * that a retry gets. As {@link Operation#execute(IdempotencyKey, Fingerprint, io.idem4j.Action)},
   * on the calling thread: the response is recorded before this method returns, whatever becomes of
   * the client.
   *
   * @param scope whose request it is: what was authenticated, never what the request merely claims
   * @return what is to be sent
   * @throws X what the handler threw, after the failure was recorded as the operation's policy sees
   *     it
   * @throws IOException if the request's body could not be read; nothing was run
   * @throws MisuseException if this very key is running on this thread, or the policy's own
   *     functions contradict it
   */
  public <X extends Exception> HttpResponse handle(
      Scope scope, HttpRequest request, HttpHandler<X> handler) throws X, IOException {
    Keyed keyed;
    try {
      keyed = enter(scope, request);
    } catch (Refusal e) {
      return problems.of(e, request);
    }
    if (keyed == null) {
      return unprotected(request, handler);
    }
    try {
      return run(keyed, handler);
    } finally {
      keyed.seat().close();
    }
  }

  private <X extends Exception> HttpResponse run(Keyed keyed, HttpHandler<X> handler) throws X {
    Tried tried = new Tried();
    Outcome<HttpResponse> outcome;
    try {
      outcome =
          operation.execute(
              keyed.key(),
              keyed.fingerprint(),
              context -> tried.note(() -> handler.handle(Optional.of(context))));
    } catch (IdempotencyException e) {
      if (tried.threw(e)) {
        throw e;
      } else if (!tried.began() && replies.letsRun(e)) {
        return operation.executeUnprotected(() -> handler.handle(Optional.empty()));
      }
      return refused(e, keyed, tried);
    }
    // Outside of the try: what a policy's function throws here says nothing about the claim.
    return replies.of(outcome, keyed.call());
  }

  private HttpResponse refused(IdempotencyException failure, Keyed keyed, Tried tried) {
    return tried.began()
        ? replies.ofEnd(failure, keyed.call())
        : replies.of(failure, keyed.call(), idempotency.isClosed());
  }

  private <X extends Exception> HttpResponse unprotected(
      HttpRequest request, HttpHandler<X> handler) throws X {
    return entrance.protects(request)
        ? operation.executeUnprotected(() -> handler.handle(Optional.empty()))
        : handler.handle(Optional.empty());
  }

  /**
   * As {@link #handle}, and blocks no thread while the handler runs. Key and fingerprint are taken
   * on the calling thread, which also reads the body if that is a stream; an event loop calls this
   * on another thread.
   *
   * <p>Cancelling the returned future before the handler has begun withdraws the claim; afterwards
   * it only detaches the caller: the handler goes on and its response is recorded.
   *
   * @param storeCalls runs the store calls, which may block: see {@link Operation#executeAsync}
   * @return what completes with what is to be sent, or with what the handler failed with
   */
  public CompletableFuture<HttpResponse> handleAsync(
      Scope scope, HttpRequest request, Executor storeCalls, AsyncHttpHandler handler) {
    Objects.requireNonNull(storeCalls, "storeCalls");
    Objects.requireNonNull(handler, "handler");
    Keyed keyed;
    try {
      keyed = enter(scope, request);
    } catch (Refusal e) {
      return CompletableFuture.completedFuture(problems.of(e, request));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    CompletableFuture<HttpResponse> response = new CompletableFuture<>();
    if (keyed == null) {
      runUnprotected(entrance.protects(request), handler, response);
      return response;
    }
    Tried tried = new Tried();
    try {
      var outcome =
          operation.executeAsync(
              keyed.key(),
              keyed.fingerprint(),
              storeCalls,
              context -> tried.noteAsync(() -> handler.handle(Optional.of(context))));
      var unused =
          outcome.whenComplete(
              (got, failure) -> {
                leave(keyed.seat(), tried, outcome.isCancelled());
                complete(response, keyed, tried, handler, got, failure);
              });
      detachFrom(outcome, response);
    } catch (Throwable e) {
      keyed.seat().close();
      complete(response, keyed, tried, handler, null, e);
    }
    return response;
  }

  /** A handler whose caller went away runs on, and is under way until it ends. */
  private static void leave(Quotas.Seat seat, Tried tried, boolean isDetached) {
    if (isDetached && tried.began()) {
      tried.atEnd(seat::close);
    } else {
      seat.close();
    }
  }

  private static void detachFrom(CompletableFuture<?> outcome, CompletableFuture<?> response) {
    var unused =
        response.whenComplete(
            (sent, failure) -> {
              // By whomever: a timeout withdraws the claim as a cancellation does.
              outcome.cancel(true);
            });
  }

  private void complete(
      CompletableFuture<HttpResponse> response,
      Keyed keyed,
      Tried tried,
      AsyncHttpHandler handler,
      @Nullable Outcome<HttpResponse> outcome,
      @Nullable Throwable failure) {
    try {
      if (outcome != null) {
        response.complete(replies.of(outcome, keyed.call()));
      } else if (failure instanceof RejectedExecutionException && !tried.began()) {
        response.complete(problems.of(Kind.STORE_UNAVAILABLE, keyed.call().request()));
      } else if (!(failure instanceof IdempotencyException ours) || tried.threw(failure)) {
        response.completeExceptionally(Objects.requireNonNull(failure));
      } else if (!tried.began() && replies.letsRun(ours)) {
        runUnprotected(true, handler, response);
      } else {
        response.complete(refused(ours, keyed, tried));
      }
    } catch (Throwable e) {
      response.completeExceptionally(e);
    }
  }

  private void runUnprotected(
      boolean isCounted, AsyncHttpHandler handler, CompletableFuture<HttpResponse> response) {
    try {
      if (isCounted) {
        operation.bypassed();
      }
      // Not the handler's own future: who cancels the response does not cancel the handler.
      var unused =
          handler
              .handle(Optional.empty())
              .whenComplete(
                  (sent, thrown) -> {
                    if (thrown == null) {
                      response.complete(sent);
                    } else {
                      response.completeExceptionally(Tried.unwrapped(thrown));
                    }
                  });
    } catch (Throwable e) {
      response.completeExceptionally(e);
    }
  }

  /**
   * Does the first half of {@link #handle}, for interceptors whose framework calls the handler: the
   * key is claimed, or there is a response already. The operation policy's interrupt on lease loss
   * does nothing here.
   *
   * @throws IOException if the request's body could not be read; nothing was claimed
   * @throws MisuseException as {@link #handle}
   */
  public HttpClaim begin(Scope scope, HttpRequest request) throws IOException {
    Keyed keyed;
    try {
      keyed = enter(scope, request);
    } catch (Refusal e) {
      return new HttpClaim.Denied(problems.of(e, request));
    }
    if (keyed == null) {
      return new HttpClaim.Granted(unprotectedLease(entrance.protects(request), Quotas.NO_SEAT));
    }
    boolean isGranted = false;
    try {
      HttpClaim claim = claim(keyed);
      isGranted = claim instanceof HttpClaim.Granted;
      return claim;
    } finally {
      if (!isGranted) {
        keyed.seat().close();
      }
    }
  }

  private HttpClaim claim(Keyed keyed) {
    Claim<HttpResponse> claim;
    try {
      claim = operation.claim(keyed.key(), keyed.fingerprint());
    } catch (IdempotencyException e) {
      return replies.letsRun(e)
          ? new HttpClaim.Granted(unprotectedLease(true, keyed.seat()))
          : new HttpClaim.Denied(replies.of(e, keyed.call(), idempotency.isClosed()));
    }
    // Outside of the try: what a policy's function throws here says nothing about the claim.
    return claim instanceof Claim.Granted<HttpResponse> granted
        ? new HttpClaim.Granted(HttpLease.of(granted.lease(), replies, keyed.call(), keyed.seat()))
        : new HttpClaim.Denied(
            replies.of(((Claim.Denied<HttpResponse>) claim).outcome(), keyed.call()));
  }

  private HttpLease unprotectedLease(boolean isCounted, Quotas.Seat seat) {
    if (isCounted) {
      operation.bypassed();
    }
    return HttpLease.unprotected(seat);
  }

  /**
   * Returns the key under which a request runs; empty if it runs without protection, or gets a new
   * key of its own. For whoever needs it before: to check, without binding the key to anything,
   * what must not be run under it.
   *
   * @throws HttpRefusedException if the request is refused, with the response to send
   * @throws IOException if the request's body could not be read
   */
  public Optional<IdempotencyKey> key(Scope scope, HttpRequest request) throws IOException {
    try {
      return Optional.ofNullable(entrance.admit(scope, request)).map(it -> it.call().key());
    } catch (Refusal e) {
      throw new HttpRefusedException(e.detail(), problems.of(e, request));
    }
  }

  /**
   * Returns the response by which this operation's policy refuses a request, for a service that
   * finds the reason itself, before the claim or in its handler: its own tables say that the key is
   * another request's, or cannot be asked.
   *
   * @param reference what the key's record is about, if the response is to name it
   */
  public HttpResponse refusal(Kind kind, Optional<String> reference, HttpRequest request) {
    return entrance.echoed(problems.of(kind, reference, request), request);
  }

  /**
   * Returns this operation's policy as a JSON object, generated from its configuration, for
   * publication (draft-ietf-httpapi-idempotency-key-header-07, sections 2.2 and 2.5.2): the key's
   * source and format, its uniqueness, what is compared, retention, which outcomes are recorded,
   * and the form of errors. Times are in seconds.
   */
  public String policyDocument() {
    return Json.of(published());
  }

  Map<String, Object> published() {
    return PolicyDocument.of(name, settings);
  }

  @Override
  public String toString() {
    return "HttpOperation[" + name + "]";
  }
}
