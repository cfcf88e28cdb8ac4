package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Checkpoints that a store refuses, finds too large, or damages, in virtual time. */
class StepRefusalsTest extends StepGuards {
  @Test
  void refusedCheckpoint_isALostLeaseWithTheValue() {
    Lease<String> lease = claimed();
    String[] other = new String[1];
    LeaseLostException e =
        catchThrowableOfType(
            LeaseLostException.class,
            () ->
                lease
                    .context()
                    .step(
                        "draft",
                        Codec.text(),
                        () -> {
                          bench.line.onWrites(Fault.REQUEST_LOST, Fault.REQUEST_LOST);
                          onWrites(Fault.REQUEST_LOST, 1_000);
                          bench.pass(seconds(31));
                          bench.line.clearFaults();
                          Lease<String> theirs = granted(elsewhere.claim(key("k"), BODY));
                          other[0] = theirs.context().step("draft", Codec.text(), () -> "theirs");
                          return run("mine");
                        }));
    assertThat(e).isNotNull();
    assertThat(e.value()).isEqualTo("mine1");
    assertThat(other).containsExactly("theirs");
    assertThat(rerun.admin().steps(key("k").id()).value("draft", Codec.text())).contains("theirs");
    assertThat(bench.events).contains("leaseLost");
  }

  @Test
  void stepUnderALostLease_isNotRun() {
    Lease<String> lease = claimed();
    step(lease, "draft");
    onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(30));
    assertThat(lease.context().isLeaseLost()).isTrue();
    LeaseLostException e =
        catchThrowableOfType(LeaseLostException.class, () -> step(lease, "publish"));
    assertThat(e).isNotNull();
    assertThat(e.value()).isNull();
    assertThat(ran).containsExactly("draft");
  }

  @Test
  void recordThatIsGone_orHolderThatEndedMeanwhile_losesTheStep() {
    for (Runnable meanwhile :
        List.<Runnable>of(
            () -> rerun.admin().forget(key("k").id()), () -> bench.pass(Duration.ofDays(40)))) {
      ran.clear();
      Lease<String> lease = claimed();
      LeaseLostException e =
          catchThrowableOfType(
              LeaseLostException.class,
              () ->
                  lease
                      .context()
                      .step(
                          "draft",
                          Codec.text(),
                          () -> {
                            lease.close();
                            bench.pass(seconds(31));
                            meanwhile.run();
                            return run("draft");
                          }));
      assertThat(e.value()).isEqualTo("draft1");
      assertThat(recorded()).isEmpty();
    }
  }

  @Test
  void checkpointThatDoesNotFitTheStore_isInDoubtWhateverThePolicySays() {
    Operation<String> operation =
        on(refusingCheckpoints(this, new ArrayList<>()), OperationPolicy.rerun());
    StepNotRecordedException e =
        catchThrowableOfType(
            StepNotRecordedException.class, () -> operation.execute(TENANT, "k", BODY, this::step));
    assertThat(e).isNotNull();
    assertThat(e.value()).isEqualTo("draft1");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(operation.execute(TENANT, "k", BODY, this::step))
        .isInstanceOf(Outcome.InDoubt.class);
    assertThat(ran).hasSize(1);
  }

  @Test
  void checkpointThatIsFoundNotToFitLater_endsTheAttemptInDoubt() {
    for (boolean byRenewal : new boolean[] {true, false}) {
      StepGuards own = new StepGuards();
      List<RuntimeException> lost = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        lost.add(lost());
      }
      Operation<String> operation = own.on(refusingCheckpoints(own, lost), OperationPolicy.rerun());
      Lease<String> lease = granted(operation.claim(key("k"), BODY));
      assertThat(own.step(lease, "draft")).isEqualTo("draft1");
      lost.clear();
      if (byRenewal) {
        own.bench.pass(seconds(40));
        assertThat(lease.context().isLeaseLost()).as("renewed without it").isFalse();
        assertThatThrownBy(() -> own.step(lease, "publish"))
            .isInstanceOf(StepNotRecordedException.class);
        assertThatThrownBy(() -> lease.complete("x")).isInstanceOf(StepNotRecordedException.class);
      } else {
        lease.fail(Verdict.retryable());
      }
      assertThat(own.bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
      assertThat(own.ran).containsExactly("draft");
    }
  }

  @Test
  void damagedSteps_areATypedErrorAndNeitherOverwrittenNorRunAgain() {
    Lease<String> first = claimed();
    step(first, "draft");
    first.fail(Verdict.retryable());
    byte[] sound = bench.record("k").slots().checkpoint();
    List<byte[]> damaged = new ArrayList<>(List.of(new byte[0], new byte[] {1}));
    for (int at = 0; at < sound.length; at++) {
      byte[] flipped = sound.clone();
      flipped[at] = (byte) (flipped[at] ^ (1 << (at % 8)));
      damaged.add(flipped);
      damaged.add(Arrays.copyOf(sound, at));
    }
    RecordedSteps none = RecordedSteps.open("charge", key("k").id(), null);
    damaged.add(RecordedSteps.open("charge", key("l").id(), null).with("draft", null).encode());
    damaged.add(none.with("draft", null).with("draft", null).encode());
    byte[] later = sound.clone();
    later[0] = 2;
    damaged.add(summed(later));
    damaged.add(summed(Arrays.copyOf(sound, sound.length + 1)));
    byte[] two = sound.clone();
    two[2] = 2;
    damaged.add(summed(two));
    for (byte[] each : damaged) {
      replace(
          bench.record("k").toBuilder()
              .stamp(bench.record("k").stamp().next())
              .slots(Slots.of(null, each)));
      KeyRecord before = bench.record("k");
      for (ThrowingCall call :
          List.<ThrowingCall>of(
              () -> rerun.execute(TENANT, "k", BODY, this::step), this::recorded)) {
        KeyStoreException e = catchThrowableOfType(KeyStoreException.class, call::run);
        assertThat(e).as("%s", Arrays.toString(each)).isNotNull();
        assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.UNREADABLE);
      }
      assertThat(bench.record("k")).isEqualTo(before);
    }
    assertThat(ran).hasSize(1);
    assertThat(rerun.admin().forget(key("k").id())).isEqualTo(KeyAdmin.Result.DONE);
    assertThat(rerun.execute(TENANT, "k", BODY, this::step).orElseThrow()).isEqualTo("draft2");
  }

  private KeyStore refusingCheckpoints(StepGuards on, List<RuntimeException> first) {
    return on.writing(
        (id, expected, next) -> {
          if (next.slots().checkpoint() != null) {
            if (!first.isEmpty()) {
              throw first.remove(0);
            }
            throw new PayloadTooLargeException(next.slots().checkpoint().length, 10);
          }
          return on.bench.memory.compareAndSet(id, expected, next);
        });
  }

  /** The same bytes with the sum that they would have. */
  private static byte[] summed(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(key("k").id().bytes());
    crc.update(bytes, 0, bytes.length - Integer.BYTES);
    ByteBuffer.wrap(bytes).putInt(bytes.length - Integer.BYTES, (int) crc.getValue());
    return bytes;
  }

  private interface ThrowingCall {
    void run();
  }
}
