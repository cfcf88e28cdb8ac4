package io.idem4j.examples.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.idem4j.IdempotencyException;
import io.idem4j.KeyStoreException;
import io.idem4j.Outcome;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a call is refused. The trailer {@code idempotency-error} holds the name, in lower case with
 * hyphens, so that a client can tell it from the same status by the handler; nothing that the
 * client sent is repeated. Where the unchanged call is worth another try, {@code
 * grpc-retry-pushback-ms} says after what time: clients with a retry policy (gRFC A6) honour it.
 */
enum Refusal {
  /** No interceptor before has said who calls. */
  CALLER_UNKNOWN(Status.UNAUTHENTICATED, "the caller is not known"),
  /** The method requires a key. */
  KEY_MISSING(Status.INVALID_ARGUMENT, "idempotency-key is missing"),
  /** There is not exactly one key, or it is none. */
  KEY_MALFORMED(
      Status.INVALID_ARGUMENT,
      "idempotency-key must be given once, with 1 to 255 visible ASCII characters and no comma"),
  /** The key belongs to another request: a state that repeating the call does not change. */
  KEY_REUSED(Status.FAILED_PRECONDITION, "idempotency-key was used for another request"),
  /** Not UNAVAILABLE, on which balancers and circuit breakers give the server up. */
  IN_FLIGHT(Status.ABORTED, "the first call is still running"),
  /** Somebody has to settle it: the very case that gRPC keeps this status for. */
  OUTCOME_UNKNOWN(Status.FAILED_PRECONDITION, "the outcome of the first call is unknown"),
  /** The effect was made; the message was over the limit. */
  ANSWER_NOT_KEPT(
      Status.ALREADY_EXISTS, "the first call was completed, but its response was not kept"),
  /** Nothing was run. */
  STORE_UNAVAILABLE(Status.UNAVAILABLE, "the key store cannot be asked"),
  /** Nothing was run. */
  STOPPING(Status.UNAVAILABLE, "the service is stopping"),
  /** Nothing was run. */
  RECORD_UNREADABLE(Status.INTERNAL, "the record of the first call cannot be read");

  static final Metadata.Key<String> ERROR =
      Metadata.Key.of("idempotency-error", Metadata.ASCII_STRING_MARSHALLER);

  static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private static final Duration HINT = Duration.ofSeconds(1);

  @SuppressWarnings("ImmutableEnumChecker") // it is immutable, and only does not say so
  private final Status status;

  Refusal(Status status, String description) {
    this.status = status.withDescription(description);
  }

  void close(ServerCall<?, ?> call) {
    close(
        call, this == STORE_UNAVAILABLE || this == STOPPING ? Optional.of(HINT) : Optional.empty());
  }

  private void close(ServerCall<?, ?> call, Optional<Duration> retryAfter) {
    Metadata trailers = new Metadata();
    trailers.put(ERROR, name().toLowerCase(Locale.ROOT).replace('_', '-'));
    retryAfter.ifPresent(time -> trailers.put(PUSHBACK, Long.toString(time.toMillis())));
    call.close(status, trailers);
  }

  /** Answers a duplicate: with the recorded answer, or with why there is none. */
  static <R> void answer(ServerCall<?, R> call, Outcome<Answer> outcome) {
    if (outcome instanceof Outcome.Replayed<Answer> replayed && replayed.answer().isPresent()) {
      replay(call, replayed.answer().get());
    } else if (outcome instanceof Outcome.Replayed<Answer>) {
      ANSWER_NOT_KEPT.close(call);
    } else if (outcome instanceof Outcome.InFlight<Answer> inFlight) {
      // The lease may end long after the call does: a second is soon enough.
      Duration left = inFlight.retryAfter();
      IN_FLIGHT.close(call, Optional.of(left.compareTo(HINT) < 0 ? left.plusMillis(1) : HINT));
    } else if (outcome instanceof Outcome.KeyReused<Answer>) {
      KEY_REUSED.close(call);
    } else if (outcome instanceof Outcome.InDoubt<Answer> inDoubt) {
      OUTCOME_UNKNOWN.close(call, inDoubt.retryAfter());
    } else {
      // The handler threw what the policy declares final; gRPC tells nobody what was thrown.
      replay(call, RecordedCall.THREW);
    }
  }

  private static <R> void replay(ServerCall<?, R> call, Answer answer) {
    Metadata trailers = answer.trailers();
    if (answer.message() == null) {
      trailers.put(IdempotentCalls.REPLAYED, "true");
    } else {
      Metadata headers = new Metadata();
      headers.put(IdempotentCalls.REPLAYED, "true");
      call.sendHeaders(headers);
      call.sendMessage(
          call.getMethodDescriptor().parseResponse(new ByteArrayInputStream(answer.message())));
    }
    call.close(answer.status(), trailers);
  }

  /** Answers a call whose key could not be claimed; nothing was run. */
  static Refusal of(IdempotencyException failure) {
    if (failure instanceof KeyStoreException store
        && store.reason() != KeyStoreException.Reason.UNREADABLE) {
      return STORE_UNAVAILABLE;
    }
    return RECORD_UNREADABLE;
  }
}
