package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;

/**
 * A process: an engine of its own, with clocks, timers, executor and a line to the store that are
 * all in the simulation's hand.
 */
final class SimulatedProcess implements Timing, Executor {
  /** The largest answer that an engine records, in bytes. */
  static final int MAXIMUM_PAYLOAD = 64;

  /** The largest payload that a narrow line takes; the engine does not know of it. */
  static final int NARROW = 60;

  record Task(SimulatedCall call, Runnable body) {}

  private record Due(long nanos, long order, Runnable body) {}

  final int number;
  final Idempotency idempotency;
  final List<Strand> strands = new ArrayList<>();

  /** What the executor has to run, and the call that it is a part of, if any. */
  final List<Task> tasks = new ArrayList<>();

  /** Whose lease was told to be lost: key digest, fence and attempt. */
  final List<IdempotencyListener.Event> losses = new ArrayList<>();

  /** What happens to the next messages of a kind, or of all. */
  Message.Fate weather = Message.Fate.ANSWERED;

  Message.Kind weatherOn;
  int weatherLeft;
  boolean stopped;
  boolean closed;
  boolean refusesWork;
  boolean everRefusedWork;
  boolean frozen;
  boolean wallFrozen;

  /** Whether its monotonic clock has always run with the store's. */
  boolean clockIsTrue = true;

  private final Simulation simulation;
  private final Map<Plan, Operation<String>> operations = new EnumMap<>(Plan.class);
  private final PriorityQueue<Due> timers =
      new PriorityQueue<>(Comparator.comparingLong(Due::nanos).thenComparingLong(Due::order));
  private long nanos;
  private long wallMillis;
  private long order;
  private boolean crashed;

  SimulatedProcess(Simulation simulation, int number) {
    this.simulation = simulation;
    this.number = number;
    this.nanos = 1_000_000_000L * (number + 1);
    this.wallMillis = 1_700_000_000_000L + simulation.storeNanos() / 1_000_000 + number * 1_000L;
    Line line = new Line();
    KeyStore store = number % 2 == 0 ? line : new CheapLine(line);
    this.idempotency =
        Idempotency.builder(store)
            .timing(this)
            .executor(this)
            .random(new Random(number))
            .grants(simulation.ledger::drawGrant)
            .maximumPayload(MAXIMUM_PAYLOAD)
            .listener(new Listener())
            .build();
    for (Plan plan : Plan.values()) {
      Operation<String> operation =
          idempotency.operation(Plan.OPERATION, Codec.text(), plan.policy());
      operations.put(
          plan,
          plan.mode() == OperationPolicy.Mode.RECOVER
              ? operation.withRecovery(context -> Strand.current().call.recover(context))
              : operation);
    }
  }

  Simulation simulation() {
    return simulation;
  }

  Operation<String> operation(Plan plan) {
    return operations.get(plan);
  }

  /** What happens to a message of its now. */
  Message.Fate fateOf(Message message) {
    boolean met = weatherLeft > 0 && (weatherOn == null || weatherOn == message.kind());
    weatherLeft -= met ? 1 : 0;
    return met ? weather : Message.Fate.ANSWERED;
  }

  boolean hasNarrowLine() {
    return number % 3 == 2;
  }

  // The process's life.

  boolean isAlive() {
    return !crashed;
  }

  void requireAlive() {
    if (crashed) {
      throw new Strand.Crash();
    }
  }

  /** Nothing of it goes on; what unwinds meets a crash at every point where it would. */
  void crash() {
    crashed = true;
    timers.clear();
    tasks.clear();
    for (Strand strand : strands) {
      for (int i = 0; !strand.isDone(); i++) {
        if (i > 1_000) {
          throw new AssertionError("a crashed strand goes on for ever");
        }
        strand.message = null;
        strand.proceed();
      }
    }
    strands.clear();
  }

  void start(SimulatedCall call) {
    start(new Strand(this, call, true, call::run));
  }

  void start(Task task) {
    tasks.remove(task);
    start(new Strand(this, task.call(), false, task.body()));
  }

  private void start(Strand strand) {
    strands.add(strand);
    proceed(strand);
  }

  void proceed(Strand strand) {
    strand.proceed();
    if (strand.isDone()) {
      strands.remove(strand);
      if (strand.isCaller) {
        strand.call.returned();
      }
    }
  }

  boolean hasCalls() {
    return strands.stream().anyMatch(strand -> strand.call != null)
        || tasks.stream().anyMatch(task -> task.call() != null);
  }

  // Clocks and timers.

  long nanos() {
    return nanos;
  }

  void pass(long by) {
    if (frozen && by > 0) {
      clockIsTrue = false;
    } else {
      nanos += by;
    }
    wallMillis += wallFrozen ? 0 : by / 1_000_000;
  }

  void leap(long by) {
    clockIsTrue = false;
    nanos += by;
  }

  void jumpWall(Duration by) {
    wallMillis += by.toMillis();
  }

  /** How long until something is due by itself; negative or zero: now. */
  Optional<Long> untilDue() {
    long due = timers.isEmpty() ? Long.MAX_VALUE : timers.peek().nanos();
    for (Strand strand : strands) {
      due = Math.min(due, strand.message == null ? strand.deadline : Long.MAX_VALUE);
    }
    return due == Long.MAX_VALUE || frozen ? Optional.empty() : Optional.of(due - nanos);
  }

  boolean hasDueTimer() {
    return !timers.isEmpty() && timers.peek().nanos() - nanos <= 0;
  }

  int timers() {
    return timers.size();
  }

  void fireTimer() {
    timers.remove().body().run();
  }

  @Override
  public long nanoTime() {
    if (Strand.current() != null) {
      requireAlive();
    }
    return nanos;
  }

  @Override
  public long currentTimeMillis() {
    return wallMillis;
  }

  @Override
  public boolean await(Future<?> signal, long length) throws InterruptedException {
    Strand strand = requireStrand("waits");
    requireAlive();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (!signal.isDone() && length > 0) {
      strand.pause(() -> signal.isDone() || strand.isInterrupted(), nanos + length);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
    return signal.isDone();
  }

  @Override
  public Timer schedule(long delayNanos, Runnable body) {
    Due due = new Due(nanos + delayNanos, order++, body);
    timers.add(due);
    return () -> timers.remove(due);
  }

  @Override
  public void execute(Runnable task) {
    execute(null, task);
  }

  /** Runs a task as a part of a call. */
  void execute(SimulatedCall call, Runnable task) {
    requireAlive();
    if (refusesWork) {
      everRefusedWork = true;
      throw new RejectedExecutionException("full");
    }
    tasks.add(new Task(call, task));
  }

  private Strand requireStrand(String what) {
    Strand strand = Strand.current();
    if (strand == null) {
      simulation.ledger.violated("the timer thread " + what);
      throw new IllegalStateException("the timer thread " + what);
    }
    return strand;
  }

  /** Every call of the store stops here until the simulation decides what becomes of it. */
  private final class Line implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return exchange(id, expected, next).casResult();
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return exchange(id, Stamp.ABSENT, null).found();
    }

    private Message exchange(KeyId id, Stamp expected, KeyRecord next) {
      Strand strand = requireStrand("calls the store");
      requireAlive();
      Message message = simulation.lines.message(SimulatedProcess.this, strand, id, expected, next);
      strand.message = message;
      strand.pause(() -> true);
      return message;
    }
  }

  /** Two of three claims begin with a read. */
  private static final class CheapLine implements ReadFirst {
    private final Line line;
    private int claims;

    CheapLine(Line line) {
      this.line = line;
    }

    @Override
    public boolean readsFirst(KeyId id) {
      return claims++ % 3 != 1;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return line.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return line.find(id);
    }
  }

  private final class Listener implements IdempotencyListener {
    @Override
    public void leaseLost(Event event) {
      losses.add(event);
      simulation.reached("lease loss told");
    }

    @Override
    public void inFlight(Event event) {
      // What a listener throws changes nothing.
      throw new IllegalStateException(Canaries.BODY);
    }
  }
}
