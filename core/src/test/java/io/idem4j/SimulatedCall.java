package io.idem4j;

import io.idem4j.CallSpec.Finding;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** One call of a user's: what is asked for, how its operation runs, and what came of it. */
final class SimulatedCall {
  final int number;
  final CallSpec spec;
  final SimulatedProcess process;
  final IdempotencyKey key;
  final long from;

  /** Whether its engine was closed before. */
  final boolean afterClose;

  final long invokedAt;
  final long fromNanos;
  final long fromStoreNanos;
  long to = Long.MAX_VALUE;

  Grant grant;
  Outcome<String> outcome;
  Throwable thrown;

  /**
   * Whether somebody from outside, or the operation, set the interrupt flag, and nobody took it.
   */
  boolean interrupted;

  boolean interruptedAtEnd;
  boolean metBusy;
  boolean metUnknown;

  // The run of the operation.
  boolean started;
  private long startedNanos;
  boolean ended;
  boolean closedWithoutOutcome;

  /** Whether the caller of an asynchronous call went away before there was a result. */
  boolean cancelled;

  /** What an asynchronous call got. */
  private CompletableFuture<Outcome<String>> result;

  int life;
  String value;
  Throwable failure;
  OperationContext context;

  /** What its recovery said; null if it was not asked, or did not come to its end. */
  Finding found;

  /** Its lease was over when its recovery was; a renewal that is answered later may revive it. */
  boolean wasLostWhenFound;

  boolean asked;

  // What was sent for it.
  boolean settlementSent;
  boolean takeoverSent;

  /** Whether the last write that the call itself sent was a claim. */
  boolean claimSentLast;

  boolean wasRecovered;

  /** The grants that it gave up for good. */
  final Set<Grant> withdrawn = new HashSet<>();

  /** Writes whose fate is unknown, by what they expect. */
  final Map<Stamp, KeyRecord> unresolved = new HashMap<>();

  /** Whether the storm lasted longer than the call may hold its key, or anything is kept. */
  boolean outlivedItsHold;

  SimulatedCall(int number, CallSpec spec, SimulatedProcess process, long from) {
    this.number = number;
    this.spec = spec;
    this.process = process;
    this.key = SimulatedKeys.key(spec.key());
    this.from = from;
    this.afterClose = process.closed;
    this.invokedAt = process.simulation().chronicle.now();
    this.fromNanos = process.nanos();
    this.fromStoreNanos = process.simulation().storeNanos();
  }

  static Fingerprint fingerprint(boolean other) {
    return Fingerprint.sha256().part("body", Canaries.BODY + other).build();
  }

  Plan plan() {
    return spec.plan();
  }

  /** Under way, its process alive. */
  boolean isRunning() {
    return started && !ended && process.isAlive();
  }

  /** Its answer was given out and is being sent in the background. */
  boolean isAnswerOnItsWay() {
    long left = fromNanos + plan().policy().maximumHold().toNanos() - process.nanos();
    return outcome instanceof Outcome.Executed<String> executed
        && !executed.recorded()
        && left > Duration.ofMillis(1_500).toNanos()
        && !process.everRefusedWork;
  }

  /** For how long at most it may hold its key yet. */
  long holdLeft() {
    return Math.max(startedNanos + plan().policy().maximumHold().toNanos() - process.nanos(), 0);
  }

  /** The claim failed or was given up: the operation will not run. */
  boolean neverRuns() {
    return !started
        && (thrown instanceof KeyStoreException
            || (result != null && result.isCompletedExceptionally()));
  }

  boolean isAsync() {
    return spec.via() == CallSpec.Via.ASYNC || spec.via() == CallSpec.Via.ASYNC_CANCELLED;
  }

  /** Its recovery said how the key ends, or that nobody can tell. */
  boolean isSettledByItsRecovery() {
    return found != null && found != Finding.NOT_DONE;
  }

  /** The state that must be recorded; nothing if the run left its key to lapse. */
  Optional<KeyState> verdict() {
    return !ended || closedWithoutOutcome
        ? Optional.empty()
        : failure == null
            ? Optional.of(KeyState.COMPLETED)
            : Optional.ofNullable(plan().verdict(failure));
  }

  /** The call itself, on its strand. */
  void run() {
    try {
      Operation<String> operation = process.operation(plan());
      Fingerprint fingerprint = fingerprint(spec.otherRequest());
      outcome =
          switch (spec.via()) {
            case EXECUTE -> operation.execute(key, fingerprint, this::operate);
            case CLAIM, CLAIM_AND_CLOSE -> claim(operation.claim(key, fingerprint));
            case ASYNC, ASYNC_CANCELLED -> join(operation, fingerprint);
          };
    } catch (Strand.Crash e) {
      throw e;
    } catch (Throwable e) {
      thrown = e;
    }
    interruptedAtEnd = Thread.interrupted();
  }

  void returned() {
    to = process.simulation().step();
    if (process.isAlive()) {
      process.simulation().chronicle.answered(this);
      new CallJudge(process.simulation().ledger, this).judge();
    }
  }

  private Outcome<String> claim(Claim<String> claim) throws Throwable {
    if (claim instanceof Claim.Denied<String> denied) {
      return denied.outcome();
    }
    try (Lease<String> lease = ((Claim.Granted<String>) claim).lease()) {
      if (spec.via() == CallSpec.Via.CLAIM_AND_CLOSE) {
        closedWithoutOutcome = true;
      }
      String answer;
      try {
        answer = operate(lease.context());
      } catch (Strand.Crash e) {
        throw e;
      } catch (Throwable e) {
        if (closedWithoutOutcome) {
          return null;
        }
        Optional<Outcome<String>> first = lease.fail(e);
        requireSettled(lease);
        if (first.isPresent()) {
          return first.get();
        }
        throw e;
      }
      if (closedWithoutOutcome) {
        return null;
      }
      Outcome<String> completed = lease.complete(answer);
      requireSettled(lease);
      return completed;
    }
  }

  private void requireSettled(Lease<String> lease) {
    try {
      lease.complete("once more");
      process.simulation().ledger.violated("a lease was settled twice");
    } catch (MisuseException e) {
      // As it must be.
    }
  }

  private Outcome<String> join(Operation<String> operation, Fingerprint fingerprint)
      throws Throwable {
    result =
        operation.executeAsync(
            key, fingerprint, task -> process.execute(this, task), this::operateAsync);
    Strand strand = Strand.current();
    if (spec.via() == CallSpec.Via.ASYNC_CANCELLED) {
      // As long as the operation would sleep, the caller has patience.
      strand.pause(result::isDone, process.nanos() + Duration.ofMillis(patience()).toNanos());
      cancelled = result.cancel(false);
    }
    strand.pause(result::isDone);
    try {
      return result.join();
    } catch (CompletionException e) {
      throw e.getCause();
    }
  }

  private long patience() {
    return 20L * (spec.pauses() + spec.nap());
  }

  /** The operation's effect is made elsewhere: on a task of its own. */
  private CompletableFuture<String> operateAsync(OperationContext given) {
    begin(given);
    CompletableFuture<String> answer = new CompletableFuture<>();
    process.tasks.add(
        new SimulatedProcess.Task(
            this,
            () -> {
              String made;
              try {
                made = work();
              } catch (Strand.Crash e) {
                throw e;
              } catch (Throwable e) {
                answer.completeExceptionally(e);
                return;
              }
              answer.complete(made);
            }));
    return answer;
  }

  private String operate(OperationContext given) throws Exception {
    begin(given);
    return work();
  }

  private void begin(OperationContext given) {
    context = given;
    startedNanos = process.nanos();
    process.simulation().ledger.started(this);
    process.simulation().chronicle.started(this);
  }

  /** Its recovery, under the new lock: as slow as the operation would be. */
  Recovery.Finding<String> recover(OperationContext given) throws Exception {
    context = given;
    Ledger ledger = process.simulation().ledger;
    ledger.asked(this);
    try {
      linger();
    } catch (InterruptedException e) {
      found = Finding.THROWS;
      interrupted = true;
      throw e;
    }
    found =
        spec.finding() == Finding.NOT_DONE && ledger.mayBeRunning(this)
            ? Finding.UNKNOWN
            : spec.finding();
    wasLostWhenFound = given.isLeaseLost();
    process.simulation().reached("recovery: " + found);
    return switch (found) {
      case DONE -> {
        value = Canaries.ANSWER + "found-" + number;
        yield Recovery.Finding.done(value);
      }
      case NOT_DONE -> Recovery.Finding.notDone();
      case UNKNOWN -> Recovery.Finding.unknown();
      case THROWS -> throw new IllegalStateException(Canaries.BODY);
    };
  }

  private void linger() throws InterruptedException {
    Ledger ledger = process.simulation().ledger;
    for (int i = 0; i < spec.pauses(); i++) {
      Strand.current().pause(() -> true);
      heed();
      ledger.watch(this);
    }
    if (spec.nap() > 0) {
      Duration nap = plan().policy().lease().multipliedBy(spec.nap());
      Strand strand = Strand.current();
      strand.pause(
          () -> spec.heedsInterrupts() && strand.isInterrupted(), process.nanos() + nap.toNanos());
      heed();
      ledger.watch(this);
    }
  }

  private String work() throws Exception {
    try {
      linger();
      String answer = end();
      value = answer;
      return answer;
    } catch (Strand.Crash e) {
      throw e;
    } catch (Throwable e) {
      failure = e;
      throw e;
    } finally {
      ended = process.isAlive();
    }
  }

  private void heed() throws InterruptedException {
    if (spec.heedsInterrupts() && Thread.interrupted()) {
      interrupted = false;
      throw new InterruptedException(Canaries.BODY);
    }
  }

  @SuppressWarnings("Interruption") // an operation that does so is what is simulated
  private String end() throws Exception {
    String answer = Canaries.ANSWER + number;
    switch (spec.ending()) {
      case ANSWER -> {}
      case ANSWER_BELOW_LIMIT -> answer = padded(answer, SimulatedProcess.MAXIMUM_PAYLOAD - 1);
      case ANSWER_AT_LIMIT -> answer = padded(answer, SimulatedProcess.MAXIMUM_PAYLOAD);
      case ANSWER_OVER_LIMIT -> answer = padded(answer, SimulatedProcess.MAXIMUM_PAYLOAD + 1);
      case HARMLESS -> throw new Plan.Harmless();
      case PLAIN_FAILURE -> throw new IllegalStateException(answer);
      case REFUSAL -> throw new Plan.Refusal(answer);
      case DOUBTFUL -> throw new Plan.Doubtful();
      case ODD -> throw new Plan.Odd();
      case ERROR -> throw new AssertionError(answer);
      case VM_ERROR -> throw new StackOverflowError(answer);
      case INTERRUPTS_ITSELF -> {
        interrupted = !isAsync();
        Thread.currentThread().interrupt();
      }
      case NESTED -> nest();
    }
    return answer;
  }

  private static String padded(String text, int length) {
    return text + "x".repeat(length - text.length());
  }

  /** I41: the same key within its own operation is refused, not awaited; another is not. */
  private void nest() {
    if (spec.via() != CallSpec.Via.EXECUTE) {
      return;
    }
    long before = process.simulation().lines.messages();
    try {
      process
          .operation(plan())
          .execute(key, fingerprint(spec.otherRequest()), nested -> "nested answer");
      process.simulation().ledger.violated("I41 a nested call of the same key was let in");
    } catch (MisuseException e) {
      process.simulation().reached("nested call refused");
    }
    if (process.simulation().lines.messages() != before) {
      process.simulation().ledger.violated("I41 a nested call of the same key asked the store");
    }
  }

  @Override
  public String toString() {
    return "call %d in process %d, %s".formatted(number, process.number, spec);
  }
}
