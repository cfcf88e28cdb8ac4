package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What truly happened: every version that the store ever held, every run of an operation, and every
 * message that was sent. Checks each as it comes; what is wrong is kept until somebody asks.
 */
final class Ledger {
  final List<SimulatedCall> calls = new ArrayList<>();
  private final Simulation simulation;
  private final Map<KeyId, List<RecordVersion>> versions = new HashMap<>();
  private final Map<Grant, SimulatedCall> byGrant = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private final Set<Stamp> operators = new HashSet<>();
  private int grants;

  Ledger(Simulation simulation) {
    this.simulation = simulation;
  }

  void violated(String what) {
    violations.add(what);
  }

  void check(boolean holds, String what, Object... about) {
    if (!holds) {
      violations.add(what + " " + Arrays.toString(about));
    }
  }

  List<String> violations() {
    return violations;
  }

  Grant drawGrant() {
    Strand strand = Strand.current();
    Grant grant = new Grant(0x1de4, ++grants);
    if (strand == null || strand.call == null) {
      violated("a grant was drawn outside a call");
    } else {
      // A claim that was refused may try again under another grant, once it holds nothing.
      Grant earlier = strand.call.grant;
      check(
          earlier == null
              || live(strand.call.key.id())
                  .filter(it -> it.state() == KeyState.LOCKED && it.isOf(earlier))
                  .isEmpty(),
          "I17 a call drew a second grant while it held the key",
          strand.call);
      strand.call.grant = grant;
      byGrant.put(grant, strand.call);
    }
    return grant;
  }

  /** The call that drew this grant, or null. */
  SimulatedCall callOf(Grant grant) {
    return byGrant.get(grant);
  }

  // Versions.

  List<RecordVersion> versions(KeyId id) {
    return versions.computeIfAbsent(id, key -> new ArrayList<>());
  }

  List<RecordVersion> during(KeyId id, long from, long to) {
    return versions(id).stream().filter(each -> each.from <= to && each.until >= from).toList();
  }

  Optional<RecordVersion> live(KeyId id) {
    List<RecordVersion> all = versions(id);
    return all.isEmpty() || all.get(all.size() - 1).until != Long.MAX_VALUE
        ? Optional.empty()
        : Optional.of(all.get(all.size() - 1));
  }

  /** Takes note of what is past its retention. */
  void expire() {
    for (int i = 0; i < SimulatedCall.keys(); i++) {
      KeyId id = SimulatedCall.key(i).id();
      if (simulation.memory.find(id).isEmpty()) {
        live(id).ifPresent(this::expired);
      }
    }
  }

  private void expired(RecordVersion over) {
    over.until = simulation.step() - 1;
    SimulatedCall by = byGrant.get(over.record.stamp().grant());
    if (by != null
        && by.unresolved.values().stream().anyMatch(it -> it.stamp().equals(over.record.stamp()))) {
      simulation.reached("a record expired whose writer did not know of it");
    }
  }

  /** A message of an engine's reaches the store. */
  Object arrive(Message message) {
    if (message.isRead()) {
      return simulation.memory.find(message.id);
    }
    Optional<StoredRecord> before = simulation.memory.find(message.id);
    CasResult result = simulation.memory.compareAndSet(message.id, message.expected, message.next);
    if (result instanceof CasResult.Applied) {
      applied(message.id, before);
    } else if (byGrant.get(message.next.stamp().grant()).settlementSent) {
      simulation.reached("settlement refused");
    }
    return result;
  }

  private void applied(KeyId id, Optional<StoredRecord> before) {
    StoredRecord after = simulation.memory.find(id).orElseThrow();
    Optional<RecordVersion> old = live(id);
    int life = old.map(each -> each.life).orElseGet(() -> versions(id).size());
    SimulatedCall by = byGrant.get(after.stamp().grant());
    if (by != null) {
      checkTimes(after, by);
      if (before.isEmpty()) {
        checkFirst(id, after.record(), by);
      } else {
        new Move(before.get(), old.orElseThrow(), after, by).check();
      }
    }
    old.ifPresent(each -> each.until = simulation.step());
    long leaseEnd = simulation.storeNanos() + after.leaseLeft().toNanos();
    versions(id).add(new RecordVersion(life, after.record(), simulation.step(), leaseEnd));
  }

  /** I31, I32: every record has a finite retention that outlives its lease and the calls. */
  private void checkTimes(StoredRecord after, SimulatedCall by) {
    OperationPolicy policy = by.plan().policy();
    Duration least = policy.lease().plus(policy.storeDeadline().multipliedBy(2));
    check(after.retentionLeft().compareTo(least) >= 0, "I32 retention is too short", by);
    check(after.leaseLeft().compareTo(policy.lease()) <= 0, "I31 lease is too long", by);
  }

  private void checkFirst(KeyId id, KeyRecord first, SimulatedCall by) {
    check(first.state() == KeyState.LOCKED, "the first state of a record", first, by);
    check(first.attempt() == 1, "the first attempt", first, by);
    checkGranted(first, by);
    List<RecordVersion> earlier = versions(id);
    if (!earlier.isEmpty()) {
      simulation.reached("second life");
      check(
          !simulation.wallClocksAreTrue()
              || first.fence() > earlier.get(earlier.size() - 1).record.fence(),
          "I2 the fence fell from one life to the next",
          by);
    }
  }

  /** I10, I12, I17, I18: what holds whenever a claim takes effect. */
  private void checkGranted(KeyRecord locked, SimulatedCall by) {
    check(
        SimulatedCall.fingerprint(by.spec.otherRequest()).first().equals(locked.fingerprint()),
        "I10 a claim with another fingerprint was granted",
        by);
    check(!by.started, "I12 a claim took effect after its operation had begun", by);
    // A claim that lost the key before its operation began may take it anew, with a higher fence.
    check(
        versions(by.key.id()).stream().noneMatch(it -> it.isOf(by.grant) && it.isSettlement()),
        "I17 a settled claim took effect once more",
        by);
  }

  /** One write over a live record. */
  private final class Move {
    private final KeyRecord from;
    private final boolean leaseOver;
    private final RecordVersion old;
    private final StoredRecord stored;
    private final KeyRecord to;
    private final SimulatedCall by;
    private final boolean ownLock;
    private final boolean ownDoubt;

    Move(StoredRecord before, RecordVersion old, StoredRecord after, SimulatedCall by) {
      this.from = before.record();
      this.leaseOver = before.leaseLeft().isNegative() || before.leaseLeft().isZero();
      this.old = old;
      this.stored = after;
      this.to = after.record();
      this.by = by;
      // By the grant of the write itself: its call may hold another by now, and withdraw this one.
      Grant own = to.stamp().grant();
      this.ownLock = from.state() == KeyState.LOCKED && from.stamp().isOf(own);
      this.ownDoubt = from.state() == KeyState.FAILED_IN_DOUBT && from.grant().equals(own);
    }

    private void require(boolean holds, String what) {
      Ledger.this.check(holds, what, from.state(), to.state(), by);
    }

    void check() {
      require(!from.state().isTerminal(), "I5 a terminal state was left");
      require(from.state().canMoveTo(to.state()), "an illegal move");
      require(from.fingerprint().equals(to.fingerprint()), "I11 the fingerprint was changed");
      switch (to.state()) {
        case LOCKED -> {
          if (ownLock) {
            renewed();
          } else {
            granted();
          }
        }
        case COMPLETED, FAILED_FINAL, FAILED_RETRYABLE -> {
          require(ownLock || ownDoubt, "I3, I4, I26 a record was settled that was another's");
          require(from.fence() == to.fence(), "I2 a settlement changed the fence");
          settled();
          if (ownDoubt) {
            simulation.reached("doubt settled by its own holder");
          }
        }
        case FAILED_IN_DOUBT -> {
          require(from.fence() == to.fence(), "I2 a doubt changed the fence");
          require(from.attempt() == to.attempt(), "a doubt changed the attempt");
          if (ownLock) {
            settled();
          } else {
            marked();
          }
        }
        case NEW -> require(false, "NEW was stored");
      }
    }

    private void renewed() {
      require(from.fence() == to.fence(), "I2 a renewal changed the fence");
      require(from.attempt() == to.attempt(), "a renewal changed the attempt");
      boolean whole = to.lease().equals(by.plan().policy().lease());
      require(
          !whole || simulation.storeNanos() + stored.leaseLeft().toNanos() >= old.leaseEnd,
          "I29 a renewal lowered the lease");
      simulation.reached(by.started ? "renewed" : "renewed before the run");
    }

    private void granted() {
      checkGranted(to, by);
      require(to.fence() > from.fence(), "I2 the fence did not rise");
      SimulatedCall before = byGrant.get(from.stamp().grant());
      if (from.state() == KeyState.LOCKED) {
        boolean released = isPendingRelease(before);
        require(leaseOver || released, "I8, I9 a running lease was taken over");
        require(released || by.plan().reruns(), "a lapsed lock was taken over under hold");
        int most = from.attempt() + 1;
        int least = before.neverRuns() ? from.attempt() : most;
        require(to.attempt() >= least && to.attempt() <= most, "the attempt of a takeover");
        simulation.reached(released ? "pending release taken" : "takeover");
      } else {
        require(from.state() == KeyState.FAILED_RETRYABLE, "a claim over what is not free");
        require(to.attempt() == from.attempt() + 1, "the attempt of a claim");
        simulation.reached("released key taken");
      }
    }

    /** This engine's own release of it may be on its way. */
    private boolean isPendingRelease(SimulatedCall holder) {
      boolean ranAndReleases =
          holder.settlementSent
              && holder.verdict().filter(it -> it == KeyState.FAILED_RETRYABLE).isPresent();
      return holder.process == by.process && (ranAndReleases || holder.neverRuns());
    }

    private void marked() {
      require(from.state() == KeyState.LOCKED, "a doubt over what is not locked");
      require(leaseOver, "I8 a running lease was marked as in doubt");
      require(to.grant().equals(from.stamp().grant()), "a mark must keep the grant");
      require(!by.plan().reruns(), "a policy that re-runs marked a doubt");
      simulation.reached("lapsed lock marked in doubt");
    }

    /** I7, I18, I40: what is recorded is what the run brought, and nothing before it ended. */
    private void settled() {
      if (!by.started) {
        require(to.state() == KeyState.FAILED_RETRYABLE, "I18 a claim that never ran was settled");
        require(to.attempt() == from.attempt() - 1, "a withdrawal puts the attempt back");
        simulation.reached("withdrawal delivered");
        return;
      }
      require(by.ended, "I7, I34 a key was settled while its operation ran");
      require(by.verdict().filter(it -> it == to.state()).isPresent(), "I40 another verdict");
      require(to.attempt() == from.attempt(), "a settlement changed the attempt");
      if (to.state().isTerminal()) {
        byte[] expected = ExpectedRecord.payload(by);
        require(
            Arrays.equals(expected, to.slots().payload()), "I6 a record is not what the run gave");
        if (by.failure == null && !ExpectedRecord.isBodyKept(by)) {
          simulation.reached("tombstone");
        }
      }
      simulation.reached("recorded " + to.state());
    }
  }

  // Runs.

  /** I12, I18, I39: an operation begins. */
  void started(SimulatedCall call) {
    check(!call.started, "I12 an operation began twice under one grant", call);
    check(!call.withdrawalSent, "I18 an operation ran whose claim was withdrawn", call);
    RecordVersion granted =
        versions(call.key.id()).stream()
            .filter(each -> call.grant != null && each.isOf(call.grant))
            .reduce((first, last) -> last)
            .orElse(null);
    check(!call.cancelled, "an operation ran whose caller had gone before", call);
    call.started = true;
    if (granted == null) {
      check(false, "I12, I18 an operation ran without a grant", call);
      return;
    }
    call.life = granted.life;
    check(call.context.fence() == granted.record.fence(), "I2, I17 the fence of the run", call);
    check(call.context.attempt() == granted.record.attempt(), "the attempt of the run", call);
    check(
        call.context.derivedKey("x").equals(SimulatedCall.key(call.spec.key()).derivedKey("x")),
        "I39 the derived key differs",
        call);
    List<SimulatedCall> earlier = runs(call.key.id(), call.life);
    long before = earlier.stream().filter(it -> it.context.fence() < call.context.fence()).count();
    check(call.context.attempt() > before, "the attempt counts too few runs", call);
    for (SimulatedCall other : earlier) {
      boolean harmless =
          other.verdict().filter(it -> it == KeyState.FAILED_RETRYABLE).isPresent()
              || isResolvedAfter(call.key.id(), other);
      // I12 and the promise itself: under hold nothing runs again that may have had an effect.
      check(
          other == call || !SimulatedCall.isHeld(call.spec.key()) || harmless,
          "I12 under hold an operation ran again that may have had an effect",
          other,
          call);
    }
    simulation.reached(earlier.size() > 1 ? "ran again" : "ran");
  }

  List<SimulatedCall> runs(KeyId id, int life) {
    return calls.stream()
        .filter(each -> each.started && each.key.id().equals(id) && each.life == life)
        .toList();
  }

  private boolean isResolvedAfter(KeyId id, SimulatedCall run) {
    return versions(id).stream()
        .anyMatch(each -> operators.contains(each.record.stamp()) && each.from >= run.from);
  }

  /** I25: a holder that does not see a loss has a lease, if its clock runs with the store's. */
  void watch(SimulatedCall call) {
    if (!call.process.clockIsTrue || call.context.isLeaseLost()) {
      return;
    }
    check(
        live(call.key.id())
            .filter(it -> it.state() == KeyState.LOCKED && it.isOf(call.grant))
            .filter(it -> it.leaseEnd - simulation.storeNanos() > 0)
            .isPresent(),
        "I25 a holder does not see that its lease is over",
        call);
  }

  /** An operator settles a doubt, by a write of their own. */
  void resolve(int key, boolean completed) {
    KeyId id = SimulatedCall.key(key).id();
    Optional<StoredRecord> live = simulation.memory.find(id);
    if (live.isEmpty() || live.get().record().state() != KeyState.FAILED_IN_DOUBT) {
      return;
    }
    Stamp stamp = Stamp.first(new Grant(0x09, ++grants));
    KeyRecord.Builder next = live.get().record().toBuilder().stamp(stamp).retention(Plan.RETENTION);
    if (completed) {
      byte[] answer = (Canaries.ANSWER + "operator-" + grants).getBytes(StandardCharsets.UTF_8);
      next.state(KeyState.COMPLETED)
          .slots(io.idem4j.spi.Slots.of(Envelope.answer(Codec.text().type(), answer), null));
    } else {
      next.state(KeyState.FAILED_RETRYABLE);
    }
    simulation.memory.compareAndSet(id, live.get().stamp(), next.build());
    operators.add(stamp);
    applied(id, live);
    simulation.reached("resolved by an operator");
  }
}
