package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Recovery.Finding;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Steps and what becomes of them in later attempts, in virtual time. */
class StepsTest extends StepsFixture {
  @Test
  void step_thatIsDone_isNotRunByALaterAttempt() {
    assertThat(
            thrownBy(
                rerun,
                context -> {
                  assertThat(step(context, "draft")).isEqualTo("draft1");
                  assertThat(recorded().names()).containsExactly("draft");
                  return failing();
                }))
        .isInstanceOf(IOException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);

    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              assertThat(context.recordedSteps().names()).containsExactly("draft");
              String answer = step(context, "draft") + step(context, "publish");
              assertThat(context.recordedSteps().names()).containsExactly("draft", "publish");
              return answer;
            });

    assertThat(outcome).isEqualTo(new Outcome.Executed<>("draft1publish2", true));
    assertThat(ran).containsExactly("draft", "publish");
    assertThat(bench.record("k").slots().checkpoint()).as("terminal").isNull();
    assertThat(recorded().names()).isEmpty();
  }

  @Test
  void row07_draftThenCommit_resumesOnAnotherMachineAfterItsHolderDied() {
    Lease<String> dead = granted(rerun.claim(key("k"), BODY));
    assertThat(step(dead.context(), "draft")).isEqualTo("draft1");
    dead.close();
    bench.pass(seconds(30));
    // Whoever clears up sees the draft by the bare id.
    assertThat(recorded().value("draft", TEXT)).contains("draft1");

    Outcome<String> outcome =
        bench
            .engineOn(bench.memory)
            .operation("charge", TEXT, OperationPolicy.rerun())
            .execute(
                TENANT,
                "k",
                BODY,
                context -> {
                  assertThat(context.attempt()).isEqualTo(2);
                  return step(context, "draft");
                });

    assertThat(outcome.orElseThrow()).isEqualTo("draft1");
    assertThat(ran).containsExactly("draft");
  }

  @Test
  void checkpoint_isOneWriteUnderAFreshStampAndRenewsTheLease() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    KeyRecord claimed = bench.record("k");
    bench.pass(seconds(9));
    step(lease.context(), "draft");

    assertThat(bench.store.writes).hasSize(2);
    assertThat(bench.store.writes.get(1).expected()).isEqualTo(claimed.stamp());
    assertThat(bench.record("k").stamp()).isNotEqualTo(claimed.stamp());
    assertThat(bench.record("k").grant()).isEqualTo(claimed.grant());
    assertThat(bench.live("k").leaseLeft()).isEqualTo(seconds(30));
    bench.pass(seconds(9));
    assertThat(bench.store.writes).as("renewed by the checkpoint").hasSize(2);
    bench.pass(seconds(1));
    assertThat(bench.store.writes).hasSize(3);
    assertThat(bench.store.writes.get(2).next().slots().isUnchanged()).isTrue();
    assertThat(recorded().names()).containsExactly("draft");
    lease.close();
  }

  @Test
  void renewalAndMarkAndReleaseAndTakeover_keepTheSteps() {
    Lease<String> lease = granted(hold.claim(key("k"), BODY));
    step(lease.context(), "draft");
    bench.pass(seconds(25));
    lease.close();
    bench.pass(seconds(30));
    assertThat(hold.execute(TENANT, "k", BODY, bench.effect())).isInstanceOf(Outcome.InDoubt.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(recorded().names()).containsExactly("draft");
    hold.admin().release(key("k").id());
    assertThat(recorded().names()).containsExactly("draft");

    assertThat(hold.execute(TENANT, "k", BODY, context -> step(context, "draft")).orElseThrow())
        .isEqualTo("draft1");
    assertThat(ran).hasSize(1);
  }

  @Test
  void stepThatThrows_isNotRecordedAndThePolicyDecides() {
    assertThat(
            thrownBy(
                rerun,
                context -> {
                  step(context, "draft");
                  return context.step("publish", TEXT, StepsTest::failing);
                }))
        .isInstanceOf(IOException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(recorded().names()).containsExactly("draft");
  }

  @Test
  void stepThatThrew_mayBeRunAgainInTheSameAttempt() {
    Lease<String> lease = granted(hold.claim(key("k"), BODY));
    assertThatThrownBy(() -> lease.context().step("draft", TEXT, StepsTest::failing))
        .isInstanceOf(IOException.class);
    assertThat(step(lease.context(), "draft")).isEqualTo("draft1");
    lease.fail(new IOException());
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(recorded().names()).containsExactly("draft");
  }

  @Test
  void errorOfTheVirtualMachine_recordsNothingAndLetsTheLockLapse() {
    assertThat(
            thrownBy(
                rerun,
                context -> {
                  step(context, "draft");
                  return context.step(
                      "publish",
                      TEXT,
                      () -> {
                        throw new OutOfMemoryError("pretended");
                      });
                }))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(recorded().names()).containsExactly("draft");
  }

  @Test
  void nullResult_isRecordedAsNull() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    assertThat(lease.context().<String, RuntimeException>step("mail", TEXT, () -> null)).isNull();
    lease.context().step("log", Codec.nothing(), () -> null);
    assertThat(lease.context().step("empty", TEXT, () -> "")).isEmpty();
    lease.fail(FailureClassifier.Verdict.retryable());
    assertThat(recorded().names()).containsExactly("mail", "log", "empty");
    assertThat(recorded().value("mail", TEXT)).isEmpty();
    assertThat(recorded().value("empty", TEXT)).contains("");
    assertThat(recorded().value("unknown", TEXT)).isEmpty();

    OperationContext again = granted(rerun.claim(key("k"), BODY)).context();
    assertThat(step(again, "mail")).isNull();
    assertThat(again.step("log", Codec.nothing(), () -> null)).isNull();
    assertThat(step(again, "empty")).isEmpty();
    assertThat(ran).isEmpty();
  }

  @Test
  void recovery_seesTheStepsAndRunsNone() {
    List<Finding<String>> findings = new ArrayList<>(List.of(Finding.notDone()));
    Operation<String> recovering =
        operation(OperationPolicy.recover())
            .withRecovery(
                context -> {
                  assertThat(context.recordedSteps().names()).containsExactly("draft");
                  assertThat(context.recordedSteps().value("draft", TEXT)).contains("draft1");
                  for (String name : List.of("draft", "publish")) {
                    assertThatThrownBy(() -> step(context, name))
                        .isExactlyInstanceOf(MisuseException.class)
                        .hasMessageContaining("recovery");
                    assertThat(context.stepAsync(name, TEXT, () -> null))
                        .isCompletedExceptionally();
                  }
                  return findings.remove(0);
                });
    assertThat(
            thrownBy(
                recovering,
                context -> {
                  step(context, "draft");
                  return failing();
                }))
        .isInstanceOf(IOException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);

    assertThat(
            recovering
                .execute(
                    TENANT, "k", BODY, context -> step(context, "draft") + step(context, "publish"))
                .orElseThrow())
        .isEqualTo("draft1publish2");
    assertThat(findings).isEmpty();
  }

  @Test
  void recoveryThatCannotTell_keepsTheSteps() {
    Operation<String> recovering =
        operation(OperationPolicy.recover()).withRecovery(context -> Finding.unknown());
    Lease<String> first = granted(recovering.claim(key("k"), BODY));
    step(first.context(), "draft");
    first.fail(new IOException());
    assertThat(recovering.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);
    assertThat(recorded().names()).containsExactly("draft");
  }

  @Test
  void encryptedResults_areBoundToTheirKey() {
    Codec<String> encrypting =
        EncryptingCodec.of(TEXT, new VersionedKey("1", new SecretKeySpec(new byte[16], "AES")));
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    lease.context().step("draft", encrypting, () -> run("draft"));
    byte[] checkpoint = bench.record("k").slots().checkpoint();
    assertThat(new String(checkpoint, StandardCharsets.ISO_8859_1)).doesNotContain("draft1");
    assertThat(recorded().value("draft", encrypting)).contains("draft1");
    lease.fail(FailureClassifier.Verdict.retryable());
    OperationContext again = granted(rerun.claim(key("k"), BODY)).context();
    assertThat(again.step("draft", encrypting, () -> run("draft"))).isEqualTo("draft1");
    assertThat(bench.events.toString() + again + recorded()).doesNotContain("draft1");
  }
}
