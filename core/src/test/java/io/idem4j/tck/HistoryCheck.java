package io.idem4j.tck;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.CasHistory.Answer;
import io.idem4j.tck.CasHistory.Call;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides whether one register, absent at first, could have answered a set of calls. Exact and
 * linear, because every version bears its own stamp: the order of versions is read off the writes,
 * and only the instants are left to be found.
 *
 * <p>Version k is applied at an instant p(k) within its write; whoever saw version k did so between
 * p(k) and p(k + 1). The earliest choice, p(k) = max(p(k-1), start of write k, starts of all who
 * saw version k-1), is possible if any is.
 */
final class HistoryCheck {
  private final List<Call> calls;
  private final List<String> violations = new ArrayList<>();

  private HistoryCheck(List<Call> calls) {
    this.calls = calls;
  }

  /** Returns what is wrong with the calls to one key; empty if nothing is. */
  static List<String> violations(List<Call> calls) {
    HistoryCheck check = new HistoryCheck(calls);
    check.run();
    return check.violations;
  }

  private void run() {
    Map<Stamp, Call> writeOver = new HashMap<>();
    Set<Stamp> written = new HashSet<>();
    for (Call write : appliedWrites()) {
      Call other = writeOver.put(write.expected(), write);
      if (other != null) {
        report("two writes were applied over the same version", other, write);
      }
      if (!written.add(written(write).stamp())) {
        report("one write was applied twice", write);
      }
    }
    if (!violations.isEmpty()) {
      return;
    }
    Map<Stamp, List<Call>> saw = observers();
    Map<Stamp, KeyRecord> versions = new HashMap<>();
    Stamp version = Stamp.ABSENT;
    long instant = Long.MIN_VALUE;
    List<Call> observers = saw.getOrDefault(version, List.of());
    for (Call write = writeOver.remove(version); write != null; write = writeOver.remove(version)) {
      instant = Math.max(instant, write.invoked());
      for (Call observer : observers) {
        instant = Math.max(instant, observer.invoked());
      }
      if (instant > write.returned()) {
        report("a version was seen after the write that replaced it had returned", write);
        return;
      }
      versions.put(written(write).stamp(), written(write).resolveSlots(versions.get(version)));
      version = written(write).stamp();
      observers = saw.getOrDefault(version, List.of());
      for (Call observer : observers) {
        if (observer.returned() < instant) {
          report("a version was seen before it could have been written", observer, write);
        }
      }
    }
    writeOver.values().forEach(each -> report("a write was applied over no known version", each));
    compareContents(versions);
  }

  /** The writes that were applied, with those unanswered ones of which somebody saw the effect. */
  private List<Call> appliedWrites() {
    Set<Stamp> evidence = new HashSet<>();
    List<Call> applied = new ArrayList<>();
    List<Call> maybe = new ArrayList<>();
    for (Call call : calls) {
      if (call.answer() == Answer.APPLIED) {
        applied.add(call);
        evidence.add(call.expected());
      } else if (call.answer() == Answer.MAYBE) {
        maybe.add(call);
      } else {
        evidence.add(stampSeen(call));
      }
    }
    boolean found = true;
    while (found) {
      found = false;
      for (Call call : List.copyOf(maybe)) {
        if (evidence.contains(written(call).stamp())) {
          maybe.remove(call);
          applied.add(call);
          evidence.add(call.expected());
          found = true;
        }
      }
    }
    return applied;
  }

  private Map<Stamp, List<Call>> observers() {
    Map<Stamp, List<Call>> saw = new HashMap<>();
    for (Call call : calls) {
      if (call.answer() == Answer.READ || call.answer() == Answer.REFUSED) {
        saw.computeIfAbsent(stampSeen(call), each -> new ArrayList<>()).add(call);
        if (call.answer() == Answer.REFUSED
            && call.seen().isPresent()
            && stampSeen(call).equals(call.expected())) {
          report("a write was refused by the very record that it expected (S3)", call);
        }
      }
    }
    return saw;
  }

  private void compareContents(Map<Stamp, KeyRecord> versions) {
    for (Call call : calls) {
      if (call.answer() != Answer.APPLIED && call.answer() != Answer.MAYBE) {
        StoredRecord seen = call.seen().orElse(null);
        if (seen != null && !versions.containsKey(seen.stamp())) {
          report("a record was seen that nobody wrote", call);
        } else if (seen != null) {
          try {
            Expect.same(seen, versions.get(seen.stamp()));
          } catch (AssertionError e) {
            report("a record was seen with contents that nobody wrote: " + e.getMessage(), call);
          }
        }
      }
    }
  }

  private static KeyRecord written(Call write) {
    return write.next().orElseThrow();
  }

  private static Stamp stampSeen(Call call) {
    return call.seen().map(StoredRecord::stamp).orElse(Stamp.ABSENT);
  }

  private void report(String what, Call... which) {
    StringBuilder text = new StringBuilder(what);
    long origin = calls.stream().mapToLong(Call::invoked).min().orElse(0);
    for (Call call : which) {
      text.append(
          "; %s by thread %d from %d to %d ns"
              .formatted(
                  call.answer(), call.thread(), call.invoked() - origin, call.returned() - origin));
    }
    violations.add(text.toString());
  }
}
