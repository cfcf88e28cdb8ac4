package io.idem4j;

import io.idem4j.Message.Fate;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The lines between the processes and the store: what is under way, and what becomes of it. */
final class Lines {
  /** What was sent and is not answered. */
  final List<Message> pending = new ArrayList<>();

  /** Messages whose senders have given up on them, and copies of others. */
  final List<Message> held = new ArrayList<>();

  private final Simulation simulation;
  private final Outbox outbox;
  private final Map<Stamp, Long> firstSends = new HashMap<>();
  private long messages;
  private long faults;

  Lines(Simulation simulation) {
    this.simulation = simulation;
    this.outbox = new Outbox(simulation);
  }

  long messages() {
    return messages;
  }

  long faults() {
    return faults;
  }

  /** Nothing that is too old is delivered. */
  void dropOld() {
    held.removeIf(this::isTooOld);
    if (pending.stream().anyMatch(this::isTooOld)) {
      simulation.reached("a message outlived the retention");
    }
  }

  /** The process is gone; what it sent may be delivered all the same. */
  void crashed(SimulatedProcess process) {
    for (Message message : List.copyOf(pending)) {
      if (message.process == process) {
        simulation.reached("crash during " + phase(message));
        pending.remove(message);
        simulation.chronicle.answered(message, null);
        if (!message.hasArrived()) {
          hold(message);
        }
      }
    }
  }

  private static String phase(Message message) {
    if (message.isRead()) {
      return "a read";
    } else if (message.strand.call == null) {
      return "background work";
    }
    return message.kind() == Message.Kind.CLAIM ? "a claim" : "a settlement";
  }

  Message message(
      SimulatedProcess process, Strand strand, KeyId id, Stamp expected, KeyRecord next) {
    // A re-issue is the same call (I23), and as old as its first send.
    long sentNanos =
        next == null
            ? simulation.storeNanos()
            : firstSends.computeIfAbsent(next.stamp(), stamp -> simulation.storeNanos());
    Message message =
        new Message(process, strand, id, expected, next, simulation.chronicle.now(), sentNanos);
    messages++;
    pending.add(message);
    outbox.sent(message);
    return message;
  }

  /** S8: what is older than a retention is outside the promise, and is not delivered. */
  private boolean isTooOld(Message message) {
    return simulation.storeNanos() - message.sentNanos >= Plan.RETENTION.toNanos();
  }

  private static boolean isTooLarge(Message message) {
    if (message.isRead() || !message.process.hasNarrowLine()) {
      return false;
    }
    byte[] payload = message.next.slots().payload();
    return payload != null && payload.length > SimulatedProcess.NARROW;
  }

  void meet(Message message, Fate wanted) {
    simulation.nextStep();
    faults += wanted.isFault() ? 1 : 0;
    Fate fate = wanted;
    if (message.hasArrived()) {
      fate = wanted.isFault() ? Fate.REPLY_LOST : Fate.ANSWERED;
    } else if (isTooOld(message)) {
      fate = Fate.REQUEST_LOST;
    }
    switch (fate) {
      case ANSWERED -> answer(message, arrive(message));
      case SLOW -> message.result = arrive(message);
      case REQUEST_LOST -> answer(message, lost());
      case REPLY_LOST -> {
        arrive(message);
        answer(message, lost());
      }
      case HELD_BACK -> {
        hold(message);
        answer(message, lost());
      }
      case DUPLICATED -> {
        Object result = arrive(message);
        hold(message);
        // The copy is a write of its own: it may be applied where this one was refused.
        simulation.chronicle.answered(message, null);
        answer(message, result);
      }
      case NOT_SENT -> answer(message, notSent(KeyStoreException.Reason.UNAVAILABLE));
      case FORBIDDEN -> answer(message, notSent(KeyStoreException.Reason.READ_ONLY));
      case BUSY ->
          answer(
              message, message.isRead() ? notSent(KeyStoreException.Reason.BUSY) : CasResult.BUSY);
      case THROWN_BEFORE -> answer(message, foreign());
      case THROWN_AFTER -> {
        arrive(message);
        answer(message, foreign());
      }
      case CROSSED -> answer(message, crossed(message.id, arrive(message)));
    }
  }

  private Object arrive(Message message) {
    if (message.hasArrived()) {
      return message.result;
    }
    return isTooLarge(message)
        ? new PayloadTooLargeException(
            message.next.slots().payload().length, SimulatedProcess.NARROW)
        : simulation.ledger.arrive(message);
  }

  private void hold(Message message) {
    if (!message.isRead() && !isTooLarge(message)) {
      held.add(message);
    }
  }

  private void answer(Message message, Object with) {
    pending.remove(message);
    note(message, with);
    simulation.chronicle.answered(
        message, isOfAnother(message, with) ? notSent(KeyStoreException.Reason.UNREADABLE) : with);
    message.answer(with);
    if (!message.process.stopped) {
      message.process.proceed(message.strand);
    }
  }

  private void note(Message message, Object with) {
    SimulatedCall call = message.strand.call;
    if (call != null) {
      call.metBusy |= with == CasResult.BUSY;
      call.metUnknown |= leavesInTheDark(with);
    }
    outbox.answered(message, with);
  }

  static boolean leavesInTheDark(Object answer) {
    return answer instanceof IllegalStateException
        || (answer instanceof KeyStoreException e
            && e.certainty() == KeyStoreException.Certainty.UNKNOWN);
  }

  private static KeyStoreException lost() {
    return KeyStoreException.unknown("no answer came", null);
  }

  private static KeyStoreException notSent(KeyStoreException.Reason reason) {
    return KeyStoreException.notApplied(reason, "not sent", null);
  }

  private static RuntimeException foreign() {
    return new IllegalStateException(Canaries.BODY);
  }

  private static boolean isOfAnother(Message message, Object answer) {
    Optional<?> seen =
        answer instanceof CasResult.Refused refused
            ? refused.live()
            : answer instanceof Optional<?> found ? found : Optional.empty();
    return seen.filter(it -> !((StoredRecord) it).keyId().equals(message.id)).isPresent();
  }

  /** I14: a neighbour's record in the place of the own one, where nothing was written. */
  private Object crossed(KeyId id, Object result) {
    for (int i = 0; i < SimulatedKeys.keys(); i++) {
      Optional<StoredRecord> other = simulation.memory.find(SimulatedKeys.key(i).id());
      if (other.isPresent() && !SimulatedKeys.key(i).id().equals(id)) {
        if (result instanceof CasResult.Refused refused && refused.live().isPresent()) {
          simulation.reached("crossed answer");
          return CasResult.refusedBy(other.get());
        } else if (result instanceof Optional<?> found && found.isPresent()) {
          simulation.reached("crossed answer");
          return other;
        }
      }
    }
    return result;
  }

  void deliverHeld(int choice, boolean keep) {
    Simulation.chosen(held, choice)
        .ifPresent(
            message -> {
              simulation.nextStep();
              if (!keep) {
                held.remove(message);
              }
              if (!isTooOld(message)) {
                boolean applied = simulation.ledger.arrive(message) instanceof CasResult.Applied;
                simulation.reached(applied ? "late message applied" : "late message refused");
              }
            });
  }
}
