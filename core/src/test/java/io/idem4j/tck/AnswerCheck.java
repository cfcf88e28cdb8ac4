package io.idem4j.tck;

import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.Grants.Taken;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import io.idem4j.tck.Life.Version;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/** Decides whether callers could have got these answers over these lives and grants. */
final class AnswerCheck {
  private final List<Deed> deeds;
  private final List<Life> lives;
  private final Grants grants;
  private final Findings findings;
  private final Map<Integer, NavigableMap<Long, Deed>> startsOf = new HashMap<>();

  /** By when each life had begun for certain. */
  private final long[] begun;

  private AnswerCheck(List<Deed> deeds, List<Life> lives, Grants grants, Findings findings) {
    this.deeds = deeds;
    this.lives = lives;
    this.grants = grants;
    this.findings = findings;
    this.begun = new long[lives.size()];
    long later = Long.MAX_VALUE;
    for (int i = begun.length - 1; i >= 0; i--) {
      later = Math.min(later, RegisterCheck.latest(lives.get(i).versions().get(0).write()));
      begun[i] = later;
    }
  }

  /** The lives of which a call can have seen anything; both bounds rise from life to life. */
  private List<Life> around(Deed deed) {
    int from = Math.max(0, firstIndex(i -> begun[i] >= deed.invoked()) - 1);
    int to = firstIndex(i -> lives.get(i).versions().get(0).earliest() > deed.returned());
    return lives.subList(Math.min(from, to), to);
  }

  private int firstIndex(IntPredicate holdsFromThere) {
    int low = 0;
    int high = begun.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (holdsFromThere.test(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** Reports the deeds that cannot be. */
  static void check(List<Deed> deeds, List<Life> lives, Grants grants, Findings findings) {
    new AnswerCheck(deeds, lives, grants, findings).run();
  }

  private void run() {
    for (Deed deed : deeds) {
      if (deed.kind() == Kind.STARTED) {
        startsOf.computeIfAbsent(deed.caller(), each -> new TreeMap<>()).put(deed.invoked(), deed);
      }
    }
    for (Deed deed : deeds) {
      switch (deed.kind()) {
        case STARTED -> started(deed);
        case EXECUTED -> executed(deed);
        case EXECUTED_UNRECORDED, THREW -> requireStart(deed);
        case LOST -> lost(deed);
        case REPLAYED, REPLAYED_WITHOUT_BODY, FAILED_RECORDED -> replayed(deed);
        case RECOVERED, RECOVERED_UNRECORDED -> recovered(deed);
        case REUSED -> reused(deed);
        case IN_FLIGHT, IN_DOUBT -> requireNothing(deed, "I12");
        case ERROR -> requireNothing(deed, "I18");
      }
    }
  }

  private void started(Deed deed) {
    List<Taken> under = grants.of(deed.fence());
    if (!under.isEmpty() && under.stream().noneMatch(it -> isBound(it.life(), deed))) {
      findings.add("I10", "an action started for another fingerprint", deed);
    }
  }

  private void executed(Deed deed) {
    requireStart(deed);
    for (Taken taken : grants.of(fenceOf(deed))) {
      if (grants.recorded(taken.grant(), KeyState.COMPLETED) <= deed.returned()) {
        // The completion may be one that nobody but its writer ever saw: then it is APPLIED.
        taken.life().versions().stream()
            .filter(it -> it.state() == KeyState.COMPLETED && it.writer().equals(taken.grant()))
            .map(it -> Payload.open(it.record().slots().payload()))
            .filter(it -> it.kind() != Payload.NOT_KEPT && !it.matches(deed))
            .forEach(it -> findings.add("I6", "another value than the caller's is kept", deed));
        return;
      }
    }
    List<Taken> under = grants.of(fenceOf(deed));
    Predicate<Taken> answeredByAnother =
        it -> it.life().last().state().isTerminal() && !ends(it.life(), it);
    if (under.stream().anyMatch(answeredByAnother)) {
      findings.add("I1", "a caller was told that its value is recorded, and another's is", deed);
    } else if (!under.isEmpty()) {
      findings.add("I16", "a caller was told that its value is recorded, which nothing says", deed);
    }
  }

  private void lost(Deed deed) {
    requireStart(deed);
    for (Taken taken : grants.of(fenceOf(deed))) {
      Life last = lives.get(lives.size() - 1);
      boolean isLastLife = last.last().stamp().equals(taken.life().last().stamp());
      if (isLastLife
          && ends(taken.life(), taken)
          && grants.recorded(taken.grant(), taken.life().last().state()) <= deed.returned()) {
        findings.add("I20", "a caller lost a lease whose answer it had recorded", deed);
      }
    }
  }

  /** Whether this grant's own answer is the one that its life ends with. */
  private static boolean ends(Life life, Taken taken) {
    return life.last().state().isTerminal() && life.last().writer().equals(taken.grant());
  }

  private void replayed(Deed deed) {
    KeyState state =
        deed.kind() == Kind.FAILED_RECORDED ? KeyState.FAILED_FINAL : KeyState.COMPLETED;
    List<Life> recorded =
        around(deed).stream()
            .filter(it -> it.last().state() == state && it.last().earliest() <= deed.returned())
            .toList();
    List<Life> bound = recorded.stream().filter(it -> isBound(it, deed)).toList();
    if (recorded.isEmpty()) {
      findings.add("I7", "an answer was replayed before it was recorded", deed);
    } else if (bound.isEmpty()) {
      findings.add("I10", "an answer was replayed to another fingerprint", deed);
    } else if (bound.stream().noneMatch(it -> payload(it.last()).matches(deed))) {
      findings.add("I6, I1", "a replay differs from the recorded answer", deed);
    }
  }

  private void recovered(Deed deed) {
    Deed start = start(deed);
    if (start != null) {
      findings.add("I12", "an action started whose effect had been found", deed, start);
    }
    if (deed.kind() == Kind.RECOVERED) {
      replayed(deed);
    }
  }

  private static Payload payload(Version version) {
    return Payload.open(version.record().slots().payload());
  }

  private void reused(Deed deed) {
    requireNothing(deed, "I10");
    boolean differs =
        around(deed).stream().anyMatch(it -> deed.offered().isEmpty() || !isBound(it, deed));
    if (!differs) {
      findings.add("I10", "a call was refused for the very fingerprint that is bound", deed);
    }
  }

  /** Whether the caller offered what the life is bound to; yes if it is not known. */
  private static boolean isBound(Life life, Deed deed) {
    FingerprintDigest bound = life.fingerprint();
    return deed.offered().isEmpty() || deed.offered().contains(bound);
  }

  private void requireStart(Deed deed) {
    if (start(deed) == null) {
      findings.add("I12", "a caller got the result of a run that never started", deed);
    }
  }

  /** What was denied neither ran nor brings a body. */
  private void requireNothing(Deed deed, String rule) {
    Deed start = start(deed);
    if (start != null) {
      findings.add(rule, "an action started whose caller was told that it did not", deed, start);
    }
    if (deed.answer().isPresent()) {
      findings.add("I7", "a body was given out without a recorded answer", deed);
    }
  }

  private OptionalLong fenceOf(Deed deed) {
    Deed start = start(deed);
    return deed.fence().isPresent() || start == null ? deed.fence() : start.fence();
  }

  /** The start of the caller's action within its call, or null if there was none. */
  private Deed start(Deed answer) {
    NavigableMap<Long, Deed> starts = startsOf.getOrDefault(answer.caller(), new TreeMap<>());
    Map.Entry<Long, Deed> start = starts.ceilingEntry(answer.invoked());
    return start == null || start.getKey() > answer.returned() ? null : start.getValue();
  }
}
