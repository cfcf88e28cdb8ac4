package io.idem4j;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a repeated effect costs, and the times that follow from it. Only the user knows the cost, so
 * there is no default between {@link #rerun()} and {@link #hold()}.
 *
 * <p>Immutable and safe for use by many threads: each {@code with…} returns a changed copy. The
 * times are checked together when the policy is given to {@link Idempotency#operation}.
 */
public final class OperationPolicy {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final Duration MINIMUM_LEASE = Duration.ofMillis(10);
  private static final Duration LONGEST_STORE_DEADLINE = Duration.ofSeconds(5);

  /** What happens to a key whose holder failed or vanished. */
  public enum Mode {
    /** The operation may run again: see {@link OperationPolicy#rerun}. */
    RERUN,
    /** The key is held, in doubt: see {@link OperationPolicy#hold}. */
    HOLD,
    /** The operation's recovery is asked: see {@link OperationPolicy#recover}. */
    RECOVER
  }

  /** The settings. Never changed once a policy was made of them. */
  private static final class Settings implements Cloneable {
    private final Mode mode;
    private Duration lease = Duration.ofSeconds(30);
    private Duration maximumHold = Duration.ofMinutes(15);
    private @Nullable Duration retention;
    private @Nullable Duration failureRetention;
    private Duration inDoubtRetention = Duration.ofDays(30);
    private @Nullable Duration storeDeadline;
    private Duration waitBudget = Duration.ZERO;
    private Duration recoveryPause = Duration.ofSeconds(30);
    private boolean interruptOnLeaseLoss;
    private @Nullable FailureClassifier classifier;

    Settings(Mode mode) {
      this.mode = mode;
    }

    Settings copy() {
      try {
        return (Settings) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static final Duration DEFAULT_RETENTION = Duration.ofDays(1);

  private final Settings settings;

  /** Asked at each call, and slow to divide. */
  private final Duration storeDeadline;

  private OperationPolicy(Settings settings) {
    this.settings = settings;
    this.storeDeadline =
        settings.storeDeadline != null
            ? settings.storeDeadline
            : min(LONGEST_STORE_DEADLINE, settings.lease.dividedBy(3));
  }

  private OperationPolicy with(Consumer<Settings> change) {
    Settings copy = settings.copy();
    change.accept(copy);
    return new OperationPolicy(copy);
  }

  /**
   * The operation may run again: a failure releases the key, and a key whose holder vanished is
   * taken over when its lease is over. For operations that forward a derived key to the systems
   * they call, or whose effects roll back or converge.
   */
  public static OperationPolicy rerun() {
    return new OperationPolicy(new Settings(Mode.RERUN));
  }

  /**
   * The operation never runs again by itself once it may have had an effect: a failure, and a
   * vanished holder, leave the key in doubt until somebody settles it. Declare the failures that
   * are known to be harmless with {@link #withReleased}, or replace the {@link #withClassifier
   * classifier}.
   */
  public static OperationPolicy hold() {
    return new OperationPolicy(new Settings(Mode.HOLD));
  }

  /**
   * As {@link #hold()}, but the next caller takes the key, and asks the operation's {@link
   * Recovery} what became of the earlier attempt before anything is run again. For operations whose
   * effect can be looked up where it was made.
   */
  public static OperationPolicy recover() {
    return new OperationPolicy(new Settings(Mode.RECOVER));
  }

  /** For how long a lock is respected without a renewal; 30 s by default, 10 ms at least. */
  public OperationPolicy withLease(Duration lease) {
    return with(settings -> settings.lease = lease);
  }

  /** For how long a lease is renewed at most; 15 min by default. */
  public OperationPolicy withMaximumHold(Duration maximumHold) {
    return with(settings -> settings.maximumHold = maximumHold);
  }

  /** For how long an answer is kept, counted from its recording; 24 h by default. */
  public OperationPolicy withRetention(Duration retention) {
    return with(settings -> settings.retention = retention);
  }

  /**
   * For how long a failure that is an answer ({@link FailureClassifier.Verdict#isFinal}) is kept,
   * counted from its recording; by default as long as other answers.
   */
  public OperationPolicy withFailureRetention(Duration failureRetention) {
    return with(settings -> settings.failureRetention = failureRetention);
  }

  /** For how long a record in doubt is kept; 30 d by default, never shorter than the rest. */
  public OperationPolicy withInDoubtRetention(Duration inDoubtRetention) {
    return with(settings -> settings.inDoubtRetention = inDoubtRetention);
  }

  /**
   * For how long a store call is repeated until its outcome is known; by default the smaller of 5 s
   * and a third of the lease, which is also the most.
   */
  public OperationPolicy withStoreDeadline(Duration storeDeadline) {
    return with(settings -> settings.storeDeadline = storeDeadline);
  }

  /** For how long a duplicate waits for a running call to end; zero by default. */
  public OperationPolicy withWaitBudget(Duration waitBudget) {
    return with(settings -> settings.waitBudget = waitBudget);
  }

  /**
   * For how long nobody is asked again after a {@link Recovery} could not tell; 30 s by default.
   */
  public OperationPolicy withRecoveryPause(Duration recoveryPause) {
    return with(settings -> settings.recoveryPause = recoveryPause);
  }

  /**
   * Interrupts the thread that runs the operation when its lease is lost; off by default. The
   * interrupt never reaches a thread whose operation has ended.
   */
  public OperationPolicy withInterruptOnLeaseLoss() {
    return with(settings -> settings.interruptOnLeaseLoss = true);
  }

  /**
   * Replaces the classifier of failures, what {@link #withReleased} and {@link #withFinal} declared
   * before included; declared afterwards, they are asked first.
   */
  public OperationPolicy withClassifier(FailureClassifier classifier) {
    return with(settings -> settings.classifier = classifier);
  }

  /** Declares failures of this type harmless: they made no effect, and release the key. */
  public OperationPolicy withReleased(Class<? extends Throwable> type) {
    return withFirst(type, failure -> Verdict.retryable());
  }

  /** Declares failures of this type to be answers: they are recorded and replayed. */
  public <F extends Throwable> OperationPolicy withFinal(
      Class<F> type, Function<? super F, RecordedFailure> recorder) {
    return withFirst(type, failure -> Verdict.isFinal(recorder.apply(type.cast(failure))));
  }

  private OperationPolicy withFirst(Class<? extends Throwable> type, FailureClassifier first) {
    FailureClassifier rest = classifier().orElse(failure -> defaultVerdict());
    return withClassifier(
        failure -> type.isInstance(failure) ? first.classify(failure) : rest.classify(failure));
  }

  /** Returns what happens to a key whose holder failed or vanished. */
  public Mode mode() {
    return settings.mode;
  }

  /** Returns for how long a lock is respected without a renewal. */
  public Duration lease() {
    return settings.lease;
  }

  /** Returns for how long a lease is renewed at most. */
  public Duration maximumHold() {
    return settings.maximumHold;
  }

  /** Returns for how long an answer is kept. */
  public Duration retention() {
    return settings.retention == null ? DEFAULT_RETENTION : settings.retention;
  }

  /** Says whether the retention was named, rather than left at its default. */
  public boolean namesRetention() {
    return settings.retention != null;
  }

  /** Returns for how long a failure that is an answer is kept. */
  public Duration failureRetention() {
    return settings.failureRetention == null ? retention() : settings.failureRetention;
  }

  /** Returns for how long a record in doubt is kept. */
  public Duration inDoubtRetention() {
    return max(settings.inDoubtRetention, max(releasedRetention(), failureRetention()));
  }

  Duration releasedRetention() {
    return lease().plus(retention());
  }

  /** A lapsed lock is a doubt that nobody has marked yet, unless the policy re-runs. */
  Duration lockedRetention() {
    return mode() == Mode.RERUN ? releasedRetention() : lease().plus(inDoubtRetention());
  }

  Duration storeDeadline() {
    return storeDeadline;
  }

  /** Returns for how long a duplicate waits for a running call to end. */
  public Duration waitBudget() {
    return settings.waitBudget;
  }

  /** For how long a record is kept that ends a claim in this state. */
  Duration retentionOf(KeyState end) {
    return switch (end) {
      case COMPLETED -> retention();
      case FAILED_FINAL -> failureRetention();
      case FAILED_IN_DOUBT -> inDoubtRetention();
      default -> releasedRetention();
    };
  }

  /** Returns for how long nobody is asked again after a recovery could not tell. */
  public Duration recoveryPause() {
    return settings.recoveryPause;
  }

  boolean interruptsOnLeaseLoss() {
    return settings.interruptOnLeaseLoss;
  }

  Optional<FailureClassifier> classifier() {
    return Optional.ofNullable(settings.classifier);
  }

  private Verdict defaultVerdict() {
    return mode() == Mode.RERUN ? Verdict.retryable() : Verdict.inDoubt();
  }

  /** Total: a classifier that throws, or answers null, has said that the key is in doubt. */
  Verdict verdict(Throwable failure) {
    FailureClassifier classifier = settings.classifier;
    if (failure instanceof IdempotencyException || classifier == null) {
      return defaultVerdict();
    }
    try {
      return Objects.requireNonNull(classifier.classify(failure), "verdict");
    } catch (Throwable e) {
      log.warn("a classifier threw {}; the key is in doubt", e.getClass().getName());
      return Verdict.inDoubt();
    }
  }

  /**
   * Checks the times against each other, as {@link Idempotency#operation} does.
   *
   * @return this policy
   * @throws MisuseException if they contradict each other
   */
  public OperationPolicy validated() {
    for (Map.Entry<String, Duration> time :
        Map.of(
                "lease", lease(),
                "maximum hold", maximumHold(),
                "retention", retention(),
                "failure retention", failureRetention(),
                "in-doubt retention", settings.inDoubtRetention,
                "recovery pause", recoveryPause(),
                "wait budget", waitBudget())
            .entrySet()) {
      if (time.getValue().isNegative()
          || time.getValue().compareTo(KeyRecord.MAXIMUM_DURATION.dividedBy(4)) > 0) {
        throw new MisuseException(
            "the " + time.getKey() + " is " + time.getValue() + ", which is out of range");
      }
    }
    if (lease().compareTo(MINIMUM_LEASE) < 0) {
      throw new MisuseException("the lease is " + lease() + ", and lasts 10 ms at least");
    }
    if (maximumHold().compareTo(lease()) < 0) {
      throw new MisuseException("the maximum hold is shorter than the lease");
    }
    if (storeDeadline().isNegative()
        || storeDeadline().isZero()
        || storeDeadline().compareTo(lease().dividedBy(3)) > 0) {
      throw new MisuseException("the store deadline is between zero and a third of the lease");
    }
    if (recoveryPause().compareTo(inDoubtRetention()) >= 0) {
      throw new MisuseException("the recovery pause is not shorter than the in-doubt retention");
    }
    requireLongEnough("retention", retention());
    requireLongEnough("failure retention", failureRetention());
    return this;
  }

  private void requireLongEnough(String name, Duration time) {
    if (time.compareTo(lease().plus(storeDeadline().multipliedBy(2))) < 0) {
      throw new MisuseException(
          "the "
              + name
              + " is "
              + time
              + ", and must be the lease and two store deadlines at least");
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  @Override
  public String toString() {
    return "OperationPolicy[%s lease=%s maximumHold=%s retention=%s inDoubtRetention=%s]"
        .formatted(mode(), lease(), maximumHold(), retention(), inDoubtRetention());
  }
}
