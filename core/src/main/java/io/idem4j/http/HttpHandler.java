package io.idem4j.http;

import io.idem4j.OperationContext;
import java.util.Optional;

/**
 * What handles a request.
 *
 * @param <X> the checked exception that it may throw
 */
@FunctionalInterface
public interface HttpHandler<X extends Exception> {
  /**
   * Makes the effect and returns the response. Null counts as a failure, as whatever is thrown
   * does.
   *
   * @param context of the run under the request's key; empty for a request without protection
   */
  HttpResponse handle(Optional<OperationContext> context) throws X;
}
