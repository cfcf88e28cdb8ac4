package io.idem4j;

import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A real thread that runs only while the simulation waits for it, so that of all of them one runs
 * at a time. An interrupt that comes while it is paused is kept aside: the pause itself belongs to
 * the simulation and is never interrupted.
 */
final class SimulatedThread extends Thread {
  /** Shared by simulations one after the other, of which each has its own thread. */
  private static final Deque<SimulatedThread> idle = new ConcurrentLinkedDeque<>();

  private static final AtomicInteger started = new AtomicInteger();

  private final Semaphore turn = new Semaphore(0);
  private final Semaphore back = new Semaphore(0);
  private Runnable work;
  private boolean paused = true;
  private boolean interruptedMeanwhile;

  private SimulatedThread() {
    super("simulated-" + started.incrementAndGet());
    setDaemon(true);
  }

  /** Returns a thread that will do this work; for the simulation's own thread. */
  static SimulatedThread toRun(Runnable work) {
    SimulatedThread thread = idle.poll();
    if (thread == null) {
      thread = new SimulatedThread();
      thread.start();
    }
    thread.work = work;
    return thread;
  }

  /** Ends the threads that have nothing to do, and says how many were started in all. */
  static int endIdle() throws InterruptedException {
    for (SimulatedThread each = idle.poll(); each != null; each = idle.poll()) {
      each.turn.release();
      each.join();
      started.decrementAndGet();
    }
    return started.get();
  }

  /** Lets it run until it pauses or its work is done; says whether it is done. */
  boolean proceed() {
    turn.release();
    try {
      if (!back.tryAcquire(30, TimeUnit.SECONDS)) {
        AssertionError stuck = new AssertionError(getName() + " neither pauses nor ends");
        stuck.setStackTrace(getStackTrace());
        throw stuck;
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    boolean done = work == null;
    if (done) {
      idle.push(this);
    }
    return done;
  }

  /** Gives control back to the simulation until it is this thread's turn again. */
  void pause() {
    interruptedMeanwhile = Thread.interrupted();
    paused = true;
    back.release();
    turn.acquireUninterruptibly();
    paused = false;
    if (interruptedMeanwhile) {
      super.interrupt();
    }
  }

  @Override
  public void interrupt() {
    if (paused) {
      interruptedMeanwhile = true;
    } else {
      super.interrupt();
    }
  }

  @Override
  public boolean isInterrupted() {
    return paused ? interruptedMeanwhile : super.isInterrupted();
  }

  @Override
  public void run() {
    while (true) {
      turn.acquireUninterruptibly();
      if (work == null) {
        return;
      }
      paused = false;
      work.run();
      work = null;
      Thread.interrupted();
      interruptedMeanwhile = false;
      paused = true;
      back.release();
    }
  }
}
