package io.idem4j.tck;

import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** What the calls and deeds of one key tell about its grants. */
final class Grants {
  /**
   * A claim that took the key.
   *
   * @param life the life that it took it in
   * @param opened the version that took it
   */
  record Taken(Life life, Life.Version opened) {
    Grant grant() {
      return opened.writer();
    }

    KeyRecord record() {
      return opened.record();
    }
  }

  private final Map<Long, List<Taken>> byFence = new HashMap<>();
  private final Map<Grant, Long> learned = new HashMap<>();
  private final Map<Grant, Map<KeyState, Long>> recorded = new HashMap<>();
  private final Map<Grant, Map<KeyState, Long>> unanswered = new HashMap<>();
  private final Map<Stamp, Long> seenLapsed = new HashMap<>();
  private final Map<Stamp, Long> seen = new HashMap<>();
  private final Map<Long, List<Deed>> started = new HashMap<>();

  Grants(List<Call> calls, List<Deed> deeds) {
    for (Call call : calls) {
      call.seen().ifPresent(record -> saw(call, record));
      call.next().ifPresent(record -> wrote(call, record));
    }
    for (Deed deed : deeds) {
      if (deed.kind() == Kind.STARTED && deed.fence().isPresent()) {
        started.computeIfAbsent(deed.fence().getAsLong(), each -> new ArrayList<>()).add(deed);
      }
    }
  }

  private void saw(Call call, StoredRecord record) {
    seen.merge(record.stamp(), call.returned(), Math::min);
    if (record.leaseLeft().isZero() || record.leaseLeft().isNegative()) {
      seenLapsed.merge(record.stamp(), call.returned(), Math::min);
    }
  }

  private void wrote(Call call, KeyRecord record) {
    Grant writer = record.stamp().grant();
    if (call.answer() == Answer.APPLIED) {
      answered(writer, record.state(), call.returned());
    } else if (call.answer() == Answer.REFUSED) {
      // A reply was lost: the refusal bears what this claim itself had written.
      call.seen()
          .filter(it -> it.stamp().isOf(writer) && it.format() == KeyRecord.FORMAT)
          .ifPresent(it -> answered(writer, it.record().state(), call.returned()));
    } else if (call.answer() == Answer.MAYBE || record.state() != KeyState.LOCKED) {
      // A claim or a renewal that certainly was not applied leaves nothing to be given back.
      unanswered
          .computeIfAbsent(writer, each -> new HashMap<>())
          .merge(record.state(), call.invoked(), Math::min);
    }
  }

  private void answered(Grant writer, KeyState state, long when) {
    if (state == KeyState.LOCKED) {
      learned.merge(writer, when, Math::min);
    } else {
      recorded.computeIfAbsent(writer, each -> new HashMap<>()).merge(state, when, Math::min);
    }
  }

  void add(Taken taken) {
    byFence.computeIfAbsent(taken.record().fence(), each -> new ArrayList<>()).add(taken);
  }

  /** The grants of this fence: one in each life at most, and one in all if clocks were right. */
  List<Taken> of(OptionalLong fence) {
    return fence.isPresent() ? byFence.getOrDefault(fence.getAsLong(), List.of()) : List.of();
  }

  /** When somebody first had seen this stamp with its lease over. */
  long seenLapsed(Stamp stamp) {
    return seenLapsed.getOrDefault(stamp, Long.MAX_VALUE);
  }

  /** Whether somebody had seen this stamp by then at all. */
  boolean wasSeen(Stamp stamp, long by) {
    return seen.getOrDefault(stamp, Long.MAX_VALUE) <= by;
  }

  /** When a claim first had been told that it holds the key. */
  long learned(Grant grant) {
    return learned.getOrDefault(grant, Long.MAX_VALUE);
  }

  /** When a claim first had been told that this state is recorded for it. */
  long recorded(Grant grant, KeyState state) {
    return recorded.getOrDefault(grant, Map.of()).getOrDefault(state, Long.MAX_VALUE);
  }

  /** When a claim first sent a write to this state that had no answer, or a passing one. */
  long unanswered(Grant grant, KeyState state) {
    return unanswered.getOrDefault(grant, Map.of()).getOrDefault(state, Long.MAX_VALUE);
  }

  /** The starts of actions under this fence. */
  List<Deed> started(long fence) {
    return started.getOrDefault(fence, List.of());
  }
}
