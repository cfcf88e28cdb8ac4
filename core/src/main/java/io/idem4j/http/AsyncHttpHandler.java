package io.idem4j.http;

import io.idem4j.OperationContext;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** What handles a request without blocking a thread. */
@FunctionalInterface
public interface AsyncHttpHandler {
  /**
   * Begins to make the effect.
   *
   * @param context of the run under the request's key; empty for a request without protection
   * @return what completes with the response, or with the failure; a throw counts as a failure too
   */
  CompletionStage<HttpResponse> handle(Optional<OperationContext> context) throws Exception;
}
