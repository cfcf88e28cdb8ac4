package io.idem4j.tck;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What a {@link Worker} runs that does not only open a store: its calls are its own, and so is what
 * is judged by. The class has a constructor without parameters that the worker may call.
 */
@FunctionalInterface
public interface WorkerProgram {
  /** Calls with a number, from many threads. */
  @FunctionalInterface
  interface Calls {
    /**
     * Calls once.
     *
     * @param random decides how long it takes, and whether it fails
     */
    void call(int number, RandomGenerator random) throws Exception;
  }

  /**
   * Gets ready. What it needs closing is closed by the end of the process.
   *
   * @param arguments as they were given to {@link Worker.Plan}
   */
  Calls open(List<String> arguments) throws Exception;
}
