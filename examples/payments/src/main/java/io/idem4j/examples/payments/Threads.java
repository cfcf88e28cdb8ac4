package io.idem4j.examples.payments;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The threads that serve requests. */
final class Threads {
  private Threads() {}

  /**
   * Makes a pool for the JDK's server. A request for which there is neither a thread nor a place to
   * wait is hung up on at once.
   */
  static ThreadPoolExecutor create(int threads, int waiting) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(waiting),
            task -> {
              Thread thread = new Thread(task, "payments-http");
              thread.setDaemon(true);
              return thread;
            },
            (task, full) -> hangUp(task));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * Runs the server's task on the server's own thread, interrupted: so its first access to the
   * channel closes it instead of waiting for the client. The server knows no other way; it leaves
   * the connection of a rejected task open for ever.
   */
  private static void hangUp(Runnable task) {
    Thread.currentThread().interrupt();
    try {
      task.run();
    } finally {
      // The server's thread goes on.
      Thread.interrupted();
    }
  }
}
