package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import java.util.HashMap;
import java.util.Map;

/** What the engines send: which writes may follow one another, whatever becomes of them. */
final class Outbox {
  private record Sent(Stamp expected, KeyRecord next) {}

  private final Simulation simulation;
  private final Ledger ledger;
  private final Map<Stamp, Sent> sent = new HashMap<>();

  Outbox(Simulation simulation) {
    this.simulation = simulation;
    this.ledger = simulation.ledger;
  }

  /** What an engine may send at all. */
  void sent(Message message) {
    if (message.isRead()) {
      return;
    }
    KeyRecord next = message.next;
    Sent again = sent.putIfAbsent(next.stamp(), new Sent(message.expected, next));
    ledger.check(
        again == null || again.equals(new Sent(message.expected, next)),
        "S8, I17 one stamp was used for two different writes",
        next);
    SimulatedCall call = ledger.callOf(next.stamp().grant());
    if (call == null) {
      ledger.violated("a message bears a stamp that no call drew");
      return;
    }
    ledger.check(call.process == message.process, "another process's stamp was used", call);
    ledger.check(call.key.id().equals(message.id), "I13 a message for another key", call);
    ledger.check(next.keyId().equals(message.id), "I14 a record of another key", call);
    if (message.strand.call == call) {
      call.claimSentLast = next.state() == KeyState.LOCKED;
    }
    checkReissue(message, call);
    if (again == null) {
      checkAnswerOnItsWay(message, call);
    }
    boolean recovers = call.plan().mode() == OperationPolicy.Mode.RECOVER;
    Grant grant = next.stamp().grant();
    // What becomes of a grant that the call gave up for another is no settlement of its run.
    boolean latest = grant.equals(call.grant);
    boolean mark =
        next.state() == KeyState.FAILED_IN_DOUBT
            && !next.grant().equals(next.stamp().grant())
            && !recovers;
    if (next.state() == KeyState.LOCKED) {
      ledger.check(
          again != null || !call.started || next.lease().toNanos() <= call.holdLeft(),
          "I43 a lease was renewed past the maximum hold",
          call);
      ledger.check(!call.settlementSent, "a renewal was sent after the completion", call);
      ledger.check(!call.withdrawn.contains(grant), "a claim was sent after its withdrawal", call);
      call.takeoverSent |= isOverLapsed(message);
    } else if (latest && !call.started && call.isSettledByItsRecovery()) {
      KeyState wanted =
          call.found == CallSpec.Finding.DONE ? KeyState.COMPLETED : KeyState.FAILED_IN_DOUBT;
      ledger.check(next.state() == wanted, "a recovery was not heard", call);
      call.settlementSent = true;
    } else if (latest && !mark && call.started) {
      ledger.check(call.ended, "I34 a lease was settled or released while its operation ran", call);
      ledger.check(call.verdict().isPresent(), "a lease was settled that was to lapse", call);
      call.settlementSent = true;
    } else if (!mark) {
      ledger.check(
          next.state() == KeyState.FAILED_RETRYABLE
              || (next.state() == KeyState.FAILED_IN_DOUBT && recovers),
          "I18 a settlement of what never ran",
          call);
      call.withdrawn.add(grant);
    }
  }

  /** I17, I20: a write whose fate is unknown is sent again as it was, or another state follows. */
  private void checkReissue(Message message, SimulatedCall call) {
    KeyRecord next = message.next;
    KeyRecord unknown = call.unresolved.get(message.expected);
    ledger.check(
        unknown == null
            || unknown.state() != next.state()
            || unknown.equals(next)
            || ExpectedRecord.isTooLong(call, payload(unknown)),
        "I17, I20 a write whose fate is unknown was replaced by another like it",
        call);
  }

  /**
   * A takeover that is decided on now; one that was sent before the answer was out is sent again.
   */
  private void checkAnswerOnItsWay(Message message, SimulatedCall call) {
    KeyRecord next = message.next;
    RecordVersion over = ledger.live(message.id).orElse(null);
    // Under the mark of another it is still the holder's.
    SimulatedCall holder = over == null ? null : ledger.callOf(over.record.grant());
    if (next.state() == KeyState.LOCKED
        && holder != null
        && holder != call
        && (over.state() == KeyState.LOCKED || over.state() == KeyState.FAILED_IN_DOUBT)
        && over.record.stamp().equals(message.expected)
        && holder.process == call.process) {
      ledger.check(
          !holder.isAnswerOnItsWay(),
          "I21 a key was taken whose answer is on its way",
          holder,
          call);
    }
  }

  private static byte[] payload(KeyRecord record) {
    byte[] payload = record.slots().payload();
    return payload == null ? new byte[0] : payload;
  }

  /** A write was answered, or it is clear that it will not be. */
  void answered(Message message, Object with) {
    SimulatedCall call = message.isRead() ? null : ledger.callOf(message.next.stamp().grant());
    if (call == null) {
      return;
    }
    if (with instanceof CasResult.Applied || with instanceof CasResult.Refused) {
      call.unresolved.remove(message.expected);
      call.wasRecovered |=
          with instanceof CasResult.Refused refused
              && refused
                  .live()
                  .filter(it -> it.keyId().equals(message.id))
                  .filter(it -> it.stamp().equals(message.next.stamp()))
                  .isPresent();
      if (call.wasRecovered) {
        simulation.reached("own write recovered");
      }
    } else if (Lines.leavesInTheDark(with)) {
      call.unresolved.put(message.expected, message.next);
    }
  }

  /** What it expects may be gone by now, and was a lock all the same. */
  private boolean isOverLapsed(Message message) {
    return ledger.versions(message.id).stream()
        .anyMatch(
            it -> it.record.stamp().equals(message.expected) && it.state() == KeyState.LOCKED);
  }
}
