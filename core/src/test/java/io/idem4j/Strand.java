package io.idem4j;

import java.util.function.BooleanSupplier;

/** What one thread of a simulated process does: a call of a user's, or a task of the executor. */
final class Strand {
  private static final ThreadLocal<Strand> current = new ThreadLocal<>();

  final SimulatedProcess process;

  /** The user's call, or null for background work. */
  final SimulatedCall call;

  /** Whether it is the caller's own thread. */
  final boolean isCaller;

  private final SimulatedThread thread;
  private boolean done;

  /** What it is waiting for; null while it runs. */
  private BooleanSupplier over = () -> true;

  /** The message that it waits for the answer of. */
  Message message;

  /** When its wait ends by itself, on its process's clock. */
  long deadline = Long.MAX_VALUE;

  Strand(SimulatedProcess process, SimulatedCall call, boolean isCaller, Runnable work) {
    this.process = process;
    this.call = call;
    this.isCaller = isCaller;
    this.thread =
        SimulatedThread.toRun(
            () -> {
              current.set(this);
              try {
                work.run();
              } catch (Crash e) {
                // The process is gone.
              } catch (Throwable e) {
                process.simulation().ledger.violated("something escaped from a task: " + e);
              } finally {
                current.remove();
              }
            });
  }

  /** Thrown out of every point at which a crashed process would go on. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1L;

    Crash() {
      super("crashed", null, false, false);
    }
  }

  /** The strand that runs, or null on the simulation's own thread. */
  static Strand current() {
    return current.get();
  }

  boolean isDone() {
    return done;
  }

  boolean isReady() {
    return !done && message == null && over.getAsBoolean();
  }

  boolean isInterrupted() {
    return thread.isInterrupted();
  }

  void interrupt() {
    thread.interrupt();
  }

  /** For the simulation: lets it run to its next pause or its end. */
  void proceed() {
    done = thread.proceed();
  }

  /** For itself: pauses until the simulation lets it go on, not before this is over. */
  void pause(BooleanSupplier until) {
    process.requireAlive();
    over = until;
    thread.pause();
    deadline = Long.MAX_VALUE;
    process.requireAlive();
  }

  /** For itself: pauses until the time has come on its process's clock. */
  void pause(BooleanSupplier until, long end) {
    deadline = end;
    pause(() -> until.getAsBoolean() || process.nanos() - end >= 0);
  }
}
