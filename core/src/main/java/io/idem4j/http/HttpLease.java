package io.idem4j.http;

import io.idem4j.IdempotencyException;
import io.idem4j.Lease;
import io.idem4j.MisuseException;
import io.idem4j.OperationContext;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A request whose handler may run: the second half of what {@link HttpOperation#begin} began, for
 * interceptors whose framework calls the handler. Renews the key by itself. Exactly one of {@link
 * #finish}, {@link #fail} and {@link #close} ends it; safe for use by many threads, from any
 * thread.
 *
 * <p>Finish it <em>before</em> the response is sent, and whether or not the client is still there:
 * what was not recorded is run again for a retry.
 */
public final class HttpLease implements AutoCloseable {
  private final @Nullable Held held;

  private HttpLease(@Nullable Held held) {
    this.held = held;
  }

  /** What there is to settle. */
  private record Held(
      Lease<HttpResponse> lease,
      Replies replies,
      Replies.Call call,
      Quotas.Seat seat,
      BooleanSupplier isClosed) {}

  static HttpLease unprotected() {
    return new HttpLease(null);
  }

  static HttpLease of(
      Lease<HttpResponse> lease,
      Replies replies,
      Replies.Call call,
      Quotas.Seat seat,
      BooleanSupplier isClosed) {
    return new HttpLease(new Held(lease, replies, call, seat, isClosed));
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
    if (held == null) {
      return response;
    }
    try {
      return held.replies().of(held.lease().complete(response), held.call());
    } catch (IdempotencyException e) {
      return held.replies().of(e, held.call(), held.isClosed().getAsBoolean());
    } finally {
      held.seat().close();
    }
  }

  /**
   * Records that the handler threw, as the operation's policy says of it.
   *
   * @return nothing, if the failure is to be answered as without this library; or the recorded
   *     response, where another's was recorded first
   * @throws MisuseException if the lease was finished, failed or closed before
   */
  public Optional<HttpResponse> fail(Throwable failure) {
    if (held == null) {
      return Optional.empty();
    }
    try {
      return held.lease().fail(failure).map(outcome -> held.replies().of(outcome, held.call()));
    } catch (MisuseException e) {
      throw e;
    } catch (Throwable e) {
      // Whatever goes wrong while a failure is recorded, the caller sees the original one.
      held.lease().close();
      failure.addSuppressed(e);
      return Optional.empty();
    } finally {
      held.seat().close();
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
      held.seat().close();
    }
  }

  @Override
  public String toString() {
    return held == null ? "HttpLease[unprotected]" : "HttpLease[" + held.lease() + "]";
  }
}
