package io.idem4j;

import io.idem4j.OperationPolicy.Mode;
import io.idem4j.spi.KeyState;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * The end of the storm: faults stop, what was held back arrives or is dropped, time goes on. Then
 * everything must come to its end, and every key must be of use again.
 */
final class Calm {
  private static final int MOST_STEPS = 20_000;

  private final Simulation simulation;
  private final Ledger ledger;
  private final Random random;

  Calm(Simulation simulation, long seed) {
    this.simulation = simulation;
    this.ledger = simulation.ledger;
    this.random = new Random(seed);
  }

  private void check(boolean holds, String what, Object about) {
    if (!holds) {
      ledger.violated(what + " " + about);
    }
  }

  void bring() {
    noteWhatOutlivedItsHold();
    for (SimulatedProcess process : simulation.processes) {
      process.weatherLeft = 0;
      process.stopped = false;
      process.frozen = false;
      process.refusesWork = false;
    }
    while (!simulation.lines.held.isEmpty()) {
      if (random.nextBoolean()) {
        simulation.lines.deliverHeld(0, false);
      } else {
        simulation.lines.held.remove(0);
      }
    }
    finishCalls();
    checkHistory();
    // I19, I30, I31: a lease and a margin later nothing is locked by anybody who is gone.
    let(Plan.LONGEST_LEASE.plusSeconds(1));
    for (int key = 0; key < SimulatedKeys.keys(); key++) {
      if (key == 0 || !ledger.versions(SimulatedKeys.key(key).id()).isEmpty()) {
        probe(key);
      }
    }
    let(Plan.MAXIMUM_HOLD.plusSeconds(2));
    simulation.processes.forEach(this::checkNothingLeft);
    ledger.calls.forEach(call -> new CallJudge(ledger, call).judgeAtTheEnd());
    for (int key = 0; key < SimulatedKeys.keys(); key++) {
      checkEffects(key);
    }
  }

  /**
   * The checker of histories knows nothing of operators, nor of keys that are given back unused. It
   * asks that no message outlives the retention, its answer included, that fences are unique, and
   * that each end of a record can be told from what was answered.
   */
  private void checkHistory() {
    Set<String> reached = simulation.reached();
    boolean fencesAreUnique = simulation.wallClocksAreTrue() || !reached.contains("second life");
    if (fencesAreUnique
        && !reached.contains("pending release taken")
        && !reached.contains("a record expired whose writer did not know of it")
        && !reached.contains("resolved by an operator")
        && !reached.contains("a message outlived the retention")) {
      ledger.violations().addAll(simulation.chronicle.history().violations());
      simulation.reached("history checked");
    }
  }

  /** I21 promises the re-sending of an answer up to the maximum hold, and S8 no longer. */
  private void noteWhatOutlivedItsHold() {
    for (SimulatedCall call : ledger.calls) {
      long hold = call.plan().policy().maximumHold().toNanos();
      long ownTime = call.process.nanos() - call.fromNanos;
      long storeTime = simulation.storeNanos() - call.fromStoreNanos;
      call.outlivedItsHold =
          ownTime + 2_000_000_000L >= hold || storeTime >= Plan.RETENTION.toNanos() / 2;
    }
  }

  private boolean isBusy() {
    return simulation.processes.stream().anyMatch(each -> each.isAlive() && each.hasCalls());
  }

  /** I43: every call comes to its end. */
  private void finishCalls() {
    for (int i = 0; isBusy(); i++) {
      if (i > MOST_STEPS || !simulation.happen(random)) {
        check(false, "I43 a call does not end", ledger.calls);
        return;
      }
    }
  }

  /** Lets time pass, and everything happen that becomes due on the way. */
  private void let(Duration time) {
    long end = simulation.storeNanos() + time.toNanos();
    for (int i = 0; i < MOST_STEPS; i++) {
      if (!simulation.happensBefore(end, random)) {
        return;
      }
    }
    check(false, "I43 background work goes on for ever", "");
  }

  private SimulatedCall ask(int key, boolean other, Plan plan) {
    SimulatedProcess process = simulation.boot();
    CallSpec spec =
        new CallSpec(
            key,
            other,
            plan,
            CallSpec.Via.EXECUTE,
            CallSpec.Ending.ANSWER,
            0,
            0,
            false,
            CallSpec.Finding.NOT_DONE);
    SimulatedCall call = simulation.call(process, spec);
    finishCalls();
    return call;
  }

  /** A new process asks for the key, and asks again. */
  private void probe(int key) {
    KeyId id = SimulatedKeys.key(key).id();
    boolean other =
        ledger
            .live(id)
            .map(it -> it.record.fingerprint().equals(SimulatedCall.fingerprint(true).first()))
            .orElse(false);
    Plan plan = Plan.RERUN.like(SimulatedKeys.mode(key).orElse(Mode.RERUN));
    SimulatedCall first = ask(key, other, plan);
    if (first.outcome instanceof Outcome.InDoubt<String> && plan.mode() != Mode.RECOVER) {
      simulation.reached("doubt left at the end");
      ledger.resolve(key, false);
      first = ask(key, other, plan);
    }
    check(
        (first.outcome instanceof Outcome.Executed<String> executed && executed.recorded())
            || first.outcome instanceof Outcome.Replayed<String>
            || first.outcome instanceof Outcome.Failed<String>,
        "I19, I30, I31 a key is wedged",
        first + " " + first.outcome + " " + first.thrown);
    SimulatedCall second = ask(key, other, plan);
    check(
        second.outcome instanceof Outcome.Replayed<String>
            || second.outcome instanceof Outcome.Failed<String>,
        "I1 a settled key gives no answer",
        second + " " + second.outcome + " " + second.thrown);
    SimulatedCall third = ask(key, !other, plan);
    check(
        third.outcome instanceof Outcome.KeyReused<String>,
        "I10 another request was let in",
        third + " " + third.outcome);
  }

  /** I34, I43: nothing outlives its call, and close finds nothing to wait for. */
  private void checkNothingLeft(SimulatedProcess process) {
    if (!process.isAlive()) {
      return;
    }
    check(process.strands.isEmpty(), "I43 a thread outlives its call", process.strands);
    check(process.tasks.isEmpty(), "I43 a task is left", process.tasks);
    check(process.timers() == 0, "I43 a timer is left", process.timers());
    Engine engine = process.idempotency.engine();
    check(engine.pending().size() == 0, "I43 a pending write is left", engine.pending().size());
    check(engine.rooms().size() == 0, "I43 a waiting room is left", engine.rooms().size());
    process.idempotency.close();
    check(engine.activity().idle().isDone(), "I34, I43 something is under way", process.number);
  }

  /** I1, I12: the effects of each life are bounded by its grants, and one answer was recorded. */
  private void checkEffects(int key) {
    KeyId id = SimulatedKeys.key(key).id();
    List<RecordVersion> all = ledger.versions(id);
    int lives = all.isEmpty() ? 0 : all.get(all.size() - 1).life + 1;
    for (RecordVersion each : all) {
      check(each.life < lives, "the lives of a key", each.life);
    }
    for (RecordVersion first : all) {
      List<RecordVersion> life = all.stream().filter(it -> it.life == first.life).toList();
      long grants =
          life.stream()
              .filter(it -> it.state() == KeyState.LOCKED)
              .map(it -> it.record.stamp().grant())
              .distinct()
              .count();
      check(ledger.runs(id, first.life).size() <= grants, "I12 more runs than grants", life.size());
      check(
          life.stream().filter(it -> it.state().isTerminal()).count() <= 1,
          "I1 two answers were recorded",
          key);
    }
  }
}
