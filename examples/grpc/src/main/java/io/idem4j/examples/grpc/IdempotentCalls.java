package io.idem4j.examples.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Runs unary calls once per key and gives every retry the first answer.
 *
 * <pre>{@code
 * var calls =
 *     IdempotentCalls.builder(idempotency, CALLER, executor)
 *         .protect(OrdersGrpc.getCreateMethod(), OperationPolicy.rerun())
 *         .build();
 * server.intercept(authentication).addService(calls.around(new Orders()));
 * }</pre>
 *
 * <p><b>Key.</b> The metadata field {@code idempotency-key}, exactly once: 1 to 255 visible ASCII
 * characters without a comma, because whoever carries metadata may join two fields by one. The
 * scope is the caller, whom an interceptor that runs before this one has authenticated and put into
 * the context; the operation is the full name of the method; the fingerprint is over the request
 * message as it is marshalled. With {@link #around} that is as the client sent it, so that a deploy
 * which knows more fields takes a retry for the same. A client must repeat the bytes that it sent
 * first: protobuf promises no canonical form across languages and releases, and none for maps.
 *
 * <p><b>Answer.</b> The response message, byte for byte, or the status with its description and
 * {@code grpc-status-details-bin}; other metadata of the handler is not kept. A replay bears {@code
 * idempotent-replayed: true}, in the headers with a message and in the trailers without. {@link
 * Answer#standing} says which statuses are kept; {@link Refusal} how a call is refused.
 *
 * <p><b>Order of events.</b> Nothing that runs after this interceptor starts before the key is
 * claimed, and neither headers, message nor status leave before the answer is recorded. A client
 * that cancels, or whose deadline passes, loses neither: the handler runs in a context that is not
 * cancelled with the call, and is not told by its observer either. It has no deadline either; calls
 * it makes need their own. {@link #operation()} gives it the keys for them.
 *
 * <p><b>Threads.</b> Store calls, and the handler of a protected method, run on the executor, never
 * on the server's: that may be the event loop.
 *
 * <p><b>Not covered.</b> Methods that are not protected run as ever, and a key that comes with them
 * means nothing, like one on an HTTP GET. Streaming methods cannot be protected: naming one is
 * refused when this is built. A handler is told nothing of flow control ({@code onReady}): it has
 * one message to send.
 *
 * <p>Safe for use by many threads.
 */
public final class IdempotentCalls implements ServerInterceptor {
  /** The key that the client chose. */
  public static final Metadata.Key<String> KEY =
      Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER);

  /** What marks a replay. */
  public static final Metadata.Key<String> REPLAYED =
      Metadata.Key.of("idempotent-replayed", Metadata.ASCII_STRING_MARSHALLER);

  static final Context.Key<OperationContext> OPERATION = Context.key("idempotent-operation");

  private final Context.Key<String> caller;
  private final Executor executor;
  private final Map<String, Operation<Answer>> operations;

  private IdempotentCalls(Builder builder) {
    this.caller = builder.caller;
    this.executor = builder.executor;
    this.operations = Map.copyOf(builder.operations);
  }

  /**
   * Returns a builder.
   *
   * @param caller where the authentication has put the caller; a call without one is refused
   * @param executor runs store calls, which may block, and the handlers of protected methods
   */
  public static Builder builder(
      Idempotency idempotency, Context.Key<String> caller, Executor executor) {
    return new Builder(idempotency, caller, executor);
  }

  /** Returns what the handler may know about its run; null in a call that is not protected. */
  public static @Nullable OperationContext operation() {
    return OPERATION.get();
  }

  /**
   * Returns the service with this interceptor around it, on messages as they are sent. What looks
   * at messages as objects must be inside: intercept the service first, then put this around it.
   */
  public ServerServiceDefinition around(ServerServiceDefinition service) {
    return ServerInterceptors.intercept(
        ServerInterceptors.useMarshalledMessages(service, Bytes.INSTANCE), this);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Operation<Answer> operation = operations.get(call.getMethodDescriptor().getFullMethodName());
    if (operation == null) {
      return next.startCall(call, headers);
    }
    String authenticated = caller.get();
    if (authenticated == null || authenticated.isBlank()) {
      return refused(call, Refusal.CALLER_UNKNOWN);
    }
    Iterable<String> keys = headers.getAll(KEY);
    if (keys == null) {
      return refused(call, Refusal.KEY_MISSING);
    }
    Iterator<String> each = keys.iterator();
    String value = each.next();
    if (each.hasNext() || !isKey(value)) {
      return refused(call, Refusal.KEY_MALFORMED);
    }
    IdempotencyKey key = operation.key(Scope.of(authenticated), value);
    // As for any unary call: the second so that the transport sees one that should not be there.
    call.request(2);
    return new ProtectedCall<>(call, headers, next, operation, key, executor);
  }

  private static boolean isKey(String value) {
    return !value.isEmpty()
        && value.length() <= IdempotencyKey.VALUE_LENGTH
        && value.chars().allMatch(c -> c > ' ' && c <= '~' && c != ',');
  }

  private static <Q> ServerCall.Listener<Q> refused(ServerCall<Q, ?> call, Refusal refusal) {
    refusal.close(call);
    return new ServerCall.Listener<>() {};
  }

  /** Builds an {@link IdempotentCalls}. Not for use by several threads. */
  public static final class Builder {
    private final Idempotency idempotency;
    private final Context.Key<String> caller;
    private final Executor executor;
    private final Map<String, Operation<Answer>> operations = new HashMap<>();

    private Builder(Idempotency idempotency, Context.Key<String> caller, Executor executor) {
      this.idempotency = idempotency;
      this.caller = caller;
      this.executor = executor;
    }

    /**
     * Protects a method.
     *
     * @throws IllegalArgumentException if it is not unary: there is no one answer to keep
     */
    public Builder protect(MethodDescriptor<?, ?> method, OperationPolicy policy) {
      if (method.getType() != MethodDescriptor.MethodType.UNARY) {
        throw new IllegalArgumentException(
            method.getFullMethodName() + " is " + method.getType() + "; only UNARY is protected");
      }
      String name = method.getFullMethodName();
      operations.put(
          name,
          idempotency
              .operation(name, Answer.CODEC, policy)
              .withAnswerClassifier((answer, key) -> answer.standing(policy.mode())));
      return this;
    }

    /** Builds it. */
    public IdempotentCalls build() {
      return new IdempotentCalls(this);
    }
  }
}
