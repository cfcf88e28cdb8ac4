package io.idem4j.examples.payments;

import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.LeaseLostException;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.examples.payments.Ledger.IdTaken;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * Runs a request's work once per {@code Idempotency-Key} and makes a reply of each outcome. Safe
 * for use by many threads.
 */
final class Guard {
  /** What a request does, under an id that is the same for every attempt. */
  @FunctionalInterface
  interface Work {
    /**
     * Makes the effect that bears this id.
     *
     * @throws Exception whatever went wrong; the work may be run again
     */
    Answer run(UUID effectId) throws Exception;
  }

  /** Says whether a request may be run under an id. */
  @FunctionalInterface
  interface Check {
    /**
     * Changes nothing.
     *
     * @throws IdTaken if the id belongs to the effect of another request
     */
    void run(UUID effectId) throws SQLException, IdTaken;
  }

  /** The handler answered, and the answer is one that a retry should not get again. */
  private static final class NotRecorded extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Answer answer;

    NotRecorded(Answer answer) {
      super("not recorded", null, false, false);
      this.answer = answer;
    }
  }

  private final Operation<Answer> operation;
  private final boolean isKeyRequired;

  /**
   * Makes the guard of one operation.
   *
   * @param name the operation's stable name
   * @throws io.idem4j.MisuseException if the policy's times contradict each other
   */
  Guard(Idempotency idempotency, String name, OperationPolicy policy, boolean isKeyRequired) {
    this.operation = idempotency.operation(name, AnswerCodec.create(), policy);
    this.isKeyRequired = isKeyRequired;
  }

  /** Returns the request's key, checked before anything else is done; empty if it has none. */
  Optional<IdempotencyKey> key(Request request) throws Refusal {
    Optional<String> value = KeyHeader.parse(request.headers("Idempotency-Key"));
    if (value.isEmpty() && isKeyRequired) {
      throw new Refusal(Problem.keyMissing());
    }
    return value.map(it -> operation.key(Scope.of(request.tenant()), it));
  }

  /**
   * Runs the work under the key, or without protection if there is none.
   *
   * @param check is asked before the claim, which binds the key to this request: what is refused
   *     here, because the effect of the key outlived its record, binds nothing
   */
  Reply run(Optional<IdempotencyKey> key, Fingerprint fingerprint, Check check, Work work)
      throws Exception {
    if (key.isEmpty()) {
      return Reply.of(
          operation.executeUnprotected(() -> work.run(UUID.randomUUID())), "unprotected");
    }
    Reply reply = checkAndProtect(key.get(), fingerprint, check, work);
    return reply.noted(reply.note() + " key " + key.get().id().shortDigest());
  }

  private Reply checkAndProtect(IdempotencyKey key, Fingerprint fingerprint, Check check, Work work)
      throws Exception {
    try {
      check.run(effectId(key));
    } catch (IdTaken e) {
      return Problem.keyReused();
    } catch (SQLException e) {
      return Problem.storeUnavailable().noted("store unavailable: SQL state " + e.getSQLState());
    }
    return protect(key, fingerprint, work);
  }

  /** The same in every attempt: a unique key on it keeps a re-run from adding anything twice. */
  static UUID effectId(IdempotencyKey key) {
    return key.derivedUuid("effect");
  }

  private Reply protect(IdempotencyKey key, Fingerprint fingerprint, Work work) throws Exception {
    try {
      return operation
          .execute(
              key,
              fingerprint,
              context -> {
                Answer answer = work.run(effectId(context.key()));
                if (!isRecorded(answer.status())) {
                  throw new NotRecorded(answer);
                }
                return answer;
              })
          .<Reply>fold(
              Guard::executed,
              Guard::replayed,
              recovered -> replay(recovered.value()),
              inFlight -> Problem.inFlight(),
              reused -> Problem.keyReused(),
              failed -> Problem.internal("failed before"),
              inDoubt -> Problem.outcomeUnknown());
    } catch (NotRecorded e) {
      return Reply.of(e.answer, "executed, not recorded");
    } catch (LeaseLostException e) {
      // The work was done and its effect is unique, so its own answer is right.
      return e.value() instanceof Answer answer
          ? Reply.of(answer, "executed, lease lost")
          : Problem.internal("lease lost");
    } catch (KeyStoreException e) {
      return e.reason() == KeyStoreException.Reason.UNREADABLE
          ? Problem.internal("record unreadable")
          : Problem.storeUnavailable().noted("store unavailable: " + e.reason());
    }
  }

  private static Reply executed(Outcome.Executed<Answer> executed) {
    return Reply.of(
        executed.value(), executed.recorded() ? "executed" : "executed, not known to be recorded");
  }

  private static Reply replayed(Outcome.Replayed<Answer> replayed) {
    return replayed.answer().map(Guard::replay).orElseGet(Problem::answerNotKept);
  }

  private static Reply replay(Answer answer) {
    return Reply.of(answer, "replayed").with("Idempotent-Replayed", "true");
  }

  /** What says more about the moment than about the request is not kept for its retries. */
  private static boolean isRecorded(int status) {
    return switch (status) {
      case 401, 403, 408, 425, 429 -> false;
      default -> status < 500;
    };
  }
}
