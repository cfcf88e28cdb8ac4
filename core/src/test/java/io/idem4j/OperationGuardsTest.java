package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The guards of operations and their counting, one each. */
class OperationGuardsTest extends EngineGuards {
  @Test
  void longWait_stillPollsOnceASecond() {
    Lease<String> lease = granted(elsewhere.claim(key("k"), BODY));
    long start = bench.timing.nanoTime();
    bench.timing.schedule(seconds(50).toNanos(), () -> lease.complete("theirs"));
    Operation<String> waiting =
        bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(90)));
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("theirs");
    assertThat(since(start)).isBetween(seconds(50), seconds(51));
    assertThat(bench.store.reads).isLessThan(110);
  }

  @Test
  void nestedCall_isRefusedUnderEveryFrameThatRunsItsKey() {
    AtomicInteger refused = new AtomicInteger();
    Action<String, RuntimeException> nested =
        context -> {
          assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
              .isInstanceOf(MisuseException.class);
          refused.incrementAndGet();
          return "x";
        };
    rerun.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          rerun.execute(TENANT, "inner", BODY, nested);
          nested.run(context);
          assertThatThrownBy(
                  () ->
                      rerun.execute(
                          TENANT,
                          "thrower",
                          BODY,
                          thrower -> {
                            throw new IllegalStateException("inner");
                          }))
              .isInstanceOf(IllegalStateException.class);
          nested.run(context);
          return "outer";
        });
    assertThat(refused).hasValue(3);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void nestedCallOfTheSameKeyInAnotherStore_isAnotherKey() {
    Operation<String> other =
        on(new MemoryKeyStore(10, bench.timing::nanoTime), OperationPolicy.rerun());
    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> other.execute(TENANT, "k", BODY, bench.effect()).orElseThrow());
    assertThat(outcome.orElseThrow()).isEqualTo("answer 1");
  }

  @Test
  void callAfterOneThatThrew_isNotTakenForANestedOne() {
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(
              () ->
                  rerun.execute(
                      TENANT,
                      "k",
                      BODY,
                      context -> {
                        throw new IllegalStateException("x");
                      }))
          .isInstanceOf(IllegalStateException.class);
    }
    rerun.execute(TENANT, "k", BODY, bench.effect());
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Replayed.class);
  }

  @Test
  void close_afterIdleTimes_stillWaitsForWhatRuns() throws Exception {
    rerun.execute(TENANT, "done", BODY, bench.effect());
    Lease<String> first = granted(rerun.claim(key("first"), BODY));
    Lease<String> second = granted(rerun.claim(key("second"), BODY));
    assertThat(bench.idempotency.close(seconds(1))).isFalse();
    first.complete("x");
    assertThat(bench.idempotency.close(seconds(1))).isFalse();
    second.complete("x");
    assertThat(bench.idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void activity_isIdleWhenClosedAndAllThatBeganHasEnded() {
    Activity activity = new Activity();
    activity.beginCall();
    activity.end();
    assertThat(activity.idle().isDone()).as("not closed").isFalse();
    activity.beginCall();
    activity.begin();
    activity.close();
    assertThat(activity.isClosed()).isTrue();
    assertThatThrownBy(activity::beginCall).isInstanceOf(MisuseException.class);
    activity.begin();
    activity.end();
    activity.end();
    assertThat(activity.idle().isDone()).as("one is left").isFalse();
    activity.end();
    assertThat(activity.idle().isDone()).isTrue();
    Activity unused = new Activity();
    unused.close();
    assertThat(unused.idle().isDone()).isTrue();
  }
}
