package io.idem4j.http;

import java.util.function.Function;

/** What the first half of a request got: leave to run its handler, or the response. Immutable. */
public sealed interface HttpClaim {
  /**
   * Run the handler, then settle the lease.
   *
   * @param lease to be finished, failed or closed
   */
  record Granted(HttpLease lease) implements HttpClaim {}

  /**
   * Do not run the handler.
   *
   * @param response to be sent
   */
  record Denied(HttpResponse response) implements HttpClaim {}

  /** Returns what the function for this kind of claim makes of it. */
  default <R> R fold(
      Function<? super HttpLease, ? extends R> granted,
      Function<? super HttpResponse, ? extends R> denied) {
    return this instanceof Granted it
        ? granted.apply(it.lease())
        : denied.apply(((Denied) this).response());
  }
}
