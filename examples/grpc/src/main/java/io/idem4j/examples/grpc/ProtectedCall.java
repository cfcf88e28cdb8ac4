package io.idem4j.examples.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.idem4j.Claim;
import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.Lease;
import io.idem4j.MisuseException;
import io.idem4j.Operation;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first half of a protected call: waits for the whole request, claims the key, and only then
 * lets the handler begin. The transport calls one method at a time; what may block is done on the
 * executor, in the order in which it came.
 */
final class ProtectedCall<Q, R> extends ServerCall.Listener<Q> {
  private static final Logger log = LoggerFactory.getLogger(IdempotentCalls.class);

  private final ServerCall<Q, R> call;
  private final Metadata headers;
  private final ServerCallHandler<Q, R> next;
  private final Operation<Answer> operation;
  private final IdempotencyKey key;
  private final Executor executor;
  private CompletableFuture<@Nullable Void> events = CompletableFuture.completedFuture(null);
  private @Nullable Q message;

  /** The handler's, once it has begun. Used by the tasks of the executor alone. */
  private ServerCall.Listener<Q> handler = new ServerCall.Listener<>() {};

  private @Nullable RecordedCall<Q, R> recorded;

  ProtectedCall(
      ServerCall<Q, R> call,
      Metadata headers,
      ServerCallHandler<Q, R> next,
      Operation<Answer> operation,
      IdempotencyKey key,
      Executor executor) {
    this.call = call;
    this.headers = headers;
    this.next = next;
    this.operation = operation;
    this.key = key;
    this.executor = executor;
  }

  @Override
  public void onMessage(Q message) {
    this.message = message; // The one: the transport cancels a unary call that brings a second.
  }

  @Override
  public void onHalfClose() {
    Q request = message;
    if (request == null) {
      refuse("a unary call brought no message");
    } else {
      submit(() -> begin(request), refusedByExecutor -> Refusal.STOPPING.close(call));
    }
  }

  private void refuse(String why) {
    call.close(Status.INTERNAL.withDescription(why), new Metadata());
  }

  @Override
  public void onCancel() {
    submit(
        () -> {
          RecordedCall<Q, R> running = recorded;
          if (running == null || running.isCancelled()) {
            handler.onCancel(); // Not before its answer: what was begun is to be ended.
          }
        });
  }

  @Override
  public void onComplete() {
    submit(() -> handler.onComplete());
  }

  private void begin(Q request) {
    if (call.isCancelled()) {
      return; // Nobody waits, and nothing has begun.
    }
    Claim<Answer> claim;
    try {
      claim = operation.claim(key, fingerprint(request));
    } catch (MisuseException e) {
      Refusal.STOPPING.close(call); // The one misuse that is left here: it was closed.
      return;
    } catch (IdempotencyException e) {
      log.warn("{}: {}", operation, e.getMessage());
      Refusal.of(e).close(call);
      return;
    } catch (IOException e) {
      refuse("the request message cannot be read");
      return;
    }
    if (claim instanceof Claim.Granted<Answer> granted) {
      run(request, granted.lease());
    } else {
      Refusal.answer(call, ((Claim.Denied<Answer>) claim).outcome());
    }
  }

  private Fingerprint fingerprint(Q request) throws IOException {
    try (InputStream bytes = call.getMethodDescriptor().streamRequest(request)) {
      return Fingerprint.sha256().part("message", bytes, Long.MAX_VALUE).build();
    }
  }

  private void run(Q request, Lease<Answer> lease) {
    RecordedCall<Q, R> running = new RecordedCall<>(call, lease, executor);
    recorded = running;
    Context independent =
        Context.current().fork().withValue(IdempotentCalls.OPERATION, lease.context());
    try {
      handler = Contexts.interceptCall(independent, running, headers, next);
      handler.onMessage(request);
      handler.onHalfClose();
    } catch (Throwable e) {
      running.fail(e);
    }
  }

  /** One at a time, as a listener may expect, in the context of those before. */
  private void submit(Runnable task) {
    submit(task, failure -> log.debug("{}: an event was lost", operation, failure));
  }

  private void submit(Runnable task, Consumer<Throwable> otherwise) {
    events =
        events
            .thenRunAsync(Context.current().wrap(task), executor)
            .exceptionally(
                failure -> {
                  otherwise.accept(failure);
                  return null;
                });
  }
}
