package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.OTHER_BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.CountingStore.Call;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The scenarios of the project's design, statements from practice: those without HTTP. */
class ScenarioRowsTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> elsewhere =
      bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.rerun());

  private static OperationPolicy rerunFor(Duration retention) {
    return OperationPolicy.rerun().withRetention(retention);
  }

  private static IdempotencyKey ofPayload(Fingerprint fingerprint, String discriminator) {
    return IdempotencyKey.ofPayload(TENANT, "charge", fingerprint, discriminator);
  }

  private static Lease<String> granted(Claim<String> claim) {
    return ((Claim.Granted<String>) claim).lease();
  }

  @Test
  void row12_row43_whileItRuns_othersAreToldToComeAgainOrWaitUpToTheirDeadline() {
    Operation<String> waiting =
        bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(10)));
    Lease<String> first = granted(rerun.claim(key("k"), BODY));

    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .as("at once, and when to come again")
        .isEqualTo(new Outcome.InFlight<>(seconds(30)));
    long begin = bench.timing.nanoTime();
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()))
        .as("for its requeue")
        .isInstanceOf(Outcome.InFlight.class);
    assertThat(Duration.ofNanos(bench.timing.nanoTime() - begin)).isEqualTo(seconds(10));

    bench.timing.schedule(seconds(3).toNanos(), () -> first.complete("done"));
    Outcome<String> answer = waiting.execute(TENANT, "k", BODY, bench.effect());
    assertThat(answer).isInstanceOf(Outcome.Replayed.class);
    assertThat(answer.orElseThrow()).isEqualTo("done");
    assertThat(Duration.ofNanos(bench.timing.nanoTime() - begin)).isLessThan(seconds(20));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void row14_neitherPessimisticNorOptimistic_compareAndSetWithAFenceUnderALease() {
    Lease<String> first = granted(rerun.claim(key("k"), BODY));
    // Bounded pessimism: the lease turns others away at once, and says for how long at most.
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.InFlight<>(seconds(30)));

    bench.onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    bench.line.clearFaults();
    Lease<String> second = granted(elsewhere.claim(key("k"), BODY));

    // Optimism: nobody locked the record, so the late write is refused by the stamp.
    assertThat(second.context().fence()).isGreaterThan(first.context().fence());
    assertThatThrownBy(() -> first.complete("late")).isInstanceOf(LeaseLostException.class);
    assertThat(second.complete("in time").orElseThrow()).isEqualTo("in time");
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()).orElseThrow()).isEqualTo("in time");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void row18_hashOfTheInput_isAKeyBesideTheClientsToken() {
    Operation<String> window = bench.operation(rerunFor(Duration.ofMinutes(5)));
    IdempotencyKey ofBody = ofPayload(BODY, "");

    window.execute(ofBody, BODY, bench.effect());

    Outcome<String> again = window.execute(ofPayload(BODY, ""), BODY, bench.effect());
    assertThat(again).isInstanceOf(Outcome.Replayed.class);
    assertThat(again.orElseThrow()).isEqualTo("answer 1");
    assertThat(window.execute(ofPayload(OTHER_BODY, ""), OTHER_BODY, bench.effect()))
        .isInstanceOf(Outcome.Executed.class);
    assertThat(bench.memory.find(ofBody.id()).orElseThrow().record().fingerprint())
        .as("made of the very fingerprint that is compared")
        .isEqualTo(BODY.first());
    assertThat(window.execute(TENANT, "a token", BODY, bench.effect()))
        .isInstanceOf(Outcome.Executed.class);
  }

  @Test
  void row19_twoIntendedCreations_collapseOnlyWhereAskedForAndInANamedWindow() {
    Operation<String> window = bench.operation(rerunFor(Duration.ofMinutes(5)));
    assertThatThrownBy(() -> rerun.execute(ofPayload(BODY, ""), BODY, bench.effect()))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("names its retention");
    assertThatThrownBy(() -> ofPayload(Fingerprint.none(), "")).isInstanceOf(MisuseException.class);
    assertThat(bench.store.writes).isEmpty();

    for (String batch : List.of("first", "second", "first")) {
      window.execute(ofPayload(BODY, batch), BODY, bench.effect());
    }
    assertThat(bench.effects).as("the discriminator tells two apart").hasValue(2);
    bench.pass(Duration.ofMinutes(5).minusMillis(1));
    window.execute(ofPayload(BODY, "first"), BODY, bench.effect());
    assertThat(bench.effects).hasValue(2);
    bench.pass(Duration.ofMillis(1));
    window.execute(ofPayload(BODY, "first"), BODY, bench.effect());
    assertThat(bench.effects).as("the window is over").hasValue(3);
  }

  @Test
  void row39_checkAndCheckpoint_areOneWriteAndNoRead() {
    List<KeyState> seen = new ArrayList<>();
    rerun.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          assertThat(bench.store.writes).hasSize(1);
          seen.add(bench.record("k").state());
          return "done";
        });

    assertThat(seen).containsExactly(KeyState.LOCKED);
    assertThat(bench.store.reads).isZero();
    assertThat(bench.store.writes)
        .extracting(it -> it.next().state())
        .containsExactly(KeyState.LOCKED, KeyState.COMPLETED);
    Call claim = bench.store.writes.get(0);
    assertThat(claim.expected()).isEqualTo(Stamp.ABSENT);
    assertThat(bench.store.writes.get(1).expected()).isEqualTo(claim.next().stamp());
  }

  @Test
  void row39_twoAtOnce_bothSendTheirClaimBeforeEitherIsAnsweredAndOneRuns() throws Exception {
    CountingStore store = new CountingStore(new MemoryKeyStore(10));
    CyclicBarrier bothClaim = new CyclicBarrier(2, () -> store.beforeWrite = () -> {});
    store.beforeWrite =
        () -> {
          try {
            bothClaim.await(60, TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new AssertionError("the other one sent no claim", e);
          }
        };
    AtomicInteger effects = new AtomicInteger();
    CountDownLatch loserAnswered = new CountDownLatch(1);
    List<Outcome<String>> outcomes = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      Operation<String> charge =
          idempotency.operation(
              "charge", Codec.text(), OperationPolicy.rerun().withLease(Duration.ofMinutes(5)));
      List<Future<Outcome<String>>> calls = new ArrayList<>();
      for (int caller = 0; caller < 2; caller++) {
        calls.add(
            threads.submit(
                () -> {
                  Outcome<String> outcome =
                      charge.execute(
                          TENANT,
                          "k",
                          BODY,
                          context -> {
                            effects.incrementAndGet();
                            assertThat(loserAnswered.await(60, TimeUnit.SECONDS)).isTrue();
                            return "done";
                          });
                  loserAnswered.countDown();
                  return outcome;
                }));
      }
      for (Future<Outcome<String>> call : calls) {
        outcomes.add(call.get(120, TimeUnit.SECONDS));
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(effects).hasValue(1);
    assertThat(outcomes).hasOnlyElementsOfTypes(Outcome.Executed.class, Outcome.InFlight.class);
    assertThat(outcomes).hasAtLeastOneElementOfType(Outcome.InFlight.class);
    assertThat(store.reads).isZero();
    assertThat(store.writes).extracting(Call::expected).startsWith(Stamp.ABSENT, Stamp.ABSENT);
    assertThat(store.writes).as("two claims and one completion").hasSize(3);
  }

  @Test
  void row46_readme_asksWhetherARepeatChangesDataAndSaysWhatEachPolicyIsFor() throws IOException {
    List<String> readme = Files.readAllLines(Path.of("..", "README.md"));
    List<String> policies =
        Arrays.stream(OperationPolicy.class.getMethods())
            .filter(it -> Modifier.isStatic(it.getModifiers()))
            .filter(it -> it.getReturnType() == OperationPolicy.class)
            .map(it -> it.getName() + "()")
            .toList();
    assertThat(policies).hasSize(OperationPolicy.Mode.values().length);

    assertThat(readme)
        .as("first of all: does data change if it is repeated?")
        .anySatisfy(
            line -> assertThat(line).contains("Does data change if", "needs no key", "converge"));
    for (String policy : policies) {
      assertThat(readme)
          .as("what %s does, and for which operations", policy)
          .filteredOn(it -> it.startsWith("- `" + policy + "`: "))
          .singleElement()
          .satisfies(it -> assertThat(it).contains(" For operations "));
      assertThat(readme)
          .as("how often the effect is made under %s", policy)
          .anyMatch(it -> it.startsWith("| `" + policy + "` | "));
    }
  }
}
