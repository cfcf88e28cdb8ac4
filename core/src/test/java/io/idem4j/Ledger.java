package io.idem4j;

import io.idem4j.OperationPolicy.Mode;
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
    for (int i = 0; i < SimulatedKeys.keys(); i++) {
      KeyId id = SimulatedKeys.key(i).id();
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
        new Move(simulation, before.get(), old.orElseThrow(), after, by).check();
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
    Duration most =
        after.record().state() == KeyState.FAILED_IN_DOUBT
            ? policy.recoveryPause()
            : policy.lease();
    check(after.leaseLeft().compareTo(most) <= 0, "I31 lease is too long", by);
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
  void checkGranted(KeyRecord locked, SimulatedCall by) {
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

  // Runs.

  /** I12, I18, I39: an operation begins. */
  void started(SimulatedCall call) {
    check(!call.started, "I12 an operation began twice under one grant", call);
    check(
        !call.withdrawn.contains(call.grant),
        "I18 an operation ran whose claim was withdrawn",
        call);
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
        call.context.derivedKey("x").equals(SimulatedKeys.key(call.spec.key()).derivedKey("x")),
        "I39 the derived key differs",
        call);
    check(
        call.plan().mode() != Mode.RECOVER
            || call.context.attempt() == 1
            || call.found == CallSpec.Finding.NOT_DONE,
        "I12 under recover an operation ran again that nobody had looked up",
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
          other == call
              || SimulatedKeys.mode(call.spec.key()).filter(it -> it == Mode.HOLD).isEmpty()
              || harmless,
          "I12 under hold an operation ran again that may have had an effect",
          other,
          call);
    }
    simulation.reached(earlier.size() > 1 ? "ran again" : "ran");
  }

  /** A recovery is asked: by a holder, once, and never about a first attempt. */
  void asked(SimulatedCall call) {
    check(!call.asked, "a recovery was asked twice under one grant", call);
    check(!call.started, "a recovery was asked after the operation had begun", call);
    check(call.plan().mode() == Mode.RECOVER, "a recovery was asked under another policy", call);
    check(call.context.attempt() > 1, "a recovery was asked about a first attempt", call);
    check(
        !call.withdrawn.contains(call.grant),
        "a recovery was asked whose claim was withdrawn",
        call);
    check(
        versions(call.key.id()).stream()
            .filter(it -> it.isOf(call.grant) && it.state() == KeyState.LOCKED)
            .anyMatch(it -> it.record.fence() == call.context.fence()),
        "a recovery was asked without a grant",
        call);
    call.asked = true;
  }

  /** Whether an operation of an earlier attempt goes on. */
  boolean mayBeRunning(SimulatedCall asking) {
    return calls.stream().anyMatch(it -> it.key.equals(asking.key) && it.isRunning());
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
    KeyId id = SimulatedKeys.key(key).id();
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
