package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.tck.FaultyKeyStore.Fault;
import io.idem4j.tck.HistoryRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Steps under random faults, failures and crashes, on several machines, in virtual time. */
class StepsPropertiesTest {
  private static final List<String> NAMES = List.of("draft", "publish", "mail", "log");
  private static final int MOST_ATTEMPTS = 12;
  private static final List<Fault> FAULTS = List.of(Fault.values());
  private static final Codec<String> TEXT = Codec.text();

  /** The end of a process, as an operation sees it: its lease lapses. */
  private static final class Crash extends VirtualMachineError {
    private static final long serialVersionUID = 1L;
  }

  private static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static final class Story {
    private final Random random;
    private final Bench bench = new Bench();
    private final HistoryRecorder recorder = new HistoryRecorder(bench.timing::nanoTime);
    private final List<Operation<String>> machines = new ArrayList<>();
    private final Map<String, List<Long>> runs = new HashMap<>();
    private final Set<String> acknowledged = new HashSet<>();

    Story(long seed) {
      random = new Random(seed);
      for (int i = 0; i < 3; i++) {
        machines.add(
            bench
                .builderOn(recorder.around(bench.line))
                .maximumPayload(1_000)
                .build()
                .operation("charge", TEXT, OperationPolicy.rerun()));
      }
    }

    void tell() {
      boolean isDone = false;
      for (int attempt = 0; attempt < MOST_ATTEMPTS && !isDone; attempt++) {
        isDone = attempt();
        maybe(40, () -> bench.pass(seconds(random.nextInt(90))));
        maybe(40, bench.line::deliverHeld);
      }
      bench.line.clearFaults();
      bench.pass(seconds(200));
      // A renewal that was held up for so long may still find its lock, and lengthen it once more.
      bench.line.deliverHeld();
      bench.pass(seconds(200));
      // Whatever happened, an undisturbed attempt ends it, with each step's recorded result.
      assertThat(attempt(machines.get(0), false)).isTrue();
      assertThat(recorder.history().violations()).isEmpty();
    }

    private boolean attempt() {
      return attempt(machines.get(random.nextInt(machines.size())), true);
    }

    private boolean attempt(Operation<String> machine, boolean disturbed) {
      try {
        Outcome<String> outcome =
            recorder.execute(machine, TEXT, key("k"), BODY, context -> steps(context, disturbed));
        return outcome instanceof Outcome.Replayed
            || (outcome instanceof Outcome.Executed<String> it && it.recorded());
      } catch (Crash | Failure | IdempotencyException e) {
        return false;
      }
    }

    private String steps(OperationContext context, boolean disturbed) {
      StringBuilder answer = new StringBuilder();
      for (String name : NAMES) {
        if (disturbed) {
          disturb();
        }
        String result = context.step(name, TEXT, () -> run(context, name, disturbed));
        if (bench.memory.find(key("k").id()).isPresent()
            && RecordedSteps.open("charge", key("k").id(), bench.record("k").slots().checkpoint())
                .names()
                .contains(name)
            && bench.record("k").fence() == context.fence()) {
          acknowledged.add(name);
        }
        List<Long> all = runs.get(name);
        assertThat(result).as(name).isEqualTo(name + "@" + all.get(all.size() - 1));
        answer.append(result);
      }
      return answer.toString();
    }

    private String run(OperationContext context, String name, boolean disturbed) {
      assertThat(acknowledged).as("what was acknowledged is not run again").doesNotContain(name);
      List<Long> all = runs.computeIfAbsent(name, it -> new ArrayList<>());
      assertThat(all).as("once per grant").doesNotContain(context.fence());
      all.add(context.fence());
      if (disturbed) {
        disturb();
      }
      return name + "@" + context.fence();
    }

    /** What may happen before a step, and between its effect and its checkpoint. */
    private void disturb() {
      maybe(8, this::crash);
      maybe(
          8,
          () -> {
            throw new Failure();
          });
      maybe(15, () -> bench.pass(Duration.ofMillis(random.nextInt(45_000))));
      maybe(
          25,
          () -> {
            Fault fault = FAULTS.get(random.nextInt(FAULTS.size()));
            bench.onWrites(fault, 1 << random.nextInt(8));
          });
      maybe(30, bench.line::clearFaults);
      maybe(10, bench.line::deliverHeld);
    }

    private void crash() {
      throw new Crash();
    }

    private void maybe(int percent, Runnable what) {
      if (random.nextInt(100) < percent) {
        what.run();
      }
    }
  }

  @Property(tries = 1_000)
  void acknowledgedStep_isNeverRunAgain_andEachRunsOncePerGrant(@ForAll long seed) {
    new Story(seed).tell();
  }
}
