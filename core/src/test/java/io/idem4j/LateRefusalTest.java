package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Answers that come after the store deadline still say what they say. */
class LateRefusalTest extends EngineGuards {
  @Test
  void replayAnsweredAfterTheStoreDeadline_isStillAReplay() {
    rerun.execute(TENANT, "k", BODY, bench.effect());
    delayWrites(seconds(5));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Replayed.class);
  }

  @Test
  void ownClaimRecognisedAfterTheStoreDeadline_isHeld() {
    delayWrites(Duration.ZERO, seconds(5));
    bench.line.onWrites(Fault.REPLY_LOST);
    assertThat(hold.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void claimThatLearnsLateThatItHoldsTheKey_isRenewedBeforeItRuns() {
    delayWrites(Duration.ZERO, seconds(11));
    bench.line.onWrites(Fault.REPLY_LOST);
    rerun.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          assertThat(bench.store.writes).hasSize(3);
          assertThat(bench.live("k").leaseLeft()).isEqualTo(seconds(30));
          return "x";
        });
  }
}
