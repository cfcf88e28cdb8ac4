package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The {@link History} of a simulation, as the engines and their callers saw it: it knows nothing of
 * what truly happened, and so checks the simulation and its ledger too.
 */
final class Chronicle {
  private final Simulation simulation;
  private final List<Call> calls = new ArrayList<>();
  private final List<Deed> deeds = new ArrayList<>();
  private long ticks;

  Chronicle(Simulation simulation) {
    this.simulation = simulation;
  }

  /** A time after all times before, on the store's clock but for some nanoseconds. */
  long now() {
    return simulation.storeNanos() + ++ticks;
  }

  /** A call of the store was answered to the engine; with null, nobody lived to see it. */
  void answered(Message message, Object with) {
    if (message.isRead()) {
      if (with instanceof Optional<?>) {
        @SuppressWarnings("unchecked")
        Optional<StoredRecord> seen = (Optional<StoredRecord>) with;
        add(message, now(), Answer.READ, seen);
      }
    } else if (with instanceof CasResult.Applied) {
      add(message, now(), Answer.APPLIED, Optional.empty());
    } else if (with instanceof CasResult.Refused refused) {
      add(message, now(), Answer.REFUSED, refused.live());
    } else if (with == null || Lines.leavesInTheDark(with)) {
      add(message, Long.MAX_VALUE, Answer.MAYBE, Optional.empty());
    } else {
      add(message, now(), Answer.NOT_APPLIED, Optional.empty());
    }
  }

  private void add(Message message, long returned, Answer answer, Optional<StoredRecord> seen) {
    calls.add(
        new Call(
            message.id,
            message.process.number,
            message.sentAt,
            returned,
            answer,
            message.expected,
            Optional.ofNullable(message.next),
            seen));
  }

  void started(SimulatedCall call) {
    deeds.add(under(call, deed(call, Kind.STARTED, now(), Long.MAX_VALUE)));
  }

  /** A caller was answered; one that went away, or gave its lease up, was not. */
  void answered(SimulatedCall call) {
    Deed deed = call.outcome != null ? outcome(call, call.outcome) : thrown(call);
    if (deed != null && !call.cancelled) {
      deeds.add(call.started ? under(call, deed) : deed);
    }
  }

  private Deed thrown(SimulatedCall call) {
    if (call.thrown == null) {
      return null;
    } else if (call.started) {
      return ended(call, call.thrown instanceof LeaseLostException ? Kind.LOST : Kind.THREW);
    }
    return call.thrown instanceof KeyStoreException ? ended(call, Kind.ERROR) : null;
  }

  private Deed outcome(SimulatedCall call, Outcome<String> outcome) {
    return outcome.fold(
        it ->
            ended(call, it.recorded() ? Kind.EXECUTED : Kind.EXECUTED_UNRECORDED)
                .answering(bytes(it.value())),
        it ->
            it.bodyKept()
                ? ended(call, Kind.REPLAYED).answering(bytes(it.answer().orElseThrow()))
                : ended(call, Kind.REPLAYED_WITHOUT_BODY),
        it ->
            ended(call, it.recorded() ? Kind.RECOVERED : Kind.RECOVERED_UNRECORDED)
                .answering(bytes(it.value())),
        it -> ended(call, Kind.IN_FLIGHT),
        it -> ended(call, Kind.REUSED),
        it -> ended(call, Kind.FAILED_RECORDED).failing(it.failure().code(), it.failure().bytes()),
        it -> ended(call, Kind.IN_DOUBT));
  }

  private Deed ended(SimulatedCall call, Kind kind) {
    return deed(call, kind, call.invokedAt, now());
  }

  private static Deed deed(SimulatedCall call, Kind kind, long from, long to) {
    return Deed.of(call.key.id(), call.number, kind, from, to)
        .offering(SimulatedCall.fingerprint(call.spec.otherRequest()).digests());
  }

  private static Deed under(SimulatedCall call, Deed deed) {
    return deed.under(call.context.fence(), call.context.attempt());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** For the end: what is not answered yet may have been applied. */
  History history() {
    for (Message message : simulation.lines.pending) {
      answered(message, null);
    }
    return History.of(calls, deeds);
  }
}
