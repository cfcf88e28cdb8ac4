package io.idem4j.examples.jobs;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.task.Task;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;

/** How each node's scheduler is set up. */
final class Node {
  private static final int THREADS = 10;

  /** So many heartbeats are missed by a node that is taken for dead; the scheduler's least. */
  private static final int MISSED_HEARTBEATS = 4;

  private Node() {}

  /**
   * Returns a scheduler that is not started yet.
   *
   * @param name tells the nodes apart
   * @param beat between two heartbeats, and between two looks for due jobs
   */
  static SchedulerBuilder scheduler(
      DataSource database, String name, Duration beat, List<Task<?>> tasks) {
    return Scheduler.create(database, tasks)
        .schedulerName(new SchedulerName.Fixed(name))
        .serializer(new TextSerializer())
        .threads(THREADS)
        .pollingInterval(beat)
        .heartbeatInterval(beat)
        .missedHeartbeatsLimit(MISSED_HEARTBEATS)
        .shutdownMaxWait(Duration.ofSeconds(5));
  }
}
