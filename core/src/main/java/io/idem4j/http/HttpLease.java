package io.idem4j.http;

import io.idem4j.IdempotencyException;
import io.idem4j.Lease;
import io.idem4j.MisuseException;
import io.idem4j.OperationContext;
import io.idem4j.Outcome;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request whose handler may run: the second half of what {@link HttpOperation#begin} began, for
 * interceptors whose framework calls the handler. Renews the key by itself. Exactly one of {@link
 * #finish}, {@link #fail} and {@link #close} ends it; safe for use by many threads, from any
 * thread.
 *
 * <p>A request without a key has a lease too, which records nothing: it is ended like any other,
 * for it may have a place in a quota.
 *
 * <p>Finish it <em>before</em> the response is sent, and whether or not the client is still there:
 * what was not recorded is run again for a retry.
 */
public final class HttpLease implements AutoCloseable {
  private final @Nullable Held held;
  private final Quotas.Seat seat;

  private HttpLease(@Nullable Held held, Quotas.Seat seat) {
    this.held = held;
    this.seat = seat;
  }

  /** What there is to settle. */
  private record Held(Lease<HttpResponse> lease, Replies replies, Replies.Call call) {}

  static HttpLease unprotected(Quotas.Seat seat) {
    return new HttpLease(null, seat);
  }

  static HttpLease of(
      Lease<HttpResponse> lease, Replies replies, Replies.Call call, Quotas.Seat seat) {
    return new HttpLease(new Held(lease, replies, call), seat);
  }

  /** Returns what the handler may know about its run; empty for a request without protection. */
  public Optional<OperationContext> context() {
    return held == null ? Optional.empty() : Optional.of(held.lease().context());
  }

  /**
   * Records the handler's response, as the policy says of it.
   *
   * <p>Result: what is to be sent. That is the response, with the policy's markers; or the recorded
   * one, where another's was recorded first.
   *
   * @throws MisuseException if the lease was finished, failed or closed before
   */
  public HttpResponse finish(HttpResponse response) {
    Objects.requireNonNull(response, "response");
    try {
      return held == null ? response : finish(held, response);
    } finally {
      seat.close();
    }
  }

  private static HttpResponse finish(Held held, HttpResponse response) {
    Outcome<HttpResponse> outcome;
    try {
      outcome = held.lease().complete(response);
    } catch (IdempotencyException e) {
      return held.replies().ofEnd(e, held.call());
    }
    return held.replies().of(outcome, held.call());
  }

  /**
   * Records that the handler threw, as the operation's policy says of it.
   *
   * @return nothing, if the failure is to be answered as without this library; or the recorded
   *     response, where another's was recorded first
   * @throws MisuseException if the lease was finished, failed or closed before
   */
  public Optional<HttpResponse> fail(Throwable failure) {
    try {
      return held == null ? Optional.empty() : fail(held, failure);
    } finally {
      seat.close();
    }
  }

  private static Optional<HttpResponse> fail(Held held, Throwable failure) {
    try {
      return held.lease().fail(failure).map(outcome -> held.replies().of(outcome, held.call()));
    } catch (MisuseException e) {
      throw e;
    } catch (Throwable e) {
      // Whatever goes wrong while a failure is recorded, the caller sees the original one.
      held.lease().close();
      failure.addSuppressed(e);
      return Optional.empty();
    }
  }

  /**
   * Gives the request up without an outcome: renewals stop and the key's lease lapses, after which
   * the policy decides. Does nothing after {@link #finish} or {@link #fail}; safe to repeat.
   */
  @Override
  public void close() {
    if (held != null) {
      held.lease().close();
    }
    seat.close();
  }

  @Override
  public String toString() {
    return held == null ? "HttpLease[unprotected]" : "HttpLease[" + held.lease() + "]";
  }
}
