package io.idem4j.tck;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whether one register, absent at first and whenever a retention is over, could have
 * answered a set of calls. Every version bears its own stamp, so the order of the versions of a
 * life is read off the writes, and only the instants are left to be found.
 *
 * <p>Version k is applied at an instant p(k) within its write; whoever saw version k did so between
 * p(k) and p(k + 1). The earliest choice, p(k) = max(p(k-1), start of write k, starts of all who
 * saw version k-1), is possible if any is. Between two lives lies a gap that begins no earlier than
 * the retention of the last version allows. Whoever saw nothing did so in a gap, in the last one
 * that still began before they had their answer: an earlier gap would put off more.
 *
 * <p>Lives follow one another as they were first seen, but that a life that can only have been over
 * before another one goes before it.
 */
final class RegisterCheck {
  private final List<Call> calls;
  private final Findings findings;
  private final Map<Stamp, List<Call>> saw = new HashMap<>();
  private final Map<Stamp, KeyRecord> contents = new HashMap<>();

  /** Unanswered writes of which nobody saw an effect, by what they were to replace. */
  private final Map<Stamp, List<Call>> unseen = new HashMap<>();

  private RegisterCheck(List<Call> calls, Findings findings) {
    this.calls = calls;
    this.findings = findings;
  }

  /** Reports what is wrong with the calls to one key; returns its lives if nothing is. */
  static List<Life> check(List<Call> calls, Findings findings) {
    return new RegisterCheck(calls, findings).run();
  }

  private List<Life> run() {
    observe();
    Map<Stamp, Call> writeOver = new HashMap<>();
    List<Call> heads = new ArrayList<>();
    Set<Stamp> written = new HashSet<>();
    for (Call write : appliedWrites()) {
      if (!written.add(next(write).stamp())) {
        findings.add("S8, I17, I20", "one write was applied twice", write);
      }
      if (write.expected().equals(Stamp.ABSENT)) {
        heads.add(write);
      } else {
        Call other = writeOver.put(write.expected(), write);
        if (other != null) {
          findings.add("S1", "two writes were applied over the same version", other, write);
        }
      }
    }
    if (!findings.isEmpty()) {
      return List.of();
    }
    List<Chain> chains = new ArrayList<>();
    for (Call head : heads) {
      List<Call> writes = new ArrayList<>();
      for (Call each = head; each != null; each = writeOver.remove(next(each).stamp())) {
        writes.add(each);
      }
      chains.add(new Chain(writes));
    }
    writeOver
        .values()
        .forEach(each -> findings.add("S1", "a write was applied over no known version", each));
    chains.sort(Comparator.comparingLong(Chain::firstSeen));
    List<Life> lives = place(chains);
    compareContents();
    return lives;
  }

  /** Sorts the calls by what they saw. */
  private void observe() {
    for (Call call : calls) {
      if (call.next().filter(record -> !record.keyId().equals(call.id())).isPresent()
          || call.seen().filter(record -> !answersFor(call, record)).isPresent()) {
        findings.add("I14", "a record answers for another key", call);
      } else if (call.answer() == Answer.READ || call.answer() == Answer.REFUSED) {
        saw.computeIfAbsent(stampSeen(call), each -> new ArrayList<>()).add(call);
        if (call.answer() == Answer.REFUSED
            && call.seen().isPresent()
            && stampSeen(call).equals(call.expected())) {
          findings.add("S3", "a write was refused by the very record that it expected", call);
        }
      }
    }
  }

  /**
   * The writes that were applied, with those unanswered ones of which somebody saw the effect. Of
   * one write that was sent several times the sending that was answered by Applied stands, or else
   * the first. A write that was refused by its own effect was applied: by an earlier sending, or by
   * a driver that had sent it twice (I23).
   */
  private List<Call> appliedWrites() {
    Deque<Stamp> evidence = new ArrayDeque<>(saw.keySet());
    List<Call> applied = new ArrayList<>();
    Map<Stamp, Call> maybe = new HashMap<>();
    for (Call call : calls) {
      if (call.answer() == Answer.APPLIED) {
        applied.add(call);
        evidence.add(call.expected());
      } else if (call.answer() == Answer.MAYBE || isRefusedByItself(call)) {
        maybe.merge(next(call).stamp(), call, (a, b) -> a.invoked() <= b.invoked() ? a : b);
      }
    }
    applied.forEach(each -> maybe.remove(next(each).stamp()));
    for (Stamp stamp = evidence.poll(); stamp != null; stamp = evidence.poll()) {
      Call write = maybe.remove(stamp);
      if (write != null) {
        applied.add(write);
        evidence.add(write.expected());
      }
    }
    for (Call each : maybe.values()) {
      unseen.computeIfAbsent(each.expected(), stamp -> new ArrayList<>()).add(each);
    }
    return applied;
  }

  /** Finds the instants of the lives, one after the other. */
  private List<Life> place(List<Chain> chains) {
    List<Call> sawNone = new ArrayList<>(saw.getOrDefault(Stamp.ABSENT, List.of()));
    sawNone.sort(Comparator.comparingLong(Call::returned));
    List<Life> lives = new ArrayList<>();
    int placed = 0;
    long gap = Long.MIN_VALUE;
    List<Chain> left = new ArrayList<>(chains);
    while (!left.isEmpty()) {
      Chain chain = takeNext(left, gap);
      Call head = chain.head();
      if (gap > latest(head)) {
        findings.add(
            "S1", "two writes were applied over the same version, before it was over", head);
        return List.of();
      }
      long start = Math.max(gap, head.invoked());
      while (placed < sawNone.size() && sawNone.get(placed).returned() < chain.end(start)) {
        start = Math.max(start, sawNone.get(placed).invoked());
        placed++;
      }
      Optional<Life> life = place(chain, start);
      if (life.isEmpty()) {
        return List.of();
      }
      lives.add(life.get());
      gap = chain.end(start);
    }
    return lives;
  }

  /**
   * Takes the life that is placed next: the one seen first, unless it would last beyond the last
   * instant of another that can be over before it. Claims that overlap in time are so told apart.
   */
  private static Chain takeNext(List<Chain> left, long gap) {
    Chain first = left.get(0);
    long end = first.end(Math.max(gap, first.head().invoked()));
    Iterator<Chain> others = left.iterator();
    while (others.hasNext()) {
      Chain other = others.next();
      if (other.firstSeen() >= end) {
        break;
      }
      if (other != first && other.end(Math.max(gap, other.head().invoked())) <= first.firstSeen()) {
        others.remove();
        return other;
      }
    }
    return left.remove(0);
  }

  private Optional<Life> place(Chain chain, long start) {
    List<Life.Version> versions = new ArrayList<>();
    KeyRecord previous = null;
    long instant = start;
    for (Call write : chain.writes) {
      instant = Math.max(instant, write.invoked());
      if (instant > latest(write)) {
        findings.add(
            "S1", "a version was seen after the write that replaced it had returned", write);
        return Optional.empty();
      }
      KeyRecord record = next(write).resolveSlots(previous);
      contents.put(record.stamp(), record);
      versions.add(new Life.Version(record, write, instant));
      previous = record;
      long written = instant;
      for (Call observer : saw.getOrDefault(record.stamp(), List.of())) {
        if (observer.returned() < written) {
          findings.add(
              "S1", "a version was seen before it could have been written", observer, write);
        }
        instant = Math.max(instant, observer.invoked());
      }
    }
    return Optional.of(new Life(versions));
  }

  private void compareContents() {
    if (!findings.isEmpty()) {
      return;
    }
    for (Call call : calls) {
      StoredRecord seen = call.seen().orElse(null);
      if (seen == null || seen.format() != KeyRecord.FORMAT) {
        continue;
      }
      KeyRecord record = contents.get(seen.stamp());
      if (record == null) {
        findings.add("S1", "a record was seen that nobody wrote", call);
        continue;
      }
      try {
        Expect.same(seen, record);
      } catch (AssertionError e) {
        findings.add(
            "S4", "a record was seen with contents that nobody wrote: " + e.getMessage(), call);
      }
    }
  }

  /** The writes of one life, and when it ends at the earliest. */
  private final class Chain {
    private final List<Call> writes;
    private final long firstSeen;
    private final long lastWrite;
    private final long lastSeen;

    Chain(List<Call> writes) {
      this.writes = writes;
      long first = Long.MAX_VALUE;
      long begun = Long.MIN_VALUE;
      long seen = Long.MIN_VALUE;
      for (Call write : writes) {
        first = Math.min(first, latest(write));
        begun = Math.max(Math.max(begun, seen), write.invoked());
        for (Call observer : saw.getOrDefault(next(write).stamp(), List.of())) {
          first = Math.min(first, observer.returned());
          seen = Math.max(seen, observer.invoked());
        }
      }
      this.firstSeen = first;
      this.lastWrite = begun;
      this.lastSeen = seen;
    }

    Call head() {
      return writes.get(0);
    }

    /** The time by which its first version was there for certain. */
    long firstSeen() {
      return firstSeen;
    }

    /**
     * The earliest end of its last version's retention, if its first is not before {@code start}.
     */
    long end(long start) {
      return earliestEnd(next(writes.get(writes.size() - 1)), Math.max(start, lastWrite), lastSeen);
    }
  }

  /**
   * The earliest end of a version that was written no earlier than {@code written}, or of what may
   * have replaced it unseen: an answer that nobody asked for is over before the lock under it would
   * have been.
   */
  private long earliestEnd(KeyRecord version, long written, long seen) {
    long retention = version.retention().toNanos();
    long least = Math.max(0, retention - retention / 1000 - History.SLACK_NANOS);
    long end = Math.max(seen, written > Long.MAX_VALUE - least ? Long.MAX_VALUE : written + least);
    for (Call each : unseen.getOrDefault(version.stamp(), List.of())) {
      long replaced = Math.max(Math.max(written, seen), each.invoked());
      end = Math.min(end, earliestEnd(next(each), replaced, Long.MIN_VALUE));
    }
    return end;
  }

  private static KeyRecord next(Call write) {
    return write.next().orElseThrow();
  }

  /** The latest instant at which a write can have been applied. */
  static long latest(Call write) {
    boolean isDone = write.answer() == Answer.APPLIED || isRefusedByItself(write);
    return isDone ? write.returned() : Long.MAX_VALUE;
  }

  private static boolean isRefusedByItself(Call call) {
    return call.answer() == Answer.REFUSED && stampSeen(call).equals(next(call).stamp());
  }

  private static boolean answersFor(Call call, StoredRecord seen) {
    return seen.keyId().equals(call.id())
        && (seen.format() != KeyRecord.FORMAT || seen.record().keyId().equals(call.id()));
  }

  private static Stamp stampSeen(Call call) {
    return call.seen().map(StoredRecord::stamp).orElse(Stamp.ABSENT);
  }
}
