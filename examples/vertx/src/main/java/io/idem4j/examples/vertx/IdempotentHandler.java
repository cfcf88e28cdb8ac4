package io.idem4j.examples.vertx;

import io.idem4j.OperationContext;
import io.idem4j.Scope;
import io.idem4j.http.HttpHeaders;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * A route's last handler, which runs once per key and returns its response instead of writing it:
 * the response is recorded before a byte of it is sent, and whether or not the client is still
 * there. Safe for use by many threads.
 *
 * <p>No event loop waits: digests and store calls are tasks of an executor, the effect runs on the
 * request's own context, and a request that waits for another holds no thread at all.
 *
 * <p>Goes behind the handler that authenticates, and behind a {@code BodyHandler}, whose limit
 * stands before the policy's own. Covers HTTP/1.1 and HTTP/2, clients that leave, and timeouts that
 * answer the client in the meantime ({@code TimeoutHandler}): the effect goes on, and a retry gets
 * its response. An effect that never ends keeps its key for the policy's maximum hold.
 *
 * <p>Does not cover multipart forms (415: the body handler does not keep their bytes), responses in
 * pieces, trailers, upgrades, and headers that are set on {@code routing.response()} itself, which
 * are sent but not recorded.
 */
public final class IdempotentHandler implements Handler<RoutingContext> {
  /** What a route does. */
  @FunctionalInterface
  public interface Effect {
    /**
     * Makes the effect, on the request's context.
     *
     * @param run of the operation under the request's key; empty for a request without protection
     * @return the response; a failure, or a throw, is one of the operation
     */
    Future<HttpResponse> make(RoutingContext routing, Optional<OperationContext> run);
  }

  private final HttpOperation operation;
  private final Function<? super RoutingContext, Scope> scope;
  private final Executor storeCalls;
  private final Effect effect;

  /**
   * Makes the handler.
   *
   * @param scope whose request it is, as it was authenticated
   * @param storeCalls runs what may block. It must throw when it refuses a task: Vert.x's own
   *     worker executors report that by a future, which nobody would see
   */
  public IdempotentHandler(
      HttpOperation operation,
      Function<? super RoutingContext, Scope> scope,
      Executor storeCalls,
      Effect effect) {
    this.operation = operation;
    this.scope = scope;
    this.storeCalls = storeCalls;
    this.effect = effect;
  }

  @Override
  public void handle(RoutingContext routing) {
    if (isMultipart(routing.request())) {
      routing.fail(415);
      return;
    }
    Context context = routing.vertx().getOrCreateContext();
    Scope whose = scope.apply(routing);
    CompletableFuture<HttpResponse> response =
        CompletableFuture.completedFuture(received(routing))
            .thenComposeAsync(
                request ->
                    operation.handleAsync(
                        whose,
                        request,
                        storeCalls,
                        run -> onContext(context, routing, run).toCompletionStage()),
                storeCalls);
    // Never cancelled: a client that leaves has no say in what was begun.
    Future.fromCompletionStage(response, context)
        .onComplete(toSend -> send(routing, toSend), failure -> fail(routing, failure));
  }

  private Future<HttpResponse> onContext(
      Context context, RoutingContext routing, Optional<OperationContext> run) {
    Promise<HttpResponse> promise = Promise.promise();
    context.runOnContext(
        nothing -> {
          try {
            effect.make(routing, run).onComplete(promise);
          } catch (Throwable e) {
            promise.fail(e);
          }
        });
    return promise.future();
  }

  private static HttpRequest received(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    HttpHeaders.Builder headers = HttpHeaders.builder();
    request.headers().forEach((name, value) -> headers.add(name, value));
    return HttpRequest.of(request.method().name(), request.uri(), headers.build(), body(routing));
  }

  private static byte[] body(RoutingContext routing) {
    Buffer body = routing.body().buffer();
    if (body != null) {
      return body.getBytes();
    } else if (!routing.request().isEnded() && declaresBody(routing.request())) {
      // Taken for empty, all bodies would be one.
      throw new IllegalStateException("the route has no BodyHandler before it");
    }
    return new byte[0];
  }

  private static boolean declaresBody(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    return (length != null && !length.equals("0"))
        || request.getHeader("Transfer-Encoding") != null;
  }

  private static boolean isMultipart(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    return type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/");
  }

  private static void send(RoutingContext routing, HttpResponse toSend) {
    HttpServerResponse response = routing.response();
    if (isOver(response)) {
      return;
    }
    response.setStatusCode(toSend.status());
    toSend.headers().map().forEach((name, values) -> response.putHeader(name, values));
    // The server frames what it sends; what a handler took over from elsewhere would contradict.
    response.headers().remove("Content-Length").remove("Transfer-Encoding");
    if (toSend.body().length == 0) {
      response.end();
    } else {
      response.end(Buffer.buffer(toSend.body()));
    }
  }

  private static void fail(RoutingContext routing, Throwable failure) {
    if (!isOver(routing.response())) {
      Throwable cause = failure.getCause();
      routing.fail(failure instanceof CompletionException && cause != null ? cause : failure);
    }
  }

  /** The client has left, or somebody has answered it meanwhile. */
  private static boolean isOver(HttpServerResponse response) {
    return response.closed() || response.ended() || response.headWritten();
  }
}
