package io.idem4j.examples.jobs;

import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.ExecutionContext;
import com.github.kagkarlsson.scheduler.task.ExecutionHandler;
import com.github.kagkarlsson.scheduler.task.FailureHandler;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.idem4j.Fingerprint;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Runs a job of db-scheduler once per instance id, however often the scheduler runs it.
 *
 * <p><b>Why.</b> db-scheduler runs a job at least once. It runs it again after a failure, after the
 * death of a node between the work and the removal of the job, and when a node that lives misses
 * its heartbeats: then two nodes run one job at the same time.
 *
 * <p><b>Key.</b> The instance id, which must therefore be chosen for what is to be done, such as an
 * order's number, and not drawn anew by each call that schedules. A job that is scheduled again
 * under its old id after it was done does nothing, for as long as the record is kept: so retention
 * is longer than anybody may schedule again. The fingerprint is over the job's data.
 *
 * <p><b>What becomes of the job.</b> Done, now or before, in this or another process: removed.
 * Under way elsewhere, or nobody can tell yet: put back until the time that the outcome names,
 * which counts as no failure. Thrown: the scheduler's failure handler decides, and should back off.
 * Parked, and then removed, with a reason for a person: {@code key-reused} (the id was used for
 * other data; nothing ran), {@code outcome-unknown} (under {@link OperationPolicy#hold()}; it may
 * have taken effect), or the code of the failure that the policy declared final. Parking and
 * removing are two writes: a job may be parked twice.
 *
 * <p>db-scheduler logs instance ids; let none be a secret. Safe for use by many threads.
 *
 * @param <T> the type of the operation's answer
 */
public final class IdempotentJob<T extends @Nullable Object> implements ExecutionHandler<String> {
  /**
   * What the job does.
   *
   * @param <T> the type of the answer
   */
  @FunctionalInterface
  public interface Work<T extends @Nullable Object> {
    /**
     * Does it.
     *
     * @param data the job's data
     * @throws NotNowException to be run again later
     */
    T run(String data, OperationContext context) throws Exception;
  }

  /** Takes the jobs that will not run again by themselves. */
  @FunctionalInterface
  public interface Parking {
    /** Keeps the job where a person sees it. */
    void park(String id, String reason);
  }

  private final Operation<T> operation;
  private final Scope scope;
  private final Duration pause;
  private final Work<T> work;
  private final Parking parking;

  /**
   * Makes a job.
   *
   * @param pause for how long a job is put back whose answer is not known to be recorded
   */
  public IdempotentJob(
      Operation<T> operation, Scope scope, Duration pause, Work<T> work, Parking parking) {
    this.operation = operation;
    this.scope = scope;
    this.pause = pause;
    this.work = work;
    this.parking = parking;
  }

  /**
   * Returns the task for the scheduler. A job whose node is gone is run again by another.
   *
   * @param name the task's name
   * @param firstRetry after what time a failed job runs again; half as long again each time
   */
  public CustomTask<String> task(String name, Duration firstRetry) {
    return Tasks.custom(name, String.class)
        .onFailure(new FailureHandler.ExponentialBackoffFailureHandler<>(firstRetry, 1.5))
        .onDeadExecutionRevive()
        .execute(this);
  }

  @Override
  public CompletionHandler<String> execute(TaskInstance<String> job, ExecutionContext context) {
    String data = job.getData();
    Fingerprint fingerprint = Fingerprint.sha256().part("data", data).build();
    try {
      return end(
          job.getId(),
          operation.execute(scope, job.getId(), fingerprint, running -> work.run(data, running)));
    } catch (NotNowException e) {
      return later(e.retryAfter());
    } catch (RuntimeException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new JobFailedException(e);
    } catch (Exception e) {
      throw new JobFailedException(e);
    }
  }

  private CompletionHandler<String> end(String id, Outcome<T> outcome) {
    return outcome.fold(
        executed -> executed.recorded() ? done() : later(pause),
        replayed -> done(),
        recovered -> recovered.recorded() ? done() : later(pause),
        inFlight -> later(inFlight.retryAfter()),
        reused -> park(id, "key-reused"),
        failed -> park(id, failed.failure().code()),
        inDoubt ->
            inDoubt.retryAfter().map(this::later).orElseGet(() -> park(id, "outcome-unknown")));
  }

  private CompletionHandler<String> done() {
    return new CompletionHandler.OnCompleteRemove<>();
  }

  private CompletionHandler<String> later(Duration time) {
    return (complete, job) -> job.reschedule(complete, complete.getTimeDone().plus(time));
  }

  private CompletionHandler<String> park(String id, String reason) {
    return (complete, job) -> {
      parking.park(id, reason);
      job.remove();
    };
  }

  /** The work failed, by a checked exception. */
  static final class JobFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    JobFailedException(Exception cause) {
      super("the job failed: " + cause.getClass().getName(), cause);
    }
  }
}
