package io.idem4j.tck;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Threads that do something at the same time, again and again. For use by one thread, with
 * try-with-resources.
 */
public final class Together implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 120;

  private final int threads;
  private final ExecutorService pool;

  /** Something that one of the threads does. */
  public interface Task<T> {
    /**
     * Does it.
     *
     * @param thread the number of the thread, from zero
     */
    T run(int thread) throws Exception;
  }

  /** Starts the threads. */
  public Together(int threads) {
    this.threads = threads;
    this.pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "idem4j-tck");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Runs the task once in every thread, all starting together, and waits for all of them.
   *
   * @return what each thread returned, by its number
   * @throws AssertionError if a task threw (its cause) or did not end
   */
  public <T> List<T> run(Task<T> task) {
    CyclicBarrier start = new CyclicBarrier(threads);
    List<Future<T>> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      running.add(
          pool.submit(
              () -> {
                start.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
                return task.run(thread);
              }));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> each : running) {
      results.add(await(each));
    }
    return results;
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }

  private static <T> T await(Future<T> running) {
    try {
      return running.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AssertionError error) {
        throw error;
      }
      throw new AssertionError("a thread failed: " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("a thread did not end within " + PATIENCE_SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while threads were running", e);
    }
  }
}
