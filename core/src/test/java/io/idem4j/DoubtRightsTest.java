package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Recovery.Finding;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A doubt is its own holder's to settle (I3), whoever marks, asks and withdraws meanwhile. */
class DoubtRightsTest {
  private static final OperationPolicy HOLD = OperationPolicy.hold();

  /** The line of the first holder. */
  private final Bench bench = new Bench();

  /** Another process, whose line works. */
  private final Idempotency other = bench.engineOn(bench.memory);

  /** The line of a process that runs a completer. */
  private final FaultyKeyStore line = new FaultyKeyStore(bench.memory);

  private final List<String> asked = new ArrayList<>();

  private static Operation<String> on(Idempotency idempotency, OperationPolicy policy) {
    return idempotency.operation("charge", Codec.text(), policy);
  }

  private Completer<String> completer(FaultyKeyStore calls, Finding<String> finding) {
    return on(bench.engineOn(new ScannedStore(calls, bench.memory)), HOLD)
        .completer(
            record -> true,
            (record, context) -> {
              asked.add("asked");
              return finding;
            });
  }

  private static void lose(FaultyKeyStore line, Fault... first) {
    line.onWrites(first);
    line.onWrites(Collections.nCopies(1_000, Fault.REQUEST_LOST).toArray(Fault[]::new));
  }

  /** Another process finds the lock lapsed. */
  private void mark() {
    assertThat(on(other, HOLD).execute(key("k"), BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);
  }

  /** A holder that cannot reach the store for longer than its lease, and lives. */
  private Lease<String> doubted() {
    Lease<String> lease = granted(bench.operation(HOLD).claim(key("k"), BODY));
    lose(bench.line);
    bench.pass(seconds(31));
    mark();
    return lease;
  }

  private void assertStillSettledBy(Lease<String> holder, Grant grant) {
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(bench.record("k").attempt()).as("only the holder ran").isEqualTo(1);
    assertThat(bench.record("k").grant()).isEqualTo(grant);
    bench.line.clearFaults();
    assertThat(holder.complete("paid")).isEqualTo(new Outcome.Executed<>("paid", true));
    assertThat(on(other, HOLD).execute(key("k"), BODY, bench.effect()).orElseThrow())
        .isEqualTo("paid");
  }

  /** Its answer is on the way: to settle the doubt otherwise would lose it. */
  @Test
  void i21_pendingAnswerUnderAnothersMark_isNotTakenByItsOwnCompleter() {
    Idempotency scanned = bench.engineOn(new ScannedStore(bench.line, bench.memory));
    Operation<String> hold = on(scanned, HOLD);
    Lease<String> lease = granted(hold.claim(key("k"), BODY));
    lose(bench.line);
    assertThat(lease.complete("paid")).isEqualTo(new Outcome.Executed<>("paid", false));
    bench.pass(seconds(30));
    mark();
    bench.line.clearFaults();

    Completer.Run run =
        hold.completer(
                record -> true,
                (record, context) -> {
                  asked.add("asked");
                  return Finding.failed(RecordedFailure.of("undone"));
                })
            .run();

    assertThat(asked).isEmpty();
    assertThat(run.examined()).isEqualTo(1);
    bench.pass(seconds(2));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(bench.events).doesNotContain("leaseLost");
  }

  @Test
  void i21_pendingAnswerUnderAnothersDoubt_isNotTakenByItsOwnRecovery() {
    Recovery<String> recovery =
        context -> {
          asked.add("asked");
          return Finding.unknown();
        };
    OperationPolicy policy = OperationPolicy.recover();
    Operation<String> own = bench.operation(policy).withRecovery(recovery);
    Lease<String> lease = granted(own.claim(key("k"), BODY));
    lose(bench.line);
    assertThat(lease.complete("paid")).isEqualTo(new Outcome.Executed<>("paid", false));
    bench.pass(seconds(30));
    assertThat(on(other, policy).withRecovery(recovery).claim(key("k"), BODY))
        .isInstanceOf(Claim.Denied.class);
    bench.pass(seconds(31));
    bench.line.clearFaults();

    assertThat(own.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.InDoubt.class);

    assertThat(asked).as("by the other alone").hasSize(1);
    bench.pass(seconds(2));
    assertThat(own.execute(key("k"), BODY, bench.effect()))
        .isEqualTo(
            new Outcome.Replayed<>(Optional.of("paid"), true, Optional.empty(), Optional.empty()));
    assertThat(bench.effects).hasValue(0);
  }

  /** A completer's claim is applied, nobody knows it, and it is marked while it is withdrawn. */
  @Test
  void withdrawalOverAMark_givesTheDoubtBackToItsHolder() {
    Lease<String> holder = doubted();
    Grant grant = bench.record("k").grant();
    lose(line, Fault.REPLY_LOST);
    completer(line, Finding.unknown()).run();
    assertThat(bench.record("k").grant()).isNotEqualTo(grant);
    bench.pass(seconds(26));
    mark();
    line.clearFaults();
    bench.pass(seconds(3));

    assertThat(asked).isEmpty();
    assertStillSettledBy(holder, grant);
  }

  /** A completer's lease lapses while it asks, and is marked: it still ran nothing. */
  @Test
  void findingOverAMark_givesTheDoubtBackToItsHolder() {
    Lease<String> holder = doubted();
    Grant grant = bench.record("k").grant();
    Idempotency slow = bench.engineOn(new ScannedStore(line, bench.memory));
    Completer.Run run =
        on(slow, HOLD)
            .completer(
                record -> true,
                (record, context) -> {
                  lose(line);
                  bench.pass(seconds(31));
                  mark();
                  line.clearFaults();
                  return Finding.unknown();
                })
            .run();

    assertThat(run.unknown()).isEqualTo(1);
    assertThat(bench.live("k").leaseLeft()).as("asked again after the pause").isPositive();
    assertStillSettledBy(holder, grant);
  }
}
