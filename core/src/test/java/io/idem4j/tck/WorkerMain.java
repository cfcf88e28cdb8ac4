package io.idem4j.tck;

import io.idem4j.IdempotencyException;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.KeyStore;
import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The program of a {@link Worker}. */
final class WorkerMain {
  /** The numbers that all workers call at the same time. */
  private static final int PRESENT = 6;

  private static final int PAUSE_MILLIS = 10;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final WorkerProgram.Calls calls;
  private final long origin;
  private final long numberEach;
  private final long past;
  private final CountDownLatch called = new CountDownLatch(1);
  private volatile boolean isOver;

  private WorkerMain(WorkerProgram.Calls calls, long origin, Duration numberEach, Duration lease) {
    this.calls = calls;
    this.origin = origin;
    this.numberEach = numberEach.toNanos();
    // What was held by a worker that is dead is called again when its lease is over.
    this.past = 2 * lease.toNanos() / this.numberEach;
  }

  /** Runs a worker. */
  public static void main(String[] arguments) throws Exception {
    int number = Integer.parseInt(arguments[0]);
    Path directory = Path.of(arguments[1]);
    Duration lease = Duration.parse(arguments[2]);
    int threads = Integer.parseInt(arguments[3]);
    Duration numberEach = Duration.parse(arguments[4]);
    boolean isBlind = Boolean.parseBoolean(arguments[5]);
    long origin = Long.parseLong(arguments[6]);
    long seed = Long.parseLong(arguments[7]);
    Constructor<?> constructor = Class.forName(arguments[8]).getDeclaredConstructor();
    constructor.setAccessible(true);
    Object program = constructor.newInstance();
    List<String> own = Arrays.asList(arguments).subList(9, arguments.length);
    if (program instanceof WorkerProgram other) {
      WorkerProgram.Calls calls = open(() -> other.open(own));
      new WorkerMain(calls, origin, numberEach, lease).run(threads, seed);
    } else {
      KeyStore store = open(() -> ((WorkerStore) program).open(own));
      HistoryRecorder recorder =
          new HistoryRecorder(HistoryFile.create(directory.resolve("history-" + number)));
      EffectFiles effects = new EffectFiles(directory.resolve("effects"));
      WorkerCalls calls = new WorkerCalls(store, recorder, effects, lease, Duration.ZERO, isBlind);
      new WorkerMain(calls::call, origin, numberEach, lease).run(threads, seed);
      calls.end();
    }
    System.out.println(Worker.DONE);
    // A driver may have threads of its own that keep a process alive.
    Runtime.getRuntime().halt(0);
  }

  /** Its server may be down just now. */
  private static <T> T open(Callable<T> opener) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        return opener.call();
      } catch (KeyStoreException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        pause();
      }
    }
  }

  private void run(int threads, long seed) throws Exception {
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      SplittableRandom random = new SplittableRandom(seed + i);
      Thread thread = new Thread(() -> call(random), "worker-" + i);
      running.add(thread);
      thread.start();
    }
    called.await();
    System.out.println(Worker.READY);
    if (System.in.read() < 0) {
      // Its master is gone.
      Runtime.getRuntime().halt(1);
    }
    isOver = true;
    for (Thread each : running) {
      each.join();
    }
  }

  private void call(SplittableRandom random) {
    while (!isOver) {
      long present = (System.nanoTime() - origin) / numberEach;
      long back = random.nextInt(3) > 0 ? random.nextInt(PRESENT) : random.nextLong(past);
      try {
        calls.call((int) Math.max(0, present - back), random);
        called.countDown();
      } catch (IdempotencyException e) {
        pause();
      } catch (Exception e) {
        // The action's own; recorded.
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
