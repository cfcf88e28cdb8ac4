package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.Stamp;
import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the threads of one engine share, against the same without threads. */
@Tag("lincheck")
class EngineStateLincheckTest {
  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  /** Calls that begin and end, and a close. */
  public static class Calls {
    private final Activity activity = new Activity(2);
    private final Begun[] begun = Stream.generate(Begun::new).limit(8).toArray(Begun[]::new);

    /** The cells of what one thread began. */
    private static final class Begun extends ArrayDeque<Integer> {
      private static final long serialVersionUID = 1;
    }

    /** Raised late and lowered early, so that it never exceeds the truth. */
    private final AtomicInteger running = new AtomicInteger();

    /** Says whether the call was let in. */
    @Operation
    public boolean begin(@Param(gen = ThreadIdGen.class) int thread) {
      int cell;
      try {
        cell = activity.beginCall();
      } catch (MisuseException e) {
        return false;
      }
      running.incrementAndGet();
      begun[thread].push(cell);
      return true;
    }

    /** Begins what follows from a call of this thread, if there is one. */
    @Operation
    public void follow(@Param(gen = ThreadIdGen.class) int thread) {
      if (!begun[thread].isEmpty()) {
        begun[thread].push(activity.begin());
        running.incrementAndGet();
      }
    }

    /** Ends a call of this thread, if there is one. */
    @Operation
    public void end(@Param(gen = ThreadIdGen.class) int thread) {
      if (!begun[thread].isEmpty()) {
        running.decrementAndGet();
        activity.end(begun[thread].pop());
      }
    }

    /** Closes. */
    @Operation
    public void close() {
      activity.close();
    }

    /** Says whether it is closed. */
    @Operation
    public boolean isClosed() {
      return activity.isClosed();
    }

    /** Idle means for ever: nothing runs any more. */
    @Operation
    public void idle() {
      if (activity.idle().isDone()) {
        require(activity.isClosed(), "idle and open");
        require(running.get() == 0, "idle and running: " + running.get());
      }
    }

    /** Once nobody calls, it is idle exactly if it is closed and nothing is under way. */
    @Validate
    public void idleIfClosedAndNothingRuns() {
      require(
          activity.idle().isDone() == (activity.isClosed() && running.get() == 0),
          "idle: %s, closed: %s, running: %s"
              .formatted(activity.idle().isDone(), activity.isClosed(), running.get()));
    }
  }

  /** Whoever comes after the close is refused. */
  public static class CallsModel {
    private boolean closed;

    /** Says whether the call is let in. */
    public boolean begin(int thread) {
      return !closed;
    }

    /** Nothing. */
    public void follow(int thread) {}

    /** Nothing. */
    public void end(int thread) {}

    /** Closes. */
    public void close() {
      closed = true;
    }

    /** Says whether it is closed. */
    public boolean isClosed() {
      return closed;
    }

    /** Nothing. */
    public void idle() {}
  }

  /** The stamps of one claim. */
  public static class Stamps {
    private final AtomicInteger grants = new AtomicInteger();
    private final Stamping stamping = new Stamping(() -> new Grant(1, grants.incrementAndGet()));

    /** Returns the counter of a fresh stamp. */
    @Operation
    public int fresh() {
      Stamp stamp = stamping.fresh();
      require(stamping.drew(stamp), "a stamp of another grant");
      return (int) stamp.low();
    }
  }

  /** Counts: no stamp is drawn twice, and none is left out. */
  public static class StampsModel {
    private int last;

    /** Returns the next. */
    public int fresh() {
      return ++last;
    }
  }

  /** Writes that are pending until they are answered; two at most. */
  public static class Pending {
    private static final int MAXIMUM = 2;
    private static final KeyMachine.Known ENDED = new KeyMachine.Known.Ended();

    private final Activity activity = new Activity();
    private final AtomicInteger grants = new AtomicInteger();
    private final AtomicInteger pending = new AtomicInteger();
    private final ConcurrentLinkedQueue<Runnable> submitted = new ConcurrentLinkedQueue<>();
    private final PendingWrites writes =
        new PendingWrites(new StillTiming(), this::submit, activity, MAXIMUM);

    private void submit(Runnable task) {
      int now = pending.incrementAndGet();
      require(now <= MAXIMUM, "pending: " + now);
      submitted.add(task);
    }

    /** Adds a write, which may be dropped. */
    @Operation
    public void add() {
      writes.add("test", new Grant(1, grants.incrementAndGet()), ENDED, () -> true, 0);
    }

    /** Answers a write, if there is one. */
    @Operation
    public void answer() {
      Runnable task = submitted.poll();
      if (task != null) {
        pending.decrementAndGet();
        task.run();
      }
    }

    /** Once nobody calls, the count is right, and all that is under way can end. */
    @Validate
    public void count() {
      require(writes.size() == pending.get(), "size " + writes.size() + ", pending " + pending);
      activity.close();
      while (!submitted.isEmpty()) {
        require(!activity.idle().isDone(), "idle with writes pending");
        answer();
      }
      for (int grant = 1; grant <= grants.get(); grant++) {
        KeyMachine.Known known = writes.of(new Grant(1, grant));
        require(known instanceof KeyMachine.Known.Nothing, "known at the end");
      }
      require(writes.size() == 0, "size " + writes.size() + " at the end");
      require(activity.idle().isDone(), "not idle at the end");
    }
  }

  /** Nothing is answered: what counts is what is pending at the end. */
  public static class NoAnswers {
    /** Nothing. */
    public void add() {}

    /** Nothing. */
    public void answer() {}
  }

  @Test
  void calls_modelChecking_noneIsMissedByAClose() {
    LincheckRuns.modelCheck(Calls.class, CallsModel.class);
  }

  @Test
  void calls_stress_noneIsMissedByAClose() {
    LincheckRuns.stress(Calls.class, CallsModel.class);
  }

  @Test
  void stamps_modelChecking_noneIsDrawnTwice() {
    LincheckRuns.modelCheck(Stamps.class, StampsModel.class);
  }

  @Test
  void stamps_stress_noneIsDrawnTwice() {
    LincheckRuns.stress(Stamps.class, StampsModel.class);
  }

  @Test
  void pendingWrites_modelChecking_areBoundedAndEnd() {
    LincheckRuns.modelCheck(
        Pending.class, NoAnswers.class, ConcurrentHashMap.class, ConcurrentLinkedQueue.class);
  }

  @Test
  void pendingWrites_stress_areBoundedAndEnd() {
    LincheckRuns.stress(Pending.class, NoAnswers.class);
  }
}
