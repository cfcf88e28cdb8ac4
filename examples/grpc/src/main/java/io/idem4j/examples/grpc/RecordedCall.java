package io.idem4j.examples.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.idem4j.Lease;
import io.idem4j.LeaseLostException;
import io.idem4j.Outcome;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The second half of a protected call: holds back what the handler sends until the answer is
 * recorded, whether or not the client is still there.
 */
final class RecordedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
  /** What gRPC answers for a handler that throws. */
  static final Answer THREW =
      new Answer(Status.Code.UNKNOWN, "Application error processing RPC", null, null);

  private static final Logger log = LoggerFactory.getLogger(IdempotentCalls.class);

  private final Lease<Answer> lease;
  private final Executor executor;
  private final AtomicBoolean isEnded = new AtomicBoolean();
  private Metadata headers = new Metadata();
  private @Nullable R message;
  private boolean hasTooMany;

  RecordedCall(ServerCall<Q, R> call, Lease<Answer> lease, Executor executor) {
    super(call);
    this.lease = lease;
    this.executor = executor;
  }

  @Override
  public void sendHeaders(Metadata headers) {
    this.headers = headers;
  }

  @Override
  public void sendMessage(R message) {
    hasTooMany = this.message != null;
    this.message = message;
  }

  /** A handler that stops because its client is gone, and answers nobody, would keep the key. */
  @Override
  public boolean isCancelled() {
    return isEnded.get() && super.isCancelled();
  }

  @Override
  public void close(Status status, Metadata trailers) {
    if (!isEnded.compareAndSet(false, true)) {
      return; // It threw before, and its client knows.
    }
    Runnable end = () -> end(status, trailers);
    try {
      executor.execute(end); // Handlers may end on an event loop.
    } catch (RejectedExecutionException e) {
      end.run(); // The effect is made.
    }
  }

  /** Ends the call of a handler that threw, on a thread of the executor. */
  void fail(Throwable failure) {
    if (!isEnded.compareAndSet(false, true)) {
      log.warn("a handler threw after its answer", failure);
      return;
    }
    Optional<Outcome<Answer>> recordedFirst = lease.fail(failure);
    log.warn("a handler threw", failure);
    release(recordedFirst, THREW.status().withCause(failure), new Metadata());
  }

  private void end(Status status, Metadata trailers) {
    Answer answer;
    Status checked = checked(status);
    try {
      answer = Answer.of(checked, trailers, checked.isOk() ? marshalled() : null);
    } catch (Throwable e) {
      // An error too: the key would be held, and the client wait, until the maximum hold.
      Optional<Outcome<Answer>> recordedFirst = lease.fail(e);
      release(recordedFirst, Status.INTERNAL.withCause(e), new Metadata());
      return;
    }
    Optional<Outcome<Answer>> recordedFirst;
    try {
      Outcome<Answer> outcome = lease.complete(answer);
      recordedFirst =
          outcome instanceof Outcome.Executed<Answer> ? Optional.empty() : Optional.of(outcome);
    } catch (LeaseLostException e) {
      recordedFirst = Optional.empty(); // Its own answer is true, and nobody else's is known.
    }
    release(recordedFirst, checked, trailers);
  }

  /** The transport demands the same, and would say so too late. */
  private Status checked(Status status) {
    if (!status.isOk() || (message != null && !hasTooMany)) {
      return status;
    }
    return Status.INTERNAL.withDescription(
        hasTooMany ? "a unary call has one response" : "completed without a response");
  }

  private byte @Nullable [] marshalled() {
    return message == null
        ? null
        : Bytes.read(delegate().getMethodDescriptor().streamResponse(message));
  }

  private void release(Optional<Outcome<Answer>> recordedFirst, Status status, Metadata trailers) {
    try {
      if (recordedFirst.isPresent()) {
        Refusal.answer(delegate(), recordedFirst.get());
        return;
      }
      if (status.isOk() && message != null) {
        delegate().sendHeaders(headers);
        delegate().sendMessage(message);
      }
      delegate().close(status, trailers);
    } catch (RuntimeException e) {
      log.warn("an answer could not be sent", e); // It is settled all the same.
    }
  }
}
