package io.idem4j.tck;

import io.idem4j.IdempotencyException;
import io.idem4j.KeyId;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.EffectFiles.Effect;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;

/**
 * Judges what workers did, were killed at, or stopped in: by the histories of all of them and its
 * own, and by the effects that were made, which nobody recorded but the system that they were made
 * in. For use by one thread.
 */
public final class WorkerJudge {
  private static final int THREADS = 4;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final Set<Kind> ANSWERS = Set.of(Kind.EXECUTED, Kind.REPLAYED, Kind.RECOVERED);

  private final HistoryRecorder recorder = new HistoryRecorder();
  private final EffectFiles effects;
  private final KeyStore store;
  private final WorkerCalls calls;
  private final IntSupplier numbers;
  private final Map<KeyId, Integer> numberOf = new HashMap<>();

  /** What the judge itself was answered last; nothing: in doubt. */
  private final Map<Integer, Optional<String>> settled = new ConcurrentHashMap<>();

  private final Map<Integer, KeyRecord> records = new ConcurrentHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private long lateHolders;
  private String summary = "nothing was judged";

  /**
   * @param numbers the highest number that can have been called
   */
  WorkerJudge(Worker.Plan plan, KeyStore store, IntSupplier numbers) {
    this.effects = new EffectFiles(plan.effects());
    this.store = store;
    this.numbers = numbers;
    this.calls =
        new WorkerCalls(
            store, recorder, effects, plan.lease(), plan.lease().multipliedBy(8), plan.isBlind());
  }

  /** Returns what is wrong; empty if all is well. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  /** Asks for these keys until each has an answer or is in doubt, and keeps what is recorded. */
  void settle(Collection<KeyId> keys) {
    List<Integer> asked = keys.stream().map(this::number).toList();
    try (Together together = new Together(THREADS)) {
      together.run(
          thread -> {
            for (int i = thread; i < asked.size(); i += THREADS) {
              settle(asked.get(i));
            }
            return null;
          });
    }
  }

  private int number(KeyId id) {
    while (!numberOf.containsKey(id) && numberOf.size() <= numbers.getAsInt()) {
      int next = numberOf.size();
      numberOf.put(calls.id(next), next);
    }
    return numberOf.get(id);
  }

  private void settle(int number) throws Exception {
    SplittableRandom random = new SplittableRandom(number);
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!isSettled(number, random)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("a key stays locked, or a store unreachable");
      }
      Thread.sleep(5);
    }
    records.put(number, store.find(calls.id(number)).orElseThrow().record());
  }

  private boolean isSettled(int number, SplittableRandom random) throws Exception {
    Outcome<String> outcome;
    try {
      outcome = calls.call(number, random);
    } catch (IdempotencyException e) {
      return false;
    } catch (Exception e) {
      // The action's own: recorded as the policy says, so the next call tells.
      return false;
    }
    Optional<String> answer =
        outcome.fold(
            executed -> executed.recorded() ? Optional.of(executed.value()) : Optional.empty(),
            Outcome.Replayed::answer,
            recovered -> recovered.recorded() ? Optional.of(recovered.value()) : Optional.empty(),
            inFlight -> Optional.empty(),
            keyReused -> Optional.empty(),
            failed -> Optional.empty(),
            inDoubt -> Optional.empty());
    boolean isHeld =
        outcome instanceof Outcome.InDoubt && calls.mode(number) == OperationPolicy.Mode.HOLD;
    if (answer.isPresent() || isHeld) {
      settled.put(number, answer);
      return true;
    }
    return false;
  }

  /** Looks at what is recorded now, and judges all that happened. */
  void end(List<HistoryFile.Content> histories) throws Exception {
    calls.end();
    histories.forEach(each -> each.addTo(recorder));
    lateHolders = histories.stream().mapToLong(HistoryFile.Content::lateHolders).sum();
    History history = recorder.history();
    problems.addAll(history.violations());
    records.forEach(this::judgeRecord);
    Map<Integer, List<Effect>> made =
        effects.made().stream().collect(Collectors.groupingBy(Effect::number));
    judgeGrants(history, made);
    settled.forEach(
        (number, answer) -> judgeEffects(number, answer, made.getOrDefault(number, List.of())));
    judgeAnswers(history);
    summary = summary(history, made);
  }

  /** What was settled while a holder was away is as it was, whatever the holder did since. */
  private void judgeRecord(int number, KeyRecord before) {
    KeyRecord now = store.find(calls.id(number)).map(StoredRecord::record).orElse(null);
    boolean isSame = now != null && now.stamp().equals(before.stamp());
    // A mark of doubt does not keep the holder whose grant it bears from settling its own record.
    boolean isOwn =
        now != null
            && before.state() == KeyState.FAILED_IN_DOUBT
            && now.stamp().isOf(before.grant());
    if (!isSame && !isOwn) {
      problems.add("I4, I26: a settled record was changed, number " + number);
    }
  }

  /** Each effect was made under a grant of its own. */
  private void judgeGrants(History history, Map<Integer, List<Effect>> made) {
    Map<KeyId, List<Deed>> starts =
        history.deeds().stream()
            .filter(each -> each.kind() == Kind.STARTED)
            .collect(Collectors.groupingBy(Deed::id));
    made.forEach(
        (number, of) -> {
          List<Deed> started = starts.getOrDefault(calls.id(number), List.of());
          if (of.stream().map(Effect::value).distinct().count() < of.size()) {
            problems.add("I12: two effects under one grant, number " + number);
          }
          for (Effect each : of) {
            if (started.stream().noneMatch(it -> isUnder(it, each))) {
              problems.add("I12: an effect under no grant, number " + number);
            }
          }
        });
  }

  private static boolean isUnder(Deed start, Effect effect) {
    return effect.attempt() == start.attempt().orElseThrow()
        && effect.value().endsWith(" by " + start.fence().orElseThrow());
  }

  private void judgeEffects(int number, Optional<String> answer, List<Effect> made) {
    OperationPolicy.Mode mode = calls.mode(number);
    if (mode != OperationPolicy.Mode.RERUN && made.size() > 1) {
      problems.add("I12: " + made.size() + " effects under " + mode + ", number " + number);
    }
    if (answer.isPresent() && made.stream().noneMatch(it -> it.value().equals(answer.get()))) {
      problems.add("I6: an answer without its effect under " + mode + ", number " + number);
    }
  }

  /** Whoever got an answer got the one that stands. */
  private void judgeAnswers(History history) {
    for (Deed each : history.deeds()) {
      Optional<String> answer = settled.getOrDefault(number(each.id()), Optional.empty());
      if (ANSWERS.contains(each.kind())
          && answer.isPresent()
          && !answer.get().equals(text(each.answer().orElseThrow()))) {
        problems.add(
            "I1: an answer was given out that does not stand, number " + number(each.id()));
      }
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private String summary(History history, Map<Integer, List<Effect>> made) {
    long unanswered =
        history.calls().stream().filter(it -> it.answer() == History.Answer.MAYBE).count();
    return "%d keys asked again (%d in doubt), %d effects, %d calls (%d unanswered), %d deeds (%d recovered), %d late holders"
        .formatted(
            settled.size(),
            settled.values().stream().filter(Optional::isEmpty).count(),
            made.values().stream().mapToInt(List::size).sum(),
            history.calls().size(),
            unanswered,
            history.deeds().size(),
            history.deeds().stream().filter(it -> it.kind() == Kind.RECOVERED).count(),
            lateHolders);
  }

  /** Returns how many holders came too late: see {@link HistoryFile.Content#lateHolders}. */
  public long lateHolders() {
    return lateHolders;
  }

  @Override
  public String toString() {
    return summary;
  }
}
