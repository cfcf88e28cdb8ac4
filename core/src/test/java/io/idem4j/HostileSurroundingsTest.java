package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Codecs, classifiers, listeners, executors and stores that throw what they should not. */
class HostileSurroundingsTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> hold = bench.operation(OperationPolicy.hold());
  private final Operation<String> elsewhere =
      bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.rerun());
  private final Operation<String> holdElsewhere =
      bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.hold());

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable, R> R raise(Throwable thrown) throws X {
    throw (X) thrown;
  }

  private KeyState state() {
    return bench.record("k").state();
  }

  @Test
  void codecThatThrowsAnything_losesNoCompletion() {
    for (Throwable thrown :
        new Throwable[] {
          new AssertionError("codec"), new OutOfMemoryError("simulated"), new IOException("codec")
        }) {
      Codec<String> codec = Codec.of("text", text -> raise(thrown), bytes -> "x");
      String value = thrown.getClass().getName();
      bench
          .idempotency
          .operation("charge", codec, OperationPolicy.rerun())
          .execute(TENANT, value, BODY, bench.effect());
      assertThat(bench.record(value).state()).as(value).isEqualTo(KeyState.COMPLETED);
    }
    bench.pass(Duration.ofMinutes(16));
    assertThat(bench.timing.scheduled()).isZero();
    assertThat(bench.effects).hasValue(3);
  }

  @Test
  void codecWhoseTypeFailsLater_isAskedOnceOnly() {
    AtomicInteger asked = new AtomicInteger();
    Codec<String> codec =
        new Codec<>() {
          @Override
          public String type() {
            if (asked.getAndIncrement() > 0) {
              throw new IllegalStateException("type");
            }
            return "text";
          }

          @Override
          public byte[] encode(String value, KeyId keyId) {
            return value.getBytes(StandardCharsets.UTF_8);
          }

          @Override
          public String decode(byte[] bytes, KeyId keyId) {
            return new String(bytes, StandardCharsets.UTF_8);
          }
        };
    Operation<String> operation =
        bench.idempotency.operation("charge", codec, OperationPolicy.rerun());
    operation.execute(TENANT, "k", BODY, bench.effect());
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
  }

  @Test
  void referenceThatNoStoreCouldHold_isRefusedAndTheCompletionRecorded() throws Exception {
    rerun.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          assertThatThrownBy(() -> context.reference("a\u0000b"))
              .isInstanceOf(IllegalKeyException.class);
          return "x";
        });
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
    assertThatThrownBy(() -> key("k").withReference("a\u0000b"))
        .isInstanceOf(IllegalKeyException.class);
    assertThat(bench.idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void answerTooLargeAfterAnUnknown_isATombstone() {
    AtomicInteger writes = new AtomicInteger();
    KeyStore small =
        new KeyStore() {
          @Override
          public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
            if (writes.incrementAndGet() == 2) {
              throw KeyStoreException.unknown("lost", null);
            }
            byte[] payload = next.slots().payload();
            if (payload != null && payload.length > 50) {
              throw new PayloadTooLargeException(payload.length, 50);
            }
            return bench.memory.compareAndSet(id, expected, next);
          }

          @Override
          public Optional<StoredRecord> find(KeyId id) {
            return bench.memory.find(id);
          }
        };
    Operation<String> operation =
        bench.engineOn(small).operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThat(operation.execute(TENANT, "k", BODY, context -> "x".repeat(80)))
        .isEqualTo(new Outcome.Executed<>("x".repeat(80), true));
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(
            new Outcome.Replayed<>(Optional.empty(), false, Optional.empty(), Optional.empty()));
  }

  @Test
  void claimThatCannotBeRenewedBeforeItRuns_isPutBack() {
    for (boolean permanent : new boolean[] {false, true}) {
      String value = "permanent " + permanent;
      var slow = new AtomicReference<>(seconds(11));
      AtomicInteger writes = new AtomicInteger();
      bench.store.beforeWrite =
          () -> {
            bench.timing.advance(slow.getAndSet(Duration.ZERO));
            if (permanent && writes.incrementAndGet() == 2) {
              throw KeyStoreException.notApplied(KeyStoreException.Reason.FULL, "test", null);
            }
          };
      if (!permanent) {
        bench.line.onWrites(Fault.NONE);
        bench.onWrites(Fault.REQUEST_LOST, 1_000);
      }
      assertThatThrownBy(() -> hold.execute(TENANT, value, BODY, bench.effect()))
          .isInstanceOf(KeyStoreException.class);
      bench.line.clearFaults();
      bench.pass(seconds(60));

      assertThat(bench.record(value).state()).as(value).isEqualTo(KeyState.FAILED_RETRYABLE);
      assertThat(bench.record(value).attempt()).isZero();
      assertThat(holdElsewhere.execute(TENANT, value, BODY, bench.effect()))
          .isInstanceOf(Outcome.Executed.class);
      bench.store.beforeWrite = () -> {};
    }
  }

  @Test
  void renewalBeforeTheRun_outlastsABusyKeyAndALostReply() {
    for (Fault fault : new Fault[] {Fault.REPLY_LOST, Fault.NOT_SENT}) {
      var slow = new AtomicReference<>(seconds(11));
      bench.store.beforeWrite = () -> bench.timing.advance(slow.getAndSet(Duration.ZERO));
      bench.line.onWrites(Fault.NONE, fault);
      assertThat(rerun.execute(TENANT, fault.name(), BODY, context -> "x"))
          .isEqualTo(new Outcome.Executed<>("x", true));
    }
  }

  @Test
  void claimMarkedInDoubtThoughItNeverRan_isPutBackByItsOwnWithdrawal() {
    bench.line.onWrites(Fault.REPLY_LOST);
    bench.onWrites(Fault.REQUEST_LOST, 100_000);
    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    bench.pass(seconds(26));
    assertThat(holdElsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);
    bench.line.clearFaults();
    bench.pass(seconds(3));

    assertThat(state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.record("k").attempt()).isZero();
  }

  @Test
  void storeThatThrowsWhatItMustNot_losesNoCompletion() {
    for (Throwable thrown :
        new Throwable[] {new SQLException("secret 4711"), new OutOfMemoryError("simulated")}) {
      AtomicInteger writes = new AtomicInteger();
      bench.store.beforeWrite =
          () -> {
            if (writes.incrementAndGet() == 2) {
              HostileSurroundingsTest.<RuntimeException, Void>raise(thrown);
            }
          };
      assertThat(rerun.execute(TENANT, thrown.toString(), BODY, context -> "x"))
          .isEqualTo(new Outcome.Executed<>("x", true));
    }
  }

  @Test
  void storeThatAnswersNull_isUnknown() {
    KeyStore broken =
        new KeyStore() {
          @Override
          public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
            return null;
          }

          @Override
          public Optional<StoredRecord> find(KeyId id) {
            return null;
          }
        };
    Operation<String> operation =
        bench.engineOn(broken).operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThatThrownBy(() -> operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void i31_recordThatWouldLockForEver_isATypedError() {
    KeyRecord record =
        KeyRecord.builder()
            .keyId(key("k").id())
            .stamp(new Stamp(1, 1))
            .state(KeyState.LOCKED)
            .fingerprint(BODY.first())
            .build();
    assertThatThrownBy(
            () -> StoredRecord.of(record, Duration.ofSeconds(Long.MAX_VALUE), seconds(1)))
        .isInstanceOf(KeyStoreException.class);
    assertThatThrownBy(
            () -> StoredRecord.of(record, seconds(1), Duration.ofSeconds(Long.MAX_VALUE)))
        .isInstanceOf(KeyStoreException.class);
  }

  @Test
  void executorThatFailsOnce_renewsLater() {
    for (Throwable thrown :
        new Throwable[] {new OutOfMemoryError("no thread"), new RejectedExecutionException()}) {
      AtomicBoolean fail = new AtomicBoolean();
      Executor executor =
          task -> {
            if (fail.getAndSet(false)) {
              HostileSurroundingsTest.<RuntimeException, Void>raise(thrown);
            }
            task.run();
          };
      Operation<String> operation =
          bench
              .builderOn(bench.memory)
              .executor(executor)
              .build()
              .operation("charge", Codec.text(), OperationPolicy.rerun());
      Lease<String> lease = granted(operation.claim(key(thrown.toString()), BODY));
      fail.set(true);
      bench.pass(Duration.ofMinutes(2));
      assertThat(lease.context().isLeaseLost()).isFalse();
      assertThat(lease.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
    }
  }

  @Test
  void executorThatFails_leaksNoPendingWrite() throws Exception {
    AtomicBoolean fail = new AtomicBoolean();
    Executor executor =
        task -> {
          if (fail.get()) {
            throw new OutOfMemoryError("no thread");
          }
          task.run();
        };
    Idempotency idempotency = bench.builderOn(bench.store).executor(executor).build();
    Operation<String> operation =
        idempotency.operation("charge", Codec.text(), OperationPolicy.rerun());
    bench.line.onWrites(Fault.NONE);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    fail.set(true);
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", false));
    bench.line.clearFaults();
    bench.pass(seconds(5));
    fail.set(false);
    bench.pass(seconds(5));

    assertThat(state()).isEqualTo(KeyState.COMPLETED);
    assertThat(idempotency.engine().pending().size()).isZero();
    assertThat(idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void pendingWriteThatThrows_isSentAgain() {
    bench.line.onWrites(Fault.REPLY_LOST);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    bench.line.clearFaults();
    bench.store.beforeWrite =
        () -> {
          throw new StackOverflowError("simulated");
        };
    bench.pass(seconds(2));
    bench.store.beforeWrite = () -> {};
    bench.pass(seconds(5));
    assertThat(state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.idempotency.engine().pending().size()).isZero();
  }

  @Test
  void pendingWrites_areBoundedInNumber() {
    Idempotency bounded = bench.builderOn(bench.store).maximumPendingWrites(3).build();
    Operation<String> operation =
        bounded.operation("charge", Codec.text(), OperationPolicy.rerun());
    bench.onWrites(Fault.REQUEST_LOST, 100_000);
    for (int call = 0; call < 5; call++) {
      String value = "k" + call;
      assertThatThrownBy(() -> operation.execute(TENANT, value, BODY, bench.effect()))
          .isInstanceOf(KeyStoreException.class);
      assertThat(bounded.engine().pending().size()).isEqualTo(Math.min(call + 1, 3));
    }
    bench.pass(Duration.ofMinutes(1));
    assertThat(bounded.engine().pending().size()).isZero();
  }

  @Test
  void classifierThatThrowsAnything_leavesTheOriginalAndADoubt() {
    OperationPolicy throwing =
        OperationPolicy.rerun().withClassifier(failure -> raise(new AssertionError("classifier")));
    OperationPolicy nothing =
        OperationPolicy.rerun().withFinal(IllegalStateException.class, failure -> null);
    int call = 0;
    for (OperationPolicy policy : new OperationPolicy[] {throwing, nothing}) {
      String value = "k" + call++;
      IllegalStateException original = new IllegalStateException("original");
      Operation<String> operation = bench.operation(policy);
      assertThat(
              catchThrowable(
                  () -> operation.execute(TENANT, value, BODY, context -> raise(original))))
          .isSameAs(original);
      assertThat(bench.record(value).state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    }
    assertThat(bench.timing.scheduled()).isZero();
  }

  @Test
  void recordedAnswerThatCannotBeRead_leavesTheHolderItsOwnValue() {
    Operation<String> otherRelease =
        bench
            .engineOn(bench.memory)
            .operation(
                "charge",
                Codec.<String>of("json", text -> new byte[1], bytes -> "x"),
                OperationPolicy.rerun());
    Lease<String> stale = granted(rerun.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    otherRelease.execute(TENANT, "k", BODY, context -> "newer");

    assertThatThrownBy(() -> stale.complete("own"))
        .isInstanceOfSatisfying(
            LeaseLostException.class, e -> assertThat(e.value()).isEqualTo("own"));
    IOException own = new IOException("own");
    assertThat(
            catchThrowable(
                () ->
                    rerun.execute(
                        TENANT,
                        "failing",
                        BODY,
                        context -> {
                          bench.onWrites(Fault.REQUEST_LOST, 13);
                          bench.pass(seconds(31));
                          otherRelease.execute(TENANT, "failing", BODY, other -> "newer");
                          throw own;
                        })))
        .isSameAs(own);
  }

  @Test
  void listenerThatThrowsOrDawdles_delaysNoRenewal() {
    Operation<String> throwing = listening(() -> raise(new IOException("listener")));
    assertThat(throwing.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Executed.class);
    Operation<String> slow = listening(() -> bench.timing.advance(seconds(31)));
    slow.execute(
        TENANT,
        "slow",
        BODY,
        context -> {
          assertThat(bench.live("slow").leaseLeft()).isPositive();
          assertThat(context.isLeaseLost()).isFalse();
          return "x";
        });
  }

  private interface Told {
    void run() throws Exception;
  }

  private Operation<String> listening(Told told) {
    return bench
        .builderOn(bench.memory)
        .listener(
            new IdempotencyListener() {
              @Override
              public void claimed(Event event) {
                try {
                  told.run();
                } catch (Exception e) {
                  HostileSurroundingsTest.<RuntimeException, Void>raise(e);
                }
              }
            })
        .build()
        .operation("charge", Codec.text(), OperationPolicy.rerun());
  }

  @Test
  void ownCompletionStillPending_isNeverReRunByItsOwnEngine() {
    bench.line.onWrites(Fault.NONE);
    bench.onWrites(Fault.REQUEST_LOST, 100_000);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.line.clearFaults();
    bench.store.beforeWrite = () -> {};
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .as("within the lease")
        .isInstanceOf(Outcome.InFlight.class);
    bench.onWrites(Fault.REQUEST_LOST, 100_000);
    bench.pass(seconds(31));
    bench.line.clearFaults();
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .as("after the lease")
        .isEqualTo(new Outcome.InFlight<>(seconds(1)));
    bench.pass(seconds(2));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void pendingReleaseTakenByItsOwnEngine_isNoLoss() {
    bench.line.onWrites(Fault.NONE);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(
            () ->
                rerun.execute(TENANT, "k", BODY, context -> raise(new IllegalStateException("x"))))
        .isInstanceOf(IllegalStateException.class);
    bench.line.clearFaults();
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.pass(seconds(5));
    assertThat(bench.events).doesNotContain("leaseLost");
  }

  @Test
  void secondLossAfterHealing_isToldAgain() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 30);
    bench.pass(seconds(60));
    bench.line.clearFaults();
    bench.pass(seconds(60));
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(60));
    assertThat(bench.events.stream().filter("leaseLost"::equals)).hasSize(2);
    lease.close();
  }

  @Test
  void interruptThatWasThereBeforeOurs_isKept() {
    Operation<String> interrupting =
        bench.operation(OperationPolicy.rerun().withInterruptOnLeaseLoss());
    interrupting.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          bench.onWrites(Fault.REQUEST_LOST, 13);
          bench.timing.advance(seconds(29));
          Thread.currentThread().interrupt();
          bench.timing.advance(seconds(2));
          return "x";
        });
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void pollThatFailsForNow_endsNoWait() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    Operation<String> waiting = bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(5)));
    bench.line.onReads(Fault.NOT_SENT, Fault.REQUEST_LOST);
    bench.timing.schedule(seconds(1).toNanos(), () -> lease.complete("theirs"));
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("theirs");
  }

  @Test
  void closeDuringAWait_claimsNothingMore() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    Operation<String> waiting = bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(5)));
    bench.timing.schedule(
        seconds(1).toNanos(),
        () -> {
          lease.fail(FailureClassifier.Verdict.retryable());
          bench.idempotency.close();
        });
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void closeForEver_isAllowed() throws InterruptedException {
    assertThat(bench.idempotency.close(Duration.ofSeconds(Long.MAX_VALUE))).isTrue();
  }

  @Test
  void shortestLease_stillRepeatsAWrite() {
    Operation<String> operation =
        bench.operation(OperationPolicy.rerun().withLease(Duration.ofMillis(20)));
    bench.line.onWrites(Fault.REQUEST_LOST);
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Executed.class);
  }

  @Test
  void restlessRecord_isGivenUpAtTheStoreDeadline() {
    KeyStore restless =
        new KeyStore() {
          @Override
          public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
            bench.timing.advance(Duration.ofMillis(1));
            return CasResult.NONE_LIVE;
          }

          @Override
          public Optional<StoredRecord> find(KeyId id) {
            return Optional.empty();
          }
        };
    Operation<String> operation =
        bench.engineOn(restless).operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThatThrownBy(() -> operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.CONFLICT));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void completionOverARecordOfTheNextFormat_isNotKnownAndNotLost() {
    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              KeyRecord foreign =
                  bench.record("k").toBuilder()
                      .stamp(new Stamp(1, 1))
                      .format(2)
                      .retention(seconds(600))
                      .build();
              bench.memory.compareAndSet(key("k").id(), bench.live("k").stamp(), foreign);
              return "x";
            });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("x", false));
    assertThat(bench.live("k").stamp()).isEqualTo(new Stamp(1, 1));
  }

  @Test
  void waitersOfAHolderHere_areWokenAndDoNotPoll() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    Operation<String> waiting = bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(5)));
    long before = bench.timing.nanoTime();
    bench.timing.schedule(Duration.ofMillis(10).toNanos(), () -> lease.complete("theirs"));
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("theirs");
    assertThat(Duration.ofNanos(bench.timing.nanoTime() - before)).isEqualTo(Duration.ofMillis(10));
    assertThat(bench.store.reads).isEqualTo(1);
  }

  @Test
  void leaseEnd_countsFromTheFirstSendOfARenewalThatWasAnsweredLate() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.store.beforeWrite = () -> bench.timing.advance(seconds(8));
    bench.pass(seconds(10)); // sent at 10 s, answered at 18 s
    bench.store.beforeWrite = () -> {};
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(22).minusMillis(1));
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.pass(Duration.ofMillis(1));
    assertThat(lease.context().isLeaseLost()).isTrue();
    assertThat(elsewhere).isNotNull();
    lease.close();
  }

  @Test
  void renewalSubmittedBeforeTheEnd_isNotSentAfterIt() {
    AtomicReference<Runnable> submitted = new AtomicReference<>();
    Idempotency late = bench.builderOn(bench.store).executor(submitted::set).build();
    Lease<String> lease =
        granted(
            late.operation("charge", Codec.text(), OperationPolicy.rerun()).claim(key("k"), BODY));
    bench.pass(seconds(10));
    lease.complete("x");
    int writes = bench.store.writes.size();
    submitted.get().run();
    assertThat(bench.store.writes).hasSize(writes);
    assertThat(bench.timing.scheduled()).isZero();
    assertThat(bench.events).doesNotContain("leaseLost");
  }
}
