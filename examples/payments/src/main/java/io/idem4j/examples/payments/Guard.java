package io.idem4j.examples.payments;

import io.idem4j.IdempotencyKey;
import io.idem4j.Scope;
import io.idem4j.examples.payments.Ledger.IdTaken;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpProblem.Kind;
import io.idem4j.http.HttpRefusedException;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What this service adds to the HTTP layer: the effect of a key bears an id, and the ledger is
 * asked for it before the claim. Safe for use by many threads.
 */
final class Guard {
  /** What a request does, under an id that is the same for every attempt. */
  @FunctionalInterface
  interface Work {
    /**
     * Makes the effect that bears this id.
     *
     * @throws IdTaken if the id belongs to the effect of another request
     * @throws Exception whatever went wrong; the work may be run again
     */
    HttpResponse run(UUID effectId) throws Exception;
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

  private final HttpOperation operation;
  private final Profile profile;

  Guard(HttpOperation operation, Profile profile) {
    this.operation = operation;
    this.profile = profile;
  }

  /**
   * Returns the request's key; empty if it has none. Refuses, before anything else is done, what
   * cannot be run under it.
   */
  Optional<IdempotencyKey> key(Request request) throws IOException, Refusal {
    try {
      return operation.key(Scope.of(request.tenant()), request.http());
    } catch (HttpRefusedException e) {
      throw new Refusal(Reply.of(e.response(), "refused"));
    }
  }

  /**
   * Runs the work under the key, or without protection if there is none.
   *
   * @param check is asked before the claim, which binds the key to this request: what is refused
   *     here, because the effect of the key outlived its record, binds nothing
   */
  Reply run(Request request, Optional<IdempotencyKey> key, Check check, Work work)
      throws Exception {
    if (key.isEmpty()) {
      return Reply.of(run(request, work, new AtomicBoolean()), "unprotected");
    }
    UUID id = effectId(key.get());
    String digest = " key " + key.get().id().shortDigest();
    try {
      check.run(id);
    } catch (IdTaken e) {
      return Reply.of(reused(id, request.http()), "the id is taken," + digest);
    } catch (SQLException e) {
      return Reply.of(
          operation.refusal(Kind.STORE_UNAVAILABLE, Optional.empty(), request.http()),
          "store unavailable: SQL state " + e.getSQLState());
    }
    AtomicBoolean ran = new AtomicBoolean();
    HttpResponse response = run(request, work, ran);
    return Reply.of(response, note(response, ran.get()) + digest);
  }

  private static String note(HttpResponse response, boolean ran) {
    if (ran) {
      return "executed";
    }
    return response.headers().first("Idempotent-Replayed").isPresent() ? "replayed" : "not run";
  }

  /** The same in every attempt: a unique key on it keeps a re-run from adding anything twice. */
  static UUID effectId(IdempotencyKey key) {
    return key.derivedUuid("effect");
  }

  private HttpResponse run(Request request, Work work, AtomicBoolean ran) throws Exception {
    return operation.handle(
        Scope.of(request.tenant()),
        request.http(),
        context -> {
          ran.set(true);
          UUID id = context.map(it -> effectId(it.key())).orElseGet(UUID::randomUUID);
          context.ifPresent(it -> it.reference(id.toString()));
          try {
            // Named here and not only when it is sent: replays tell the id of this request.
            return request.named(work.run(id));
          } catch (IdTaken e) {
            throw new Refusal(Reply.of(reused(id, request.http()), "the id is taken"));
          }
        });
  }

  /** Some profiles say what was made under the key; the id is all that there is to be said. */
  private HttpResponse reused(UUID id, HttpRequest request) {
    Kind kind = profile.reused();
    Optional<String> reference =
        kind == Kind.KEY_REUSED ? Optional.empty() : Optional.of(id.toString());
    return operation.refusal(kind, reference, request);
  }
}
