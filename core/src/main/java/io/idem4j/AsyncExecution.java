package io.idem4j;

import io.idem4j.KeyMachine.Request;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of {@link Operation#executeAsync}: each store call is a task of the executor, and
 * between them no thread waits. Its tasks follow one another, so nothing here is shared but the
 * result.
 */
final class AsyncExecution<T extends @Nullable Object> {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final long PATIENCE = Duration.ofMillis(100).toNanos();

  private final Operation<T> operation;
  private final Engine engine;
  private final Request request;
  private final AsyncAction<? extends T> action;
  private final Executor executor;
  private final Events.Subject subject;
  private final Claiming claiming;
  private final long waitUntil;
  private final CompletableFuture<Outcome<T>> result = new CompletableFuture<>();
  private WaitingRooms.@Nullable Seat seat;

  /** How to leave the turn that is taken. */
  private @Nullable Once turn;

  private Timing.@Nullable Timer patience;

  private boolean hasLeft;

  /** Where this call is counted as under way. */
  private int cell;

  AsyncExecution(
      Operation<T> operation,
      Engine engine,
      Request request,
      AsyncAction<? extends T> action,
      Executor executor) {
    this.operation = operation;
    this.engine = engine;
    this.request = request;
    this.action = action;
    this.executor = executor;
    long start = engine.timing().nanoTime();
    this.subject = engine.events().about(request.key(), start);
    this.claiming = new Claiming(engine, request, subject);
    this.waitUntil = start + request.policy().waitBudget().toNanos();
  }

  CompletableFuture<Outcome<T>> start() {
    cell = engine.activity().beginCall();
    submitClaim(
        () -> {
          // The seat comes first: a bell between a refusal and the wait for it is not lost.
          if (!request.policy().waitBudget().isZero()) {
            seat = engine.rooms().enter(request.id());
          }
          pursue(claiming.start());
        });
    return result;
  }

  /** A task before the operation runs: whatever it throws is the result, and nothing is left. */
  private void submitClaim(Runnable task) {
    Once once = new Once(() -> runClaim(task));
    submit(once, once);
  }

  /**
   * Goes on after a wait. Whoever rings, cancels or lets time pass must not do this call's work: an
   * executor that runs it in place gives it to the engine's.
   */
  private void submitTurn(Runnable task) {
    Once once = new Once(() -> runClaim(task));
    Thread here = Thread.currentThread();
    AtomicBoolean handedOver = new AtomicBoolean();
    submit(
        once,
        () -> {
          if (Thread.currentThread() == here && !handedOver.get()) {
            engine.executor().execute(once);
          } else {
            once.run();
          }
        });
    handedOver.set(true);
  }

  private void submit(Once once, Runnable task) {
    try {
      executor.execute(task);
    } catch (Throwable e) {
      if (once.take()) {
        leave();
        result.completeExceptionally(e);
      }
    }
  }

  private void runClaim(Runnable task) {
    try {
      if (result.isDone()) {
        leave();
      } else {
        task.run();
      }
    } catch (Throwable e) {
      leave();
      result.completeExceptionally(e);
    }
  }

  /** This call claims and waits no more; what still runs is counted by the held key. */
  private void leave() {
    if (hasLeft) {
      return;
    }
    hasLeft = true;
    if (turn != null) {
      turn.run();
    }
    endPatience();
    if (seat != null) {
      seat.close();
    }
    engine.activity().end(cell);
  }

  /** An executor that is stuck must not silence the room: another guest leads then. */
  private Timing.@Nullable Timer patienceFor(Once leaving) {
    try {
      return engine.timing().schedule(PATIENCE, leaving);
    } catch (Throwable e) {
      // Without a timer the turn is submitted all the same: nobody else would do it.
      return null;
    }
  }

  private void endPatience() {
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
  }

  private void pursue(Claiming.Answer answer) {
    if (answer instanceof Claiming.Answer.InFlight
        && seat != null
        && hasTime()
        && !engine.activity().isClosed()) {
      await(seat, answer);
    } else {
      settle(answer);
    }
  }

  /** A look, or a claim, may take longer than a poll. */
  private boolean hasTime() {
    return engine.timing().nanoTime() - waitUntil < 0;
  }

  private void await(WaitingRooms.Seat at, Claiming.Answer last) {
    WaitingRooms.Turn next = at.turn(waitUntil);
    Once leaving = new Once(next::leave);
    turn = leaving;
    CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
    long delay = Math.max(next.end() - engine.timing().nanoTime(), 0);
    Timing.Timer timer = engine.timing().schedule(delay, () -> over.complete(null));
    // A cancelled call goes at once, so that another guest leads.
    CompletableFuture<?> unused =
        CompletableFuture.anyOf(next.signal(), over, result)
            .whenComplete(
                (signal, failure) -> {
                  timer.cancel();
                  if (next.leads()) {
                    patience = patienceFor(leaving);
                  }
                  submitTurn(() -> proceed(at, next, leaving, last));
                });
  }

  private void proceed(
      WaitingRooms.Seat at, WaitingRooms.Turn ended, Once leaving, Claiming.Answer last) {
    turn = null;
    endPatience();
    if (!leaving.take()) {
      await(at, last);
      return;
    }
    WaitingRooms.Sight seen;
    try {
      boolean looked = ended.proceed(ended.signal().isDone(), claiming::look);
      if (!looked || engine.activity().isClosed()) {
        settle(last);
        return;
      }
      seen = ended.seen();
    } catch (KeyStoreException e) {
      throw claiming.failed(e);
    }
    if (seen == null) {
      pursue(last);
    } else {
      pursue(claiming.resume(seen.live()));
    }
  }

  private void settle(Claiming.Answer answer) {
    if (answer instanceof Claiming.Answer.Held held && result.isDone()) {
      claiming.giveBack(held.key());
      leave();
      return;
    }
    Claim<T> claim = operation.answer(subject, answer);
    leave();
    if (claim instanceof Claim.Denied<T> denied) {
      result.complete(denied.outcome());
    } else if (answer instanceof Claiming.Answer.Held held && result.isDone()) {
      // Cancelled while a recovery was asked.
      claiming.giveBack(held.key());
    } else {
      run(((Claim.Granted<T>) claim).lease());
    }
  }

  private void run(Lease<T> lease) {
    try {
      // Outside of the nesting: what depends on a result that is there at once may call again.
      begin(lease).whenComplete((value, thrown) -> submitEnd(() -> end(lease, value, thrown)));
    } catch (Throwable e) {
      fail(lease, e);
    }
  }

  private CompletionStage<? extends T> begin(Lease<T> lease) throws Exception {
    Nesting nesting = Nesting.enter(engine.store(), request.id());
    try {
      return Objects.requireNonNull(action.start(lease.context()), "the stage of the operation");
    } finally {
      nesting.leave();
    }
  }

  /** The effect is made: whoever refuses to run this, somebody does. */
  private void submitEnd(Runnable task) {
    Once once = new Once(task);
    for (Executor each : List.of(executor, engine.executor())) {
      try {
        each.execute(once);
        return;
      } catch (Throwable e) {
        tellRefusal(e);
      }
    }
    once.run();
  }

  private void tellRefusal(Throwable e) {
    try {
      log.warn(
          "{}: an executor refuses to record the end of the operation: {}",
          request.describe(),
          e.getClass().getName());
    } catch (Throwable unheard) {
      // Memory may be what the executor lacked; the end is what counts.
    }
  }

  @SuppressWarnings("NullAway") // without a failure the value is a T
  private void end(Lease<T> lease, @Nullable T value, @Nullable Throwable thrown) {
    if (thrown != null) {
      boolean wrapped = thrown instanceof CompletionException && thrown.getCause() != null;
      fail(lease, wrapped ? thrown.getCause() : thrown);
      return;
    }
    try {
      result.complete(lease.complete(value));
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }

  private void fail(Lease<T> lease, Throwable failure) {
    Optional<Outcome<T>> recordedFirst = Operation.fail(lease, failure);
    if (recordedFirst.isPresent()) {
      result.complete(recordedFirst.get());
    } else {
      result.completeExceptionally(failure);
    }
  }
}
