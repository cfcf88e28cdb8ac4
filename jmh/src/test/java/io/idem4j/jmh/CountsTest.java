package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.Result;

/** What is counted, and whose it is. The counters are this JVM's: only differences are compared. */
final class CountsTest {
  private static final String OF_JMH = "io.idem4j.jmh.AnyBenchmark.any-jmh-worker-1";
  private static final String OTHER = "renewal";

  /** Does work in a thread of this name, and returns what its calls and all threads counted. */
  private static double[] counted(Counts what, String thread, Counts.Work<Exception> work)
      throws Exception {
    double calls = what.ofCalls();
    double all = what.ofAll();
    FutureTask<Integer> task =
        new FutureTask<>(
            () -> {
              work.run();
              return 0;
            });
    new Thread(task, thread).start();
    task.get();
    return new double[] {what.ofCalls() - calls, what.ofAll() - all};
  }

  @Test
  void whatAThreadOfJmhCounts_isACalls() throws Exception {
    assertThat(counted(Counts.RUNS, OF_JMH, () -> Counts.RUNS.add(2))).containsExactly(2, 2);
    assertThat(Counts.RUNS.isCounting()).isTrue();
  }

  @Test
  void whatAnotherThreadCounts_isNoCalls() throws Exception {
    assertThat(counted(Counts.RUNS, OTHER, () -> Counts.RUNS.add(2))).containsExactly(0, 2);
  }

  @Test
  void threadThatIsMadeACallers_countsForCalls() throws Exception {
    Counts.Work<Exception> work =
        () -> {
          Counts.RUNS.add(1);
          Counts.ofThisThread();
          Counts.RUNS.add(2);
        };
    assertThat(counted(Counts.RUNS, OTHER, work)).containsExactly(2, 3);
  }

  @Test
  void whatIsDoneAside_isNotCounted_howeverDeep() throws Exception {
    Counts.Work<Exception> work =
        () -> {
          Counts.aside(
              () -> {
                Counts.aside(() -> Counts.RUNS.add(1));
                Counts.RUNS.add(2);
              });
          Counts.RUNS.add(4);
        };
    assertThat(counted(Counts.RUNS, OF_JMH, work)).containsExactly(4, 4);
    assertThat(counted(Counts.RUNS, OTHER, work)).containsExactly(0, 4);
  }

  @Test
  void workAsideThatThrows_isTheEndOfIt() throws Exception {
    Counts.Work<Exception> work =
        () -> {
          assertThatIllegalStateException().isThrownBy(() -> Counts.aside(CountsTest::fail));
          Counts.RUNS.add(4);
        };
    assertThat(counted(Counts.RUNS, OF_JMH, work)).containsExactly(4, 4);
  }

  private static void fail() {
    Counts.RUNS.add(1);
    throw new IllegalStateException("meant");
  }

  /**
   * The texts of a profiler's results, of an iteration of four operations in which this is done.
   */
  private static String[] profiled(Counts.Work<Exception> work) throws Exception {
    // What was counted before the iteration is not its own.
    counted(Counts.UNITS_UNTOLD, OF_JMH, () -> Counts.UNITS_UNTOLD.add(1));
    counted(Counts.RUNS, OF_JMH, () -> Counts.RUNS.add(1));
    CountsProfiler profiler = new CountsProfiler();
    profiler.begin();
    counted(Counts.RUNS, OF_JMH, work);
    counted(Counts.RUNS, OTHER, work);
    return profiler.results(4).stream().map(CountsTest::text).toArray(String[]::new);
  }

  private static String text(Result<?> result) {
    return result.getLabel() + " " + result.getScore() + " " + result.getScoreUnit();
  }

  @Test
  void profiler_dividesWhatCallsCountedSinceTheIterationBegan_byTheOperations() throws Exception {
    assertThat(profiled(() -> Counts.RUNS.add(6)))
        .contains("runs 1.5 runs/op")
        .noneMatch(it -> it.startsWith("polls "));
  }

  @Test
  void profiler_leavesUnitsOut_whereOneWasUntold() throws Exception {
    assertThat(profiled(() -> Counts.UNITS.add(8))).contains("units 2.0 units/op");
    Counts.Work<Exception> untold =
        () -> {
          Counts.UNITS.add(8);
          Counts.UNITS_UNTOLD.add(1);
        };
    assertThat(profiled(untold)).noneMatch(it -> it.startsWith("units"));
  }

  @Test
  void profiler_dividesPollsByTheIntervals() throws Exception {
    Counts.Work<Exception> work =
        () -> {
          Counts.POLLS.add(6);
          Counts.INTERVALS.add(2);
        };
    assertThat(profiled(work)).contains("polls 3.0 polls/interval");
  }

  @Test
  void profilerOfAnIterationWithoutOperations_hasNoneToDivideBy() throws Exception {
    counted(Counts.RUNS, OF_JMH, () -> Counts.RUNS.add(1));
    CountsProfiler profiler = new CountsProfiler();
    profiler.begin();
    assertThat(profiler.results(0)).isEmpty();
  }
}
