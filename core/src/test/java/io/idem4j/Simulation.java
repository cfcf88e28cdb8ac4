package io.idem4j;

import io.idem4j.memory.MemoryKeyStore;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * A world of processes that share one store. Real threads run the engines, one at a time: each
 * gives control back at every call of the store, every wait and every pause of an operation, and
 * the simulation decides what happens next. The same decisions lead to the same history.
 */
final class Simulation {
  static final int MOST_CALLS = 8;
  private static final int MOST_PROCESSES = 6;
  private static final int CALLS_PER_SET = 8;

  final Ledger ledger = new Ledger(this);
  final Chronicle chronicle = new Chronicle(this);
  final MemoryKeyStore memory = new MemoryKeyStore(100, this::storeNanos);
  final List<SimulatedProcess> processes = new ArrayList<>();
  final Lines lines = new Lines(this);

  private final Set<String> reached = new LinkedHashSet<>();
  private long storeNanos = 1;
  private long step;
  private long crashes;
  private boolean wallClocksAreTrue = true;

  long storeNanos() {
    return storeNanos;
  }

  long step() {
    return step;
  }

  void nextStep() {
    step++;
  }

  long crashes() {
    return crashes;
  }

  boolean wallClocksAreTrue() {
    return wallClocksAreTrue;
  }

  void reached(String what) {
    reached.add(what);
  }

  Set<String> reached() {
    return reached;
  }

  // What is there to choose from.

  static <T> Optional<T> chosen(List<T> from, int choice) {
    return from.isEmpty()
        ? Optional.empty()
        : Optional.of(from.get(Math.floorMod(choice, from.size())));
  }

  Optional<SimulatedProcess> process(int choice) {
    return chosen(processes.stream().filter(SimulatedProcess::isAlive).toList(), choice);
  }

  Optional<Message> pending(int choice) {
    return chosen(lines.pending, choice);
  }

  // The beginnings and ends of processes and calls.

  SimulatedProcess boot() {
    SimulatedProcess process = new SimulatedProcess(this, processes.size());
    processes.add(process);
    return process;
  }

  void mayBoot() {
    if (processes.stream().filter(SimulatedProcess::isAlive).count() < 3
        && processes.size() < MOST_PROCESSES) {
      boot();
    }
  }

  void call(int choice, CallSpec spec) {
    long running = processes.stream().mapToLong(each -> each.strands.size()).sum();
    List<SimulatedProcess> able =
        processes.stream().filter(each -> each.isAlive() && !each.stopped).toList();
    if (running < MOST_CALLS) {
      call(chosen(able, choice).orElseGet(this::boot), onFreshKeys(spec));
    }
  }

  /** Keys are settled soon, so the storm moves on to others of the same kinds. */
  private CallSpec onFreshKeys(CallSpec spec) {
    int set = ledger.calls.size() / CALLS_PER_SET;
    int key = (spec.key() + set * SimulatedKeys.KINDS) % SimulatedKeys.keys();
    return spec.under(key);
  }

  SimulatedCall call(SimulatedProcess process, CallSpec spec) {
    step++;
    SimulatedCall call = new SimulatedCall(ledger.calls.size(), spec, process, step);
    ledger.calls.add(call);
    process.start(call);
    return call;
  }

  void crash(SimulatedProcess process) {
    step++;
    crashes++;
    lines.crashed(process);
    if (ledger.calls.stream().anyMatch(each -> each.process == process && each.isRunning())) {
      reached("crash during a run");
    }
    process.crash();
  }

  // Time.

  /** Lets time pass, and looks at each holder at the very moment at which its lease is over. */
  void pass(long nanos) {
    step++;
    long end = storeNanos + nanos;
    while (storeNanos < end) {
      advance(nextLeaseEnd(end) - storeNanos);
      check();
    }
    lines.dropOld();
    ledger.expire();
  }

  private void advance(long nanos) {
    storeNanos += nanos;
    processes.forEach(each -> each.pass(nanos));
  }

  private long nextLeaseEnd(long latest) {
    return ledger.calls.stream()
        .filter(SimulatedCall::isRunning)
        .flatMap(each -> ledger.live(each.key.id()).stream())
        .mapToLong(each -> each.leaseEnd)
        .filter(each -> each > storeNanos && each < latest)
        .min()
        .orElse(latest);
  }

  void distrustWallClocks() {
    wallClocksAreTrue = false;
  }

  // What happens by itself.

  /** Lets one thing happen that may happen now, or time pass until something may. */
  boolean happen(Random random) {
    return happenNow(random) || waitUntilDue(Long.MAX_VALUE);
  }

  /** As {@link #happen}, but time passes to this end at most; false when it has come. */
  boolean happensBefore(long end, Random random) {
    return happenNow(random) || (storeNanos - end < 0 && waitUntilDue(end - storeNanos));
  }

  private boolean waitUntilDue(long most) {
    Optional<Long> due = untilDue().map(it -> Math.min(Math.max(it, 1), most));
    if (due.isEmpty() && most == Long.MAX_VALUE) {
      return false;
    }
    pass(due.orElse(most));
    return true;
  }

  private boolean happenNow(Random random) {
    List<Runnable> possible = new ArrayList<>();
    for (SimulatedProcess process : processes) {
      if (process.isAlive() && !process.stopped) {
        for (Strand strand : process.strands) {
          if (strand.isReady()) {
            possible.add(() -> process.proceed(strand));
          }
        }
        if (process.hasDueTimer()) {
          possible.add(process::fireTimer);
        }
        for (SimulatedProcess.Task task : process.tasks) {
          possible.add(() -> process.start(task));
        }
      }
    }
    for (Message message : lines.pending) {
      possible.add(() -> lines.meet(message, message.process.fateOf(message)));
    }
    if (possible.isEmpty()) {
      return false;
    }
    step++;
    possible.get(random.nextInt(possible.size())).run();
    return true;
  }

  private Optional<Long> untilDue() {
    return processes.stream()
        .filter(each -> each.isAlive() && !each.stopped)
        .flatMap(each -> each.untilDue().stream())
        .min(Long::compare);
  }

  void check() {
    for (SimulatedCall call : ledger.calls) {
      if (call.isRunning() && call.context != null) {
        ledger.watch(call);
      }
    }
  }

  /** Ends all threads, whatever they are doing. */
  void end() {
    for (SimulatedProcess process : processes) {
      if (process.isAlive()) {
        process.crash();
      }
    }
  }
}
