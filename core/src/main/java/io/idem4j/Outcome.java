package io.idem4j;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a call got. Tells <em>created now</em> ({@code Executed}) from <em>was already there</em>
 * ({@code Replayed}, {@code Recovered}, {@code Failed}) and from <em>not now</em> ({@code
 * InFlight}, {@code KeyReused}, {@code InDoubt}). Immutable; a {@code toString()} never shows the
 * answer.
 *
 * @param <T> the type of the answer
 */
public sealed interface Outcome<T extends @Nullable Object> {
  /**
   * The operation ran in this call.
   *
   * @param value its answer
   * @param recorded whether the answer is known to be recorded, or the verdict where the {@link
   *     AnswerClassifier} gave one; if not, it is being re-sent in the background, and a retry may
   *     meet a running or an abandoned key until it is. In a transaction that the caller commits
   *     ({@link PreparedCompletion#handedOver}) nothing is re-sent: its commit records it
   */
  record Executed<T extends @Nullable Object>(T value, boolean recorded) implements Outcome<T> {
    @Override
    public String toString() {
      return "Executed[recorded=" + recorded + "]";
    }
  }

  /**
   * The operation had completed before; this is its recorded answer.
   *
   * @param answer the recorded answer; empty if it is null, or {@code bodyKept} is false
   * @param bodyKept whether the answer was kept; an answer over the limit, or one that its codec
   *     could not encode, was not
   * @param ownRun what this call's own run brought, where it ran and another's answer was recorded
   *     first: two effects may exist
   * @param reference the record's reference, if it has one: see {@link
   *     IdempotencyKey#withReference}
   */
  record Replayed<T extends @Nullable Object>(
      Optional<T> answer, boolean bodyKept, Optional<OwnRun> ownRun, Optional<String> reference)
      implements Outcome<T> {
    @Override
    public String toString() {
      return "Replayed[bodyKept=" + bodyKept + ", ownRun=" + ownRun.isPresent() + "]";
    }
  }

  /**
   * The recovery callback found the effect of an earlier attempt; this is its answer, recorded now.
   *
   * @param value the answer
   * @param recorded whether the answer is known to be recorded
   */
  record Recovered<T extends @Nullable Object>(T value, boolean recorded) implements Outcome<T> {
    @Override
    public String toString() {
      return "Recovered[recorded=" + recorded + "]";
    }
  }

  /**
   * Another call holds the key.
   *
   * @param retryAfter when the key is free at the latest if its holder is dead; often it is free
   *     much sooner. Always more than zero
   */
  record InFlight<T extends @Nullable Object>(Duration retryAfter) implements Outcome<T> {}

  /**
   * The key was used before with another fingerprint. Nothing was run or changed.
   *
   * @param reference the record's reference, if it has one. It belongs to the other request, of the
   *     same scope
   */
  record KeyReused<T extends @Nullable Object>(Optional<String> reference) implements Outcome<T> {
    @Override
    public String toString() {
      return "KeyReused[]";
    }
  }

  /**
   * The operation had failed before, and the failure is the answer.
   *
   * @param failure what was recorded
   * @param ownRun what this call's own run brought, where it ran and another's failure was recorded
   *     first: two effects may exist
   */
  record Failed<T extends @Nullable Object>(RecordedFailure failure, Optional<OwnRun> ownRun)
      implements Outcome<T> {}

  /**
   * Nobody knows whether an earlier attempt made its effect. Nothing runs until somebody settles
   * it.
   *
   * @param retryAfter when a recovery callback will be asked again, if the policy has one
   */
  record InDoubt<T extends @Nullable Object>(Optional<Duration> retryAfter) implements Outcome<T> {}

  /**
   * The result of a run that lost against another's recorded answer.
   *
   * @param value the operation's own value, if it returned one
   * @param failure the operation's own throwable, if it threw
   */
  record OwnRun(@Nullable Object value, @Nullable Throwable failure) {
    @Override
    public String toString() {
      return "OwnRun[" + (failure == null ? "returned" : "threw") + "]";
    }
  }

  /** Returns what the function for this kind of outcome makes of it; all kinds must be given. */
  default <R extends @Nullable Object> R fold(
      Function<? super Executed<T>, ? extends R> executed,
      Function<? super Replayed<T>, ? extends R> replayed,
      Function<? super Recovered<T>, ? extends R> recovered,
      Function<? super InFlight<T>, ? extends R> inFlight,
      Function<? super KeyReused<T>, ? extends R> keyReused,
      Function<? super Failed<T>, ? extends R> failed,
      Function<? super InDoubt<T>, ? extends R> inDoubt) {
    if (this instanceof Executed<T> it) {
      return executed.apply(it);
    } else if (this instanceof Replayed<T> it) {
      return replayed.apply(it);
    } else if (this instanceof Recovered<T> it) {
      return recovered.apply(it);
    } else if (this instanceof InFlight<T> it) {
      return inFlight.apply(it);
    } else if (this instanceof KeyReused<T> it) {
      return keyReused.apply(it);
    } else if (this instanceof Failed<T> it) {
      return failed.apply(it);
    } else {
      return inDoubt.apply((InDoubt<T>) this);
    }
  }

  /**
   * Returns the answer, executed, replayed or recovered.
   *
   * @throws OutcomeException if there is none: in flight, key reused, failed, in doubt, or
   *     completed without its body being kept
   */
  default @Nullable T orElseThrow() {
    if (this instanceof Executed<T> it) {
      return it.value();
    } else if (this instanceof Recovered<T> it) {
      return it.value();
    } else if (this instanceof Replayed<T> it && it.bodyKept()) {
      return it.answer().orElse(null);
    }
    throw new OutcomeException(this);
  }
}
