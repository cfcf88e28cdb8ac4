package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What was done to some keys, and when: the calls to their stores and, above them, what an engine's
 * callers got. {@link #violations()} says which rules cannot have been kept. Because stamps and
 * fences are unique this takes one pass, whoever made the history: threads, engines or processes.
 *
 * <p>All times are nanoseconds of one clock that all who record share and that runs about as fast
 * as the store's: {@link System#nanoTime()} for one machine, or a test's own clock. Each call and
 * deed bears the time before it began and the time after it ended; only where these do not overlap
 * is anything said about the order.
 *
 * <p>Assumed: every write that reached a store is in the history (one that nobody lived to see the
 * answer of as {@link Answer#MAYBE}); no request outlives the retention (S8); a record ends by its
 * retention alone, give or take {@link #SLACK_NANOS} and a thousandth; in doubt is settled by its
 * holder, by a withdrawal or by a new claim, not by an operator; and, of two lives of one key, the
 * one whose first record was seen first came first, where it can have been over before the other.
 * The last is exact but for three lives or more whose claims overlap in time. Immutable.
 */
public final class History {
  /** How much sooner than its retention a record may end: clocks are read in milliseconds. */
  public static final long SLACK_NANOS = 10_000_000;

  /** How a call was answered. */
  public enum Answer {
    /** A write that was applied. */
    APPLIED,
    /** A write that was not, with what it saw. */
    REFUSED,
    /** A write that nobody knows about: it explains one change, at once or later, or none. */
    MAYBE,
    /** A write that certainly was not applied, and saw nothing: an error, or a busy key. */
    NOT_APPLIED,
    /** A read, with what it saw. */
    READ
  }

  /**
   * One call to a store.
   *
   * @param id the key it was for
   * @param thread who made it; shown when something is wrong
   * @param invoked the time before it was sent
   * @param returned the time after it was answered; {@link Long#MAX_VALUE} if it never was
   * @param answer how it was answered
   * @param expected what a write expected; {@link Stamp#ABSENT} for a read
   * @param next what a write wrote; nothing for a read
   * @param seen what a read or a refusal saw
   */
  public record Call(
      KeyId id,
      int thread,
      long invoked,
      long returned,
      Answer answer,
      Stamp expected,
      Optional<KeyRecord> next,
      Optional<StoredRecord> seen) {}

  /** What an engine did for one of its callers. */
  public enum Kind {
    /** The action's body began; the only kind that is no answer. */
    STARTED,
    /** The caller got its own value, as recorded. */
    EXECUTED,
    /** The caller got its own value, as not known to be recorded. */
    EXECUTED_UNRECORDED,
    /** The caller got what its own action threw. */
    THREW,
    /** The caller got the recorded answer. */
    REPLAYED,
    /** The caller was told that an answer is recorded whose body was not kept. */
    REPLAYED_WITHOUT_BODY,
    /** The caller got an answer that its recovery found, as recorded; its action did not start. */
    RECOVERED,
    /** The caller got an answer that its recovery found, as not known to be recorded. */
    RECOVERED_UNRECORDED,
    /** The caller got a recorded failure. */
    FAILED_RECORDED,
    /** The caller was told that the key bears another fingerprint. */
    REUSED,
    /** The caller was told that another holds the key. */
    IN_FLIGHT,
    /** The caller was told that nobody knows. */
    IN_DOUBT,
    /** The caller's action ran and its lease was lost. */
    LOST,
    /** The claim ended in an error: the caller was told that its action was not run. */
    ERROR
  }

  /**
   * One thing that an engine did for a caller: one start of its action at most, and one answer.
   *
   * @param id the key it was for
   * @param caller who called: a number that serves one call at a time, and joins a start to its
   *     answer
   * @param kind what was done
   * @param invoked when the caller called; of STARTED, when the body began
   * @param returned when the caller was answered; {@link Long#MAX_VALUE} if never, and of STARTED
   * @param offered the fingerprints that the caller offered; none if not known
   * @param answer the answer's bytes as the codec made them, or a recorded failure's; nothing if
   *     there are none or they are not known
   * @param code the code of a recorded failure, if known
   * @param fence the fence of the caller's own grant, if known; STARTED needs it
   * @param attempt the attempt that the action was told, if known
   */
  public record Deed(
      KeyId id,
      int caller,
      Kind kind,
      long invoked,
      long returned,
      List<FingerprintDigest> offered,
      Optional<byte[]> answer,
      Optional<String> code,
      OptionalLong fence,
      OptionalInt attempt) {
    /** Returns a deed of which no more is known. */
    public static Deed of(KeyId id, int caller, Kind kind, long invoked, long returned) {
      return new Deed(
          id,
          caller,
          kind,
          invoked,
          returned,
          List.of(),
          Optional.empty(),
          Optional.empty(),
          OptionalLong.empty(),
          OptionalInt.empty());
    }

    /** Returns this deed of a caller that offered these fingerprints. */
    public Deed offering(List<FingerprintDigest> digests) {
      return new Deed(
          id, caller, kind, invoked, returned, List.copyOf(digests), answer, code, fence, attempt);
    }

    /** Returns this deed with an answer. */
    public Deed answering(byte[] bytes) {
      Optional<byte[]> known = Optional.of(bytes);
      return new Deed(id, caller, kind, invoked, returned, offered, known, code, fence, attempt);
    }

    /** Returns this deed with a recorded failure as its answer. */
    public Deed failing(String failureCode, byte[] bytes) {
      Optional<byte[]> known = Optional.of(bytes);
      Optional<String> knownCode = Optional.of(failureCode);
      return new Deed(
          id, caller, kind, invoked, returned, offered, known, knownCode, fence, attempt);
    }

    /** Returns this deed under a grant. */
    public Deed under(long grantsFence, int grantsAttempt) {
      return new Deed(
          id,
          caller,
          kind,
          invoked,
          returned,
          offered,
          answer,
          code,
          OptionalLong.of(grantsFence),
          OptionalInt.of(grantsAttempt));
    }
  }

  private final List<Call> calls;
  private final List<Deed> deeds;
  private final boolean byEngines;
  private final String description;

  private History(List<Call> calls, List<Deed> deeds, boolean byEngines, String description) {
    this.calls = calls.stream().sorted(Comparator.comparingLong(Call::invoked)).toList();
    this.deeds = deeds.stream().sorted(Comparator.comparingLong(Deed::invoked)).toList();
    this.byEngines = byEngines;
    this.description = description;
  }

  /**
   * Records a history of many threads that read and write fresh keys at random.
   *
   * @param threads how many threads work, on both instances in turn
   * @param keys how many keys they share
   * @param callsEach how many calls each thread makes
   * @param seed decides what each thread does, though not when
   */
  public static History record(
      KeyStoreSubject subject, int threads, int keys, int callsEach, long seed) {
    return new History(
        StoreRace.run(subject, threads, keys, callsEach, seed),
        List.of(),
        false,
        "history of %d threads, %d keys, %d calls each, seed %d"
            .formatted(threads, keys, callsEach, seed));
  }

  /** Returns a history of calls to stores by anybody: only what a store must do is checked. */
  public static History of(List<Call> calls) {
    return new History(calls, List.of(), false, "history of " + calls.size() + " calls");
  }

  /**
   * Returns a history of engines: what a store must do is checked, what an engine must write, and
   * what its callers must get.
   *
   * @param calls all the calls of all engines
   * @param deeds what their callers got; may be empty
   */
  public static History of(List<Call> calls, List<Deed> deeds) {
    String description = "history of " + calls.size() + " calls and " + deeds.size() + " deeds";
    return new History(calls, deeds, true, description);
  }

  /** Returns the calls, by the times at which they were sent. */
  public List<Call> calls() {
    return calls;
  }

  /** Returns the deeds, by the times at which they began. */
  public List<Deed> deeds() {
    return deeds;
  }

  /**
   * Returns what cannot be; empty if all is well. Each message begins with the rule that was not
   * kept. The rules build on one another: where a store did wrong nothing is said about its
   * engines.
   */
  public List<String> violations() {
    Map<KeyId, List<Call>> callsOf = calls.stream().collect(Collectors.groupingBy(Call::id));
    Map<KeyId, List<Deed>> deedsOf = deeds.stream().collect(Collectors.groupingBy(Deed::id));
    return Stream.concat(callsOf.keySet().stream(), deedsOf.keySet().stream())
        .distinct()
        .flatMap(
            id ->
                violations(
                    id, callsOf.getOrDefault(id, List.of()), deedsOf.getOrDefault(id, List.of())))
        .toList();
  }

  private Stream<String> violations(KeyId id, List<Call> ofKey, List<Deed> done) {
    Findings findings = new Findings(id, ofKey, done);
    List<Life> lives = RegisterCheck.check(ofKey, findings);
    if (byEngines && findings.isEmpty()) {
      Grants grants = GrantCheck.check(ofKey, done, lives, findings);
      AnswerCheck.check(done, lives, grants, findings);
    }
    return findings.messages();
  }

  @Override
  public String toString() {
    return description;
  }
}
