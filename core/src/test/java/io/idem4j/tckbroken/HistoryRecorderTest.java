package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Proof;
import io.idem4j.RecordedFailure;
import io.idem4j.Scope;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.FaultyKeyStore.Fault;
import io.idem4j.tck.History;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.Together;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Two real engines on one store, recorded: what they did is fine, and what they did not is not. */
final class HistoryRecorderTest {
  private static final int THREADS = 4;
  private static final int CALLS_EACH = 25;

  private static final Codec<String> TEXT = Codec.text();

  /** What some actions throw. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;
  }

  @Test
  void twoEnginesOnOneStore_makeAFineHistory() throws InterruptedException {
    MemoryKeyStore store = new MemoryKeyStore(1_000);
    History history = recorded(store, store, 11);
    assertThat(history.violations()).as("seed 11, %s", history).isEmpty();
    assertThat(kinds(history)).contains(Kind.STARTED, Kind.EXECUTED, Kind.REPLAYED, Kind.REUSED);
    assertThat(kinds(history)).contains(Kind.THREW, Kind.FAILED_RECORDED);
  }

  @Test
  void twoEnginesBehindALossyLine_makeAFineHistory() throws InterruptedException {
    for (long seed = 1; seed <= 3; seed++) {
      MemoryKeyStore store = new MemoryKeyStore(1_000);
      History history = recorded(lossy(store, seed), lossy(store, -seed), seed);
      assertThat(history.violations()).as("seed %d, %s", seed, history).isEmpty();
      assertThat(history.calls()).anyMatch(call -> call.answer() == Answer.MAYBE);
      Proof.count("history checker", "recorded calls", history.calls().size());
    }
  }

  @Test
  void eachDeedOfARealHistory_isMissedOrDoubted() throws InterruptedException {
    MemoryKeyStore store = new MemoryKeyStore(1_000);
    History history = recorded(store, store, 12);
    int altered = 0;
    for (Deed deed : history.deeds()) {
      if (deed.kind() != Kind.IN_FLIGHT) {
        List<Deed> deeds = new ArrayList<>(history.deeds());
        deeds.remove(deed);
        deeds.addAll(insteadOf(deed));
        assertThat(History.of(history.calls(), deeds).violations())
            .as("a history whose %s was altered", deed.kind())
            .isNotEmpty();
        altered++;
      }
    }
    assertThat(altered).isGreaterThan(THREADS);
    Proof.count("history checker", "altered real histories", altered);
  }

  @Test
  void storeThatForgets_isFoundOut() throws InterruptedException {
    History history = recorded(new MemoryKeyStore(1_000), new MemoryKeyStore(1_000), 13);
    // Each engine has a store of its own, which is as if every record were lost half of the time.
    assertThat(history.violations()).isNotEmpty().allMatch(each -> each.startsWith("S"));
  }

  private static History recorded(KeyStore left, KeyStore right, long seed)
      throws InterruptedException {
    HistoryRecorder recorder = new HistoryRecorder();
    List<Idempotency> engines =
        List.of(
            Idempotency.builder(recorder.around(left)).build(),
            Idempotency.builder(recorder.around(right)).build());
    String run = UUID.randomUUID().toString();
    try (Together together = new Together(THREADS)) {
      together.run(
          thread -> {
            Operation<String> operation = engines.get(thread % 2).operation("pay", TEXT, policy());
            SplittableRandom random = new SplittableRandom(seed * 100 + thread);
            for (int i = 0; i < CALLS_EACH; i++) {
              call(recorder, operation, run, random);
            }
            return null;
          });
    }
    for (Idempotency engine : engines) {
      assertThat(engine.close(Duration.ofSeconds(10))).as("closed in time").isTrue();
    }
    return recorder.history();
  }

  private static OperationPolicy policy() {
    return OperationPolicy.rerun().withFinal(Refused.class, e -> RecordedFailure.of("refused"));
  }

  private static void call(
      HistoryRecorder recorder, Operation<String> operation, String run, SplittableRandom random) {
    IdempotencyKey key = operation.key(Scope.of(run), "key " + random.nextInt(8));
    String body = random.nextInt(5) == 0 ? "other" : "one";
    Fingerprint fingerprint = Fingerprint.sha256().part("body", body).build();
    int dice = random.nextInt(6);
    try {
      recorder.execute(
          operation,
          TEXT,
          key,
          fingerprint,
          context -> {
            if (dice == 0) {
              throw new Refused();
            } else if (dice == 1) {
              throw new IllegalStateException("again, please");
            }
            return UUID.randomUUID().toString();
          });
    } catch (IdempotencyException | IllegalStateException | Refused e) {
      // Recorded.
    }
  }

  private static FaultyKeyStore lossy(KeyStore store, long seed) {
    Fault[] faults = {Fault.REPLY_LOST, Fault.REQUEST_LOST, Fault.HELD, Fault.DUPLICATED};
    SplittableRandom random = new SplittableRandom(seed);
    FaultyKeyStore line = new FaultyKeyStore(store);
    for (int i = 0; i < 40; i++) {
      line.onWrites(faults[random.nextInt(faults.length)], Fault.NONE);
    }
    return line;
  }

  /** What cannot have been, if the deed was. */
  private static List<Deed> insteadOf(Deed deed) {
    return switch (deed.kind()) {
      case STARTED -> List.of();
      case FAILED_RECORDED -> List.of(deed.failing("another", new byte[0]));
      case REUSED -> List.of(other(deed, Kind.IN_FLIGHT).answering(new byte[0]));
      case THREW -> List.of(other(deed, Kind.ERROR));
      default -> List.of(deed.answering(new byte[] {1, 2, 3}));
    };
  }

  private static Deed other(Deed deed, Kind kind) {
    return Deed.of(deed.id(), deed.caller(), kind, deed.invoked(), deed.returned())
        .offering(deed.offered());
  }

  private static Set<Kind> kinds(History history) {
    return history.deeds().stream().map(Deed::kind).collect(Collectors.toSet());
  }
}
