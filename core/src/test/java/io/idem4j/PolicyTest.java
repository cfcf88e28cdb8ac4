package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyRecord;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before anything runs (bad-inputs 38, I32), and clocks that lie (I27). */
class PolicyTest {
  private final Bench bench = new Bench();

  private void refused(OperationPolicy policy) {
    assertThatThrownBy(() -> bench.operation(policy)).isInstanceOf(MisuseException.class);
  }

  private void accepted(OperationPolicy policy) {
    assertThatCode(() -> bench.operation(policy)).doesNotThrowAnyException();
  }

  @Test
  void bad38_timesThatContradictEachOther_areRefused() {
    OperationPolicy policy = OperationPolicy.rerun();
    refused(policy.withLease(Duration.ZERO));
    refused(policy.withLease(seconds(-1)));
    refused(policy.withLease(Duration.ofMillis(9)));
    accepted(policy.withLease(Duration.ofMillis(10)));
    refused(policy.withLease(Duration.ofSeconds(Long.MAX_VALUE)));
    refused(policy.withRetention(Duration.ofSeconds(Long.MAX_VALUE)));
    refused(policy.withInDoubtRetention(Duration.ofSeconds(Long.MAX_VALUE)));
    refused(policy.withMaximumHold(Duration.ofSeconds(Long.MAX_VALUE)));
    refused(policy.withWaitBudget(Duration.ofSeconds(Long.MAX_VALUE)));
    refused(policy.withWaitBudget(seconds(-1)));
    refused(policy.withMaximumHold(seconds(29)));
    refused(policy.withStoreDeadline(seconds(11)));
    refused(policy.withStoreDeadline(Duration.ZERO));
    refused(policy.withStoreDeadline(seconds(-1)));
    // retention: lease 30 s and two store deadlines of 5 s at least
    refused(policy.withRetention(seconds(40).minusMillis(1)));
    accepted(policy.withRetention(seconds(40)));
    accepted(policy.withRetention(KeyRecord.MAXIMUM_DURATION.dividedBy(4)));
  }

  @Test
  void peer20_retentionOfMonths_isMonths() {
    Operation<String> operation =
        bench.operation(OperationPolicy.rerun().withRetention(Duration.ofDays(90)));
    operation.execute(TENANT, "k", BODY, bench.effect());
    assertThat(bench.live("k").retentionLeft()).isEqualTo(Duration.ofDays(90));
  }

  @Test
  void inDoubtRetention_isNeverShorterThanTheRest() {
    OperationPolicy policy =
        OperationPolicy.hold().withRetention(Duration.ofDays(90)).withInDoubtRetention(seconds(1));
    assertThat(policy.inDoubtRetention()).isEqualTo(Duration.ofDays(90).plusSeconds(30));
    assertThat(policy.lockedRetention()).isEqualTo(Duration.ofDays(90).plusSeconds(60));
    assertThat(OperationPolicy.rerun().lockedRetention())
        .isEqualTo(Duration.ofHours(24).plusSeconds(30));
  }

  @Test
  void storeDeadline_isTheSmallerOfFiveSecondsAndAThirdOfTheLease() {
    assertThat(OperationPolicy.rerun().storeDeadline()).isEqualTo(seconds(5));
    assertThat(OperationPolicy.rerun().withLease(seconds(3)).storeDeadline()).isEqualTo(seconds(1));
  }

  @Test
  void policies_areImmutable() {
    OperationPolicy policy = OperationPolicy.rerun();
    policy.withLease(seconds(1)).withReleased(Exception.class).withInterruptOnLeaseLoss();
    assertThat(policy.lease()).isEqualTo(seconds(30));
    assertThat(policy.classifier()).isEmpty();
    assertThat(policy.interruptsOnLeaseLoss()).isFalse();
  }

  @Test
  void names_thatCannotBeUsed_areRefused() {
    assertThatThrownBy(
            () -> bench.idempotency.operation(" ", Codec.text(), OperationPolicy.rerun()))
        .isInstanceOf(IllegalKeyException.class);
    assertThatThrownBy(
            () ->
                bench.idempotency.operation(
                    "op", Codec.of("", t -> new byte[0], b -> b), OperationPolicy.rerun()))
        .isInstanceOf(MisuseException.class);
    assertThatThrownBy(
            () ->
                bench
                    .operation(OperationPolicy.rerun())
                    .execute(
                        IdempotencyKey.of(TENANT, "other operation", "k"), BODY, bench.effect()))
        .isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> new RecordedFailure(" ", new byte[0]))
        .isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> RecordedFailure.of("x".repeat(201)))
        .isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> Fingerprint.sha256("")).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> Fingerprint.sha256("a b")).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> new MemoryKeyStore(0)).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> Idempotency.builder(bench.memory).maximumPayload(-1))
        .isInstanceOf(MisuseException.class);
  }

  /** Years off, in both directions, and changing between the calls. */
  @ParameterizedTest
  @ValueSource(longs = {-3650, -1, 0, 1, 3650})
  void i27_wallClockThatLies_changesOnlyFences(long days) {
    Operation<String> operation = bench.operation(OperationPolicy.rerun());
    Lease<String> lease = ExecuteTest.granted(operation.claim(Bench.key("k"), BODY));
    bench.timing.jump(Duration.ofDays(days));
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    lease.close();
    bench.pass(seconds(29));
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(1));
    long fence = bench.record("k").fence();
    operation.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          assertThat(context.fence()).isGreaterThan(fence);
          return "x";
        });
    bench.timing.jump(Duration.ofDays(-2 * days));
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()).orElseThrow()).isEqualTo("x");
    assertThat(bench.effects).hasValue(0);
  }
}
