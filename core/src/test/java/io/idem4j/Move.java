package io.idem4j;

import io.idem4j.OperationPolicy.Mode;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.StoredRecord;
import java.util.Arrays;

/** One write over a live record, as the ledger sees it. */
final class Move {
  private final Simulation simulation;
  private final Ledger ledger;
  private final KeyRecord from;
  private final boolean leaseOver;
  private final RecordVersion old;
  private final StoredRecord stored;
  private final KeyRecord to;
  private final SimulatedCall by;
  private final boolean ownLock;
  private final boolean ownDoubt;

  Move(
      Simulation simulation,
      StoredRecord before,
      RecordVersion old,
      StoredRecord after,
      SimulatedCall by) {
    this.simulation = simulation;
    this.ledger = simulation.ledger;
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
    ledger.check(holds, what, from.state(), to.state(), by);
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
        if (ownLock || ownDoubt) {
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
    ledger.checkGranted(to, by);
    require(to.fence() > from.fence(), "I2 the fence did not rise");
    SimulatedCall before = ledger.callOf(from.stamp().grant());
    if (from.state() == KeyState.LOCKED) {
      boolean released = isPendingRelease(before);
      require(leaseOver || released, "I8, I9 a running lease was taken over");
      require(released || by.plan().mode() != Mode.HOLD, "a lapsed lock was taken over under hold");
      int most = from.attempt() + 1;
      int least = before.neverRuns() ? from.attempt() : most;
      require(to.attempt() >= least && to.attempt() <= most, "the attempt of a takeover");
      simulation.reached(released ? "pending release taken" : "takeover");
    } else if (from.state() == KeyState.FAILED_IN_DOUBT) {
      require(by.plan().mode() == Mode.RECOVER, "a doubt was taken by who does not recover");
      require(leaseOver, "a recovery was asked before its time");
      require(to.attempt() == from.attempt() + 1, "the attempt of a claim over a doubt");
      simulation.reached("doubt taken for its recovery");
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
    require(from.attempt() == to.attempt(), "a mark changed the attempt");
    require(by.plan().mode() == Mode.HOLD, "another policy than hold marked a doubt");
    simulation.reached("lapsed lock marked in doubt");
  }

  /** I7, I18, I40: what is recorded is what the run brought, and nothing before it ended. */
  private void settled() {
    if (!by.started || !isLatest()) {
      settledBeforeItRan();
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

  /** Not of a grant that the call gave up for another: what becomes of that one tells of no run. */
  private boolean isLatest() {
    return to.stamp().grant().equals(by.grant);
  }

  /** A withdrawal, or what a recovery found. */
  private void settledBeforeItRan() {
    if (isLatest() && by.found == CallSpec.Finding.DONE) {
      require(to.state() == KeyState.COMPLETED, "what was found was not recorded");
      require(to.attempt() == from.attempt(), "a recovery changed the attempt");
      require(
          Arrays.equals(ExpectedRecord.payload(by), to.slots().payload()),
          "I6 a record is not what was found");
      simulation.reached("recovery recorded");
      return;
    }
    boolean isUnrecovered = isLatest() && by.isSettledByItsRecovery();
    require(
        to.state() == KeyState.FAILED_IN_DOUBT
            || (to.state() == KeyState.FAILED_RETRYABLE && !isUnrecovered),
        "I18 a claim that never ran was settled");
    require(to.attempt() == from.attempt() - 1, "a withdrawal puts the attempt back");
    if (to.state() == KeyState.FAILED_IN_DOUBT) {
      require(by.plan().mode() == Mode.RECOVER, "another policy than recover put back a doubt");
      require(to.grant().equals(grantBefore()), "I3 a doubt put back bears another grant");
    }
    simulation.reached(isUnrecovered ? "recovery could not tell" : "withdrawal delivered");
  }

  /** Of the last record before this claim's own, over which somebody may have marked one. */
  private Grant grantBefore() {
    Grant own = to.stamp().grant();
    return ledger.versions(by.key.id()).stream()
        .filter(it -> it.life == old.life)
        .takeWhile(it -> !it.isOf(own))
        .reduce((first, last) -> last)
        .map(it -> it.record.grant())
        .orElse(own);
  }
}
