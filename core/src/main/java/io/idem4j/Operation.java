package io.idem4j;

import io.idem4j.KeyAdmin.Inspection;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.StoredRecord;
import io.idem4j.spi.TransactionBound;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A named operation that runs once per key and gives every retry the first answer. Made by {@link
 * Idempotency#operation}; safe for use by many threads.
 *
 * @param <T> the type of the answer
 */
public final class Operation<T extends @Nullable Object> {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private final Engine engine;
  private final String name;
  private final Answers<T> answers;
  private final OperationPolicy policy;
  private final AnswerClassifier<? super T> answerClassifier;
  private final @Nullable Recovery<T> recovery;

  Operation(Engine engine, String name, Codec<T> codec, OperationPolicy policy) {
    this.engine = engine;
    this.name = Text.require(name, "an operation name", IdempotencyKey.OPERATION_LENGTH);
    this.answers = new Answers<>(this.name, codec, engine.maximumPayload());
    this.policy = policy.validated();
    this.answerClassifier = (answer, key) -> Optional.empty();
    this.recovery = null;
  }

  private Operation(
      Operation<T> other,
      AnswerClassifier<? super T> answerClassifier,
      @Nullable Recovery<T> recovery) {
    this.engine = other.engine;
    this.name = other.name;
    this.answers = other.answers;
    this.policy = other.policy;
    this.answerClassifier = Objects.requireNonNull(answerClassifier, "answerClassifier");
    this.recovery = recovery;
  }

  /**
   * Returns the same operation with what is asked before it runs again: see {@link
   * OperationPolicy#recover}, whose operations cannot be called without. It is asked on the thread
   * that claims, whether by {@link #execute} or {@link #claim}; {@link #executeAsync} asks it on a
   * thread of its executor.
   *
   * @throws MisuseException if the operation's policy does not recover
   */
  public Operation<T> withRecovery(Recovery<T> callback) {
    if (policy.mode() != OperationPolicy.Mode.RECOVER) {
      throw new MisuseException("operation " + name + ": its policy does not recover");
    }
    return new Operation<>(this, answerClassifier, Objects.requireNonNull(callback, "callback"));
  }

  /**
   * Returns the same operation with a say on which of its answers are recorded: instead of the
   * others the key gets the verdict's state. Whoever ran the operation gets its answer either way,
   * as {@link Outcome.Executed}.
   */
  public Operation<T> withAnswerClassifier(AnswerClassifier<? super T> classifier) {
    return new Operation<>(this, classifier, recovery);
  }

  /** The effect is made by now: a classifier that throws has no say. */
  Optional<FailureClassifier.Verdict> verdict(T answer, IdempotencyKey key) {
    try {
      return Objects.requireNonNull(answerClassifier.classify(answer, key), "verdict");
    } catch (Throwable e) {
      log.warn(
          "operation {}, key {}: the classifier of answers threw {}; the answer is recorded",
          name,
          key.id().shortDigest(),
          e.getClass().getName());
      return Optional.empty();
    }
  }

  /**
   * Runs the action once per key. As {@link #execute(IdempotencyKey, Fingerprint, Action)} with the
   * key of this operation, the scope and the value.
   *
   * @throws IllegalKeyException if the value is blank, too long or no well-formed Unicode
   */
  public <X extends Exception> Outcome<T> execute(
      Scope scope, String value, Fingerprint fingerprint, Action<? extends T, X> action) throws X {
    return execute(key(scope, value), fingerprint, action);
  }

  /** Returns the key of this operation, the scope and a value that the client chose. */
  public IdempotencyKey key(Scope scope, String value) {
    return IdempotencyKey.of(scope, name, value);
  }

  /**
   * Runs the action if this is the first call under the key, and otherwise gives what the first
   * call got.
   *
   * <p>Effect: the key is claimed by one atomic write before the action begins, its lease is
   * renewed while the action runs, and the answer is recorded by one atomic write before this
   * method returns. The action runs on the calling thread.
   *
   * <p>Safe to repeat: that is its purpose. While another call runs, this one waits up to the
   * policy's wait budget; an interrupt ends the wait and stays set.
   *
   * @param key the key, of this operation
   * @param fingerprint what tells a retry from another request
   * @param action what makes the effect
   * @throws X what the action threw, after the failure was recorded as the policy's classifier sees
   *     it
   * @throws KeyStoreException if the store could not be asked, or did not say whether the claim was
   *     applied; the action was not run
   * @throws LeaseLostException if the action ran, and its key was another's or gone when its answer
   *     was to be recorded
   * @throws IncomparableFingerprintException if the record's fingerprint is of an algorithm that
   *     was not offered
   * @throws CodecException if a recorded answer cannot be read
   * @throws MisuseException if the key is another operation's, the action of this very key is
   *     running on this thread, or the {@link Idempotency} is closed
   */
  public <X extends Exception> Outcome<T> execute(
      IdempotencyKey key, Fingerprint fingerprint, Action<? extends T, X> action) throws X {
    Objects.requireNonNull(action, "action");
    Claim<T> claim = claim(key, fingerprint);
    if (claim instanceof Claim.Denied<T> denied) {
      return denied.outcome();
    }
    Lease<T> lease = ((Claim.Granted<T>) claim).lease();
    T value;
    try {
      value = lease.run(action);
    } catch (Throwable failure) {
      Optional<Outcome<T>> recordedFirst = fail(lease, failure);
      if (recordedFirst.isPresent()) {
        return recordedFirst.get();
      }
      throw failure;
    }
    return lease.complete(value);
  }

  /** Whatever goes wrong while a failure is recorded, the caller sees the original one. */
  static <T extends @Nullable Object> Optional<Outcome<T>> fail(Lease<T> lease, Throwable failure) {
    try {
      return lease.fail(failure);
    } catch (Throwable e) {
      lease.close();
      failure.addSuppressed(e);
      return Optional.empty();
    }
  }

  /**
   * Runs the action if this is the first call under the key, and otherwise gives what the first
   * call got; blocks no thread while the action runs, or while another call's action does.
   *
   * <p>Effect: as {@link #execute(IdempotencyKey, Fingerprint, Action)}. Each store call, and the
   * start of the action, is a task of the executor; what follows the action's end is too, or runs
   * on a thread of the {@link Idempotency} if the executor refuses it by then. The executor must
   * run what it accepts: a key whose completion is dropped stays locked up to the maximum hold, and
   * a call whose turn is dropped is under way for ever. One that runs tasks on the submitting
   * thread does so for the call alone: what follows a wait runs on a thread of the {@link
   * Idempotency} then.
   *
   * <p>Cancelling or completing the returned future before the action has begun withdraws the
   * claim, and the action is not run; afterwards it only detaches the caller: the action goes on
   * and its answer is recorded. The policy's interrupt on lease loss does nothing here.
   *
   * @param storeCalls runs the store calls, which may block
   * @return what completes as execute returns or throws: with the outcome, with what the action
   *     failed with (without a {@link java.util.concurrent.CompletionException} around it), or with
   *     an {@link IdempotencyException}
   * @throws MisuseException as execute, at once
   */
  public CompletableFuture<Outcome<T>> executeAsync(
      IdempotencyKey key,
      Fingerprint fingerprint,
      Executor storeCalls,
      AsyncAction<? extends T> action) {
    Objects.requireNonNull(fingerprint, "fingerprint");
    Objects.requireNonNull(storeCalls, "storeCalls");
    Objects.requireNonNull(action, "action");
    requireUsable(key);
    var request = new KeyMachine.Request(key, fingerprint, policy);
    return new AsyncExecution<>(this, engine, request, action, storeCalls).start();
  }

  /**
   * Claims the key for a caller that runs the operation itself: an interceptor, or a program that
   * runs it elsewhere.
   *
   * <p>Effect: as the first half of {@link #execute(IdempotencyKey, Fingerprint, Action)}. A
   * granted claim holds the key until its lease is settled, and renews itself.
   *
   * @throws KeyStoreException if the store could not be asked, or did not say whether the claim was
   *     applied; the key is not held, and the claim is withdrawn in the background
   * @throws IncomparableFingerprintException as in execute
   * @throws CodecException as in execute
   * @throws MisuseException as in execute
   */
  public Claim<T> claim(IdempotencyKey key, Fingerprint fingerprint) {
    return claim(engine, key, fingerprint);
  }

  /**
   * Claims the key inside a transaction: the claim is one of its writes, and the key is held by its
   * locks, without a lease and without renewals. The wait budget plays no part. Whoever owns the
   * transaction writes the {@linkplain Lease#prepare prepared} completion to it and commits; or
   * rolls it back, when nothing was claimed, and closes the lease. Used by stores that offer such
   * transactions.
   *
   * @param transaction the store of this operation, bound to the transaction
   * @throws KeyStoreException as the other; nothing is sent again, and the transaction must be
   *     rolled back
   */
  public Claim<T> claim(TransactionBound transaction, IdempotencyKey key, Fingerprint fingerprint) {
    return claim(engine.boundTo(transaction), key, fingerprint);
  }

  private Claim<T> claim(Engine engine, IdempotencyKey key, Fingerprint fingerprint) {
    Objects.requireNonNull(fingerprint, "fingerprint");
    requireUsable(key);
    var request = new KeyMachine.Request(key, fingerprint, policy);
    return claimCounted(engine, request, engine.activity().beginCall());
  }

  /** Claims for a call that is counted in this cell as under way, and is not any more then. */
  Claim<T> claimCounted(Engine engine, KeyMachine.Request request, int cell) {
    try {
      boolean waits = !policy.waitBudget().isZero() && !engine.isBound();
      long start = waits || engine.events().areHeard() ? engine.timing().nanoTime() : 0;
      Optional<StoredRecord> seen = Glance.at(engine, request.id());
      KeyRecord recorded = Glance.answer(seen, request);
      if (recorded != null) {
        return new Claim.Denied<>(answers.replay(recorded, Optional.empty()));
      }
      Events.Subject subject = engine.events().about(request.key(), start);
      Claiming claiming = new Claiming(engine, request, subject);
      Claiming.Answer answer =
          waits
              ? claimOrWait(claiming, request.id(), start + policy.waitBudget().toNanos())
              : seen == null ? claiming.start() : claiming.resume(seen);
      return answer(subject, answer);
    } finally {
      engine.activity().end(cell);
    }
  }

  private Claiming.Answer claimOrWait(Claiming claiming, KeyId id, long until) {
    // The seat comes first: a bell that rings between a refusal and the wait for it is not lost.
    try (WaitingRooms.Seat seat = engine.rooms().enter(id)) {
      Claiming.Answer answer = claiming.start();
      while (answer instanceof Claiming.Answer.InFlight) {
        WaitingRooms.Sight seen = next(seat, claiming, until);
        if (seen == null || engine.activity().isClosed()) {
          break;
        }
        answer = claiming.resume(seen.live());
        if (engine.timing().nanoTime() - until >= 0) {
          // A claim may take longer than a poll: a row lock is waited for, again and again.
          break;
        }
      }
      return answer;
    }
  }

  private static WaitingRooms.@Nullable Sight next(
      WaitingRooms.Seat seat, Claiming claiming, long until) {
    try {
      return seat.next(claiming::look, until);
    } catch (KeyStoreException e) {
      throw claiming.failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** Tells the listener how a claim ended, and the caller what it may do. */
  Claim<T> answer(Events.Subject subject, Claiming.Answer answer) {
    if (answer instanceof Claiming.Answer.Held held) {
      Lease<T> lease = new Lease<>(this, held.key());
      return recovery != null && KeyMachine.asksRecovery(policy, held.key().record())
          ? new Recovering<>(engine, lease, recovery).ask()
          : new Claim.Granted<>(lease);
    } else if (answer instanceof Claiming.Answer.Recorded recorded) {
      KeyRecord record = recorded.record();
      subject.holds(record.attempt(), record.fence());
      Outcome<T> outcome = answers.replay(record, Optional.empty());
      subject.tell("replayed", IdempotencyListener::replayed);
      return new Claim.Denied<>(outcome);
    } else if (answer instanceof Claiming.Answer.InFlight inFlight) {
      subject.tell("inFlight", IdempotencyListener::inFlight);
      return new Claim.Denied<>(new Outcome.InFlight<>(inFlight.retryAfter()));
    } else if (answer instanceof Claiming.Answer.InDoubt inDoubt) {
      subject.tell("inDoubt", IdempotencyListener::inDoubt);
      return new Claim.Denied<>(new Outcome.InDoubt<>(inDoubt.untilAsked()));
    }
    KeyRecord record = ((Claiming.Answer.Reused) answer).record();
    subject.tell("reused", IdempotencyListener::reused);
    return new Claim.Denied<>(new Outcome.KeyReused<>(record.reference()));
  }

  /**
   * Runs an action without a key and so without protection, and tells the listener: for callers
   * that leave keys optional, so that keyed and unkeyed traffic can be counted.
   */
  public <X extends Exception> T executeUnprotected(Unprotected<? extends T, X> action) throws X {
    bypassed();
    return action.run();
  }

  /**
   * Tells the listener that this operation runs without a key, where somebody else runs it: see
   * {@link #executeUnprotected}.
   */
  public void bypassed() {
    engine.events().bypassed(name);
  }

  /** An action that runs without a key. */
  @FunctionalInterface
  public interface Unprotected<T extends @Nullable Object, X extends Exception> {
    /** Makes the effect and returns the answer. */
    T run() throws X;
  }

  /** Returns what an operator may do to this operation's records. */
  public KeyAdmin<T> admin() {
    return new KeyAdmin<>(engine, this);
  }

  Engine engine() {
    return engine;
  }

  /**
   * Returns what looks after the records of this operation whose holder vanished, or which are in
   * doubt: see {@link Completer}.
   *
   * @param isOurs which records of the store it looks after; must tell those of this operation, and
   *     no others
   * @param callback finds out what became of one, or finishes it
   * @throws MisuseException if the store cannot list its records
   */
  public Completer<T> completer(Predicate<Inspection> isOurs, Completer.Callback<T> callback) {
    return new Completer<>(engine, this, isOurs, callback);
  }

  String name() {
    return name;
  }

  private void requireUsable(IdempotencyKey key) {
    if (!key.operation().equals(name)) {
      throw new MisuseException(
          "the key is one of operation " + key.operation() + ", and this is " + name);
    }
    if (key.isOfPayload() && !policy.namesRetention()) {
      throw new MisuseException(
          "operation " + name + ": keys of the payload need a policy that names its retention");
    }
    if (policy.mode() == OperationPolicy.Mode.RECOVER && recovery == null) {
      throw new MisuseException(
          "operation " + name + ": its policy recovers, and it has no recovery: withRecovery");
    }
    if (Nesting.isInside(engine.store(), key.id())) {
      throw new MisuseException(
          "operation %s, key %s: nested call; this thread is running it already"
              .formatted(name, key.id().shortDigest()));
    }
  }

  /** Turns answers of this operation into payloads and back. */
  Answers<T> answers() {
    return answers;
  }

  OperationPolicy policy() {
    return policy;
  }

  @Override
  public String toString() {
    return "Operation[" + name + "]";
  }
}
