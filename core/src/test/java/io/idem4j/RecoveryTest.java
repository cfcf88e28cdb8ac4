package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.OTHER_BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Recovery.Finding;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a recovery is asked, when, and what becomes of the key, in virtual time. */
class RecoveryTest {
  private final Bench bench = new Bench();
  private final List<Integer> asked = new ArrayList<>();
  private Recovery<String> answer = context -> Finding.notDone();
  private final Operation<String> recovering = recovering(bench.idempotency);

  private Operation<String> recovering(Idempotency idempotency) {
    return idempotency
        .operation("charge", Codec.text(), OperationPolicy.recover())
        .withRecovery(
            context -> {
              asked.add(context.attempt());
              return answer.recover(context);
            });
  }

  private void fail(String value) {
    assertThatThrownBy(
            () ->
                recovering.execute(
                    TENANT,
                    value,
                    BODY,
                    context -> {
                      bench.effects.incrementAndGet();
                      throw new IOException("connection lost");
                    }))
        .isInstanceOf(IOException.class);
  }

  private Outcome<String> call(String value) {
    return recovering.execute(TENANT, value, BODY, bench.effect());
  }

  @Test
  void firstCall_isNotAsked() {
    assertThat(call("k")).isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(call("k")).isInstanceOf(Outcome.Replayed.class);
    assertThat(asked).isEmpty();
  }

  @Test
  void row09_existenceCheckUnderLock_findsTheEffectAndRecordsItsAnswer() {
    fail("k");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    answer =
        context -> {
          assertThat(bench.record("k").state()).as("under the lock").isEqualTo(KeyState.LOCKED);
          return Finding.done("found");
        };

    assertThat(call("k")).isEqualTo(new Outcome.Recovered<>("found", true));

    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(call("k"))
        .isEqualTo(
            new Outcome.Replayed<>(Optional.of("found"), true, Optional.empty(), Optional.empty()));
    assertThat(bench.effects).hasValue(1);
    assertThat(asked).containsExactly(2);
  }

  @Test
  void notDone_runsTheOperationUnderTheSameLock() {
    fail("k");

    assertThat(call("k")).isEqualTo(new Outcome.Executed<>("answer 2", true));

    assertThat(asked).containsExactly(2);
    assertThat(bench.record("k").attempt()).isEqualTo(2);
  }

  @Test
  void unknown_staysInDoubtAndIsAskedAgainAfterThePause() {
    fail("k");
    Grant holder = bench.record("k").grant();
    answer = context -> Finding.unknown();

    assertThat(call("k")).isEqualTo(new Outcome.InDoubt<>(Optional.of(seconds(30))));

    KeyRecord doubt = bench.record("k");
    assertThat(doubt.state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(doubt.attempt()).as("nothing was started").isEqualTo(1);
    assertThat(doubt.grant()).as("its holder may still settle it").isEqualTo(holder);
    bench.pass(seconds(20));
    assertThat(call("k")).isEqualTo(new Outcome.InDoubt<>(Optional.of(seconds(10))));
    assertThat(asked).hasSize(1);
    bench.pass(seconds(10));
    answer = context -> Finding.done("at last");
    assertThat(call("k")).isEqualTo(new Outcome.Recovered<>("at last", true));
    assertThat(asked).hasSize(2);
  }

  @Test
  void throw_countsAsUnknown() {
    fail("k");
    List<Recovery<String>> throwing =
        List.of(
            context -> {
              throw new IOException("no connection");
            },
            context -> {
              throw new AssertionError();
            },
            context -> null);
    for (Recovery<String> each : throwing) {
      answer = each;
      assertThat(call("k")).isEqualTo(new Outcome.InDoubt<>(Optional.of(seconds(30))));
      assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
      bench.pass(seconds(30));
    }
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void interrupt_countsAsUnknownAndStaysSet() {
    fail("k");
    answer =
        context -> {
          throw new InterruptedException();
        };
    assertThat(call("k")).isInstanceOf(Outcome.InDoubt.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void errorOfTheVirtualMachine_letsTheLockLapse() {
    fail("k");
    answer =
        context -> {
          throw new OutOfMemoryError("pretended");
        };
    assertThatThrownBy(() -> call("k")).isInstanceOf(OutOfMemoryError.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    bench.pass(seconds(30));
    answer = context -> Finding.done("found");
    assertThat(call("k")).isEqualTo(new Outcome.Recovered<>("found", true));
    assertThat(bench.timing.scheduled()).isZero();
  }

  @Test
  void lapsedLock_isAskedAbout() {
    granted(recovering.claim(key("k"), BODY)).close();
    assertThat(call("k")).isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(30));
    answer = context -> Finding.done("found");
    assertThat(call("k")).isEqualTo(new Outcome.Recovered<>("found", true));
    assertThat(bench.events).contains("takenOver");
  }

  @Test
  void releasedKey_isAskedAboutToo() {
    Operation<String> releasing =
        bench
            .operation(OperationPolicy.recover().withReleased(IOException.class))
            .withRecovery(
                context -> {
                  asked.add(context.attempt());
                  return Finding.notDone();
                });
    assertThatThrownBy(
            () ->
                releasing.execute(
                    TENANT,
                    "k",
                    BODY,
                    context -> {
                      throw new IOException();
                    }))
        .isInstanceOf(IOException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    releasing.execute(TENANT, "k", BODY, bench.effect());
    assertThat(asked).containsExactly(2);
  }

  @Test
  void withdrawnClaim_thatNeverRan_isNotAskedAbout() {
    bench.onWrites(Fault.REPLY_LOST, 40);
    assertThatThrownBy(() -> call("k")).isInstanceOf(KeyStoreException.class);
    bench.line.clearFaults();
    bench.pass(seconds(60));
    assertThat(bench.record("k").attempt()).isZero();
    assertThat(call("k")).isInstanceOf(Outcome.Executed.class);
    assertThat(asked).isEmpty();
  }

  @Test
  void otherFingerprint_winsOverTheQuestion() {
    fail("k");
    assertThat(recovering.execute(TENANT, "k", OTHER_BODY, bench.effect()))
        .isInstanceOf(Outcome.KeyReused.class);
    assertThat(asked).isEmpty();
  }

  @Test
  void longRecovery_isRenewedAndKeepsOthersOut() {
    fail("k");
    Operation<String> elsewhere = recovering(bench.engineOn(bench.memory));
    answer =
        context -> {
          bench.pass(Duration.ofMinutes(5));
          assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
              .isInstanceOf(Outcome.InFlight.class);
          return Finding.done("found");
        };
    assertThat(call("k")).isEqualTo(new Outcome.Recovered<>("found", true));
    assertThat(asked).hasSize(1);
  }

  @Test
  void nestedCallOnItsOwnKey_isRefused() {
    fail("k");
    answer =
        context -> {
          assertThatThrownBy(() -> call("k")).isInstanceOf(MisuseException.class);
          return Finding.done("found");
        };
    assertThat(call("k")).isEqualTo(new Outcome.Recovered<>("found", true));
  }

  @Test
  void oldHolder_settlesItsOwnDoubtAfterARecoveryThatCouldNotTell() {
    Lease<String> paused = granted(recovering.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 200);
    bench.pass(seconds(40));
    Operation<String> elsewhere = recovering(bench.engineOn(bench.memory));
    answer = context -> Finding.unknown();
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);
    bench.line.clearFaults();
    long asked = bench.record("k").fence();
    assertThat(asked).as("a claim, though it ran nothing").isGreaterThan(paused.context().fence());
    assertThat(paused.complete("late, and true"))
        .isEqualTo(new Outcome.Executed<>("late, and true", true));
    assertThat(bench.record("k").fence()).as("I2 nobody draws it again").isEqualTo(asked);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void oldHolder_thatWakesAfterARecovery_changesNothing() {
    Lease<String> paused = granted(recovering.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 200);
    bench.pass(seconds(40));
    Operation<String> elsewhere = recovering(bench.engineOn(bench.memory));
    answer = context -> Finding.done("found");
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Recovered.class);
    bench.line.clearFaults();
    Outcome<String> late = paused.complete("late");
    assertThat(late).isInstanceOf(Outcome.Replayed.class);
    assertThat(late.orElseThrow()).isEqualTo("found");
  }

  @Test
  void async_isAskedOnTheExecutorAndCancelledMeanwhile() {
    fail("k");
    answer = context -> Finding.done("found");
    assertThat(
            recovering
                .executeAsync(key("k"), BODY, Runnable::run, context -> new CompletableFuture<>())
                .join())
        .isEqualTo(new Outcome.Recovered<>("found", true));
    fail("other");
    List<CompletableFuture<Outcome<String>>> call = new ArrayList<>();
    List<Runnable> tasks = new ArrayList<>();
    answer =
        context -> {
          call.get(0).cancel(false);
          return Finding.notDone();
        };
    call.add(
        recovering.executeAsync(
            key("other"),
            BODY,
            tasks::add,
            context -> {
              throw new AssertionError("cancelled before it began");
            }));
    tasks.remove(0).run();
    bench.pass(seconds(1));
    assertThat(bench.record("other").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(bench.record("other").attempt()).isEqualTo(1);
  }

  @Test
  void policyAndRecovery_belongTogether() {
    Operation<String> without = bench.operation(OperationPolicy.recover());
    assertThatThrownBy(() -> without.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("withRecovery");
    for (OperationPolicy policy : List.of(OperationPolicy.rerun(), OperationPolicy.hold())) {
      assertThatThrownBy(() -> bench.operation(policy).withRecovery(context -> Finding.notDone()))
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("does not recover");
    }
    assertThatThrownBy(
            () ->
                OperationPolicy.recover()
                    .withInDoubtRetention(Duration.ofDays(2))
                    .withRecoveryPause(Duration.ofDays(2))
                    .validated())
        .isInstanceOf(MisuseException.class);
    assertThat(bench.effects).hasValue(0);
  }

  /** A retry must know it: not a failure that is recorded, but one that is being sent. */
  @Test
  void i21_failureThatIsNotKnownToBeRecorded_isToldAndResent() {
    fail("k");
    answer =
        context -> {
          bench.onWrites(Fault.REQUEST_LOST, 1_000);
          return Finding.failed(RecordedFailure.of("undone"));
        };
    bench.events.clear();

    assertThat(call("k")).isInstanceOf(Outcome.Failed.class);

    assertThat(bench.events).contains("recordedUnknown").doesNotContain("failed FINAL");
    bench.line.clearFaults();
    bench.pass(seconds(2));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_FINAL);
  }

  /** The record does not keep when an attempt began; a first step does, whoever asks meanwhile. */
  @Test
  void ageOfAnEarlierAttempt_isKeptByAFirstStep() {
    Lease<String> lease = granted(recovering.claim(key("k"), BODY));
    lease.context().step("began", Codec.text(), () -> "at noon");
    lease.close();
    bench.pass(seconds(31));
    answer = context -> Finding.unknown();
    call("k");
    bench.pass(seconds(31));
    List<Optional<String>> began = new ArrayList<>();
    answer =
        context -> {
          began.add(context.recordedSteps().value("began", Codec.text()));
          return Finding.done("found");
        };

    assertThat(call("k")).isInstanceOf(Outcome.Recovered.class);
    assertThat(began).containsExactly(Optional.of("at noon"));
  }
}
