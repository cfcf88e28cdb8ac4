package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import org.junit.jupiter.api.Test;

/** Failures of other libraries by number, where no other test bears it. */
class PeersTest extends EngineGuards {
  /** Both see nothing, and both go on. */
  @Test
  void peer01_callerThatSawNothingBesideAnother_doesNotRun() {
    Operation<String> checking = on(new Cheap(bench.store), OperationPolicy.rerun());
    bench.store.beforeWrite =
        () -> {
          bench.store.beforeWrite = () -> {};
          granted(elsewhere.claim(key("k"), BODY));
        };
    assertThat(checking.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    assertThat(bench.store.reads).isEqualTo(1);
    assertThat(bench.effects).hasValue(0);
  }

  /** The owner ends between the miss and the lock; the record is not looked at again. */
  @Test
  void peer05_ownerThatEndsBetweenLookAndClaim_isReplayed() {
    Operation<String> checking = on(new Cheap(bench.store), OperationPolicy.rerun());
    bench.store.beforeWrite =
        () -> {
          bench.store.beforeWrite = () -> {};
          elsewhere.execute(TENANT, "k", BODY, context -> "theirs");
        };
    Outcome<String> outcome = checking.execute(TENANT, "k", BODY, bench.effect());
    assertThat(outcome).isInstanceOf(Outcome.Replayed.class);
    assertThat(outcome.orElseThrow()).isEqualTo("theirs");
    assertThat(bench.effects).hasValue(0);
  }

  /** One process, one engine, one thread even: each claim is an owner of its own. */
  @Test
  void peer07_twoClaimsOfOneProcess_areTwoOwners() {
    Lease<String> first = granted(rerun.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    Lease<String> second = granted(rerun.claim(key("k"), BODY));
    KeyRecord held = bench.record("k");
    bench.pass(seconds(5));

    assertThat(first.context().isLeaseLost()).isTrue();
    assertThat(second.context().isLeaseLost()).isFalse();
    assertThatThrownBy(() -> first.complete("first")).isInstanceOf(LeaseLostException.class);
    assertThat(bench.record("k").grant()).isEqualTo(held.grant());
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(second.complete("second")).isEqualTo(new Outcome.Executed<>("second", true));
  }

  /** The holder's process died, and there was no deadline to tell the library of. */
  @Test
  void peer08_crash_blocksTheKeyForALeaseAndNotForTheRetention() {
    granted(rerun.claim(key("k"), BODY)).close();
    bench.pass(seconds(30));
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", true));
  }

  /** Two operations of one engine, each begun while the other runs. */
  @Test
  void peer11_interleavedOperations_keepTheirRecordsApart() {
    Operation<String> refund =
        bench.idempotency.operation("refund", Codec.text(), OperationPolicy.rerun());
    Lease<String> charged = granted(rerun.claim(key("k"), BODY));
    Lease<String> refunded = granted(refund.claim(refund.key(TENANT, "k"), BODY));
    charged.complete("charged");
    refunded.complete("refunded");
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()).orElseThrow()).isEqualTo("charged");
    assertThat(refund.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("refunded");
    assertThat(bench.memory.size()).isEqualTo(2);
  }

  /** A record past its retention that no purge has taken away yet. */
  @Test
  void peer21_recordPastItsRetention_isReplacedWithoutAPurge() {
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.pass(seconds(24 * 60 * 60));
    assertThat(rerun.execute(TENANT, "k", Bench.OTHER_BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 2", true));
  }
}
