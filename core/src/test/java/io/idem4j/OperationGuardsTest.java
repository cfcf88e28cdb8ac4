package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
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
    activity.end(activity.beginCall());
    assertThat(activity.idle().isDone()).as("not closed").isFalse();
    int call = activity.beginCall();
    int first = activity.begin();
    activity.close();
    assertThat(activity.isClosed()).isTrue();
    assertThatThrownBy(activity::beginCall).isInstanceOf(MisuseException.class);
    activity.end(activity.begin());
    activity.end(call);
    activity.close();
    assertThat(activity.idle().isDone()).as("one is left").isFalse();
    activity.end(first);
    assertThat(activity.idle().isDone()).isTrue();
    Activity unused = new Activity();
    unused.close();
    assertThat(unused.idle().isDone()).isTrue();
  }

  /** A thread whose subclass says its id, and may do something before it does. */
  private static <V> V onThread(LongSupplier id, Supplier<V> task) throws Exception {
    FutureTask<V> future = new FutureTask<>(task::get);
    Thread thread =
        new Thread(future) {
          @Override
          public long getId() {
            return id.getAsLong();
          }
        };
    thread.start();
    return future.get(10, TimeUnit.SECONDS);
  }

  @Test
  void activity_countsForEachThread_andEndsWhereItBegan() throws Exception {
    Activity activity = new Activity();
    List<Integer> calls = new ArrayList<>();
    long[] ids = {0, 1, 2, 63, 64, 65, -1, -3, Long.MIN_VALUE, Long.MAX_VALUE};
    for (long id : ids) {
      calls.add(onThread(() -> id, activity::beginCall));
    }
    activity.close();
    for (int call : calls) {
      assertThat(activity.idle().isDone()).as("some are left").isFalse();
      activity.end(call);
    }
    assertThat(activity.idle().isDone()).isTrue();
  }

  @Test
  void activity_whatFollowsOnAnotherThread_isWaitedForThoughItsCellWasEmptyAtTheClose()
      throws Exception {
    Activity activity = new Activity();
    int call = onThread(() -> 0, activity::beginCall);
    activity.close();
    int following = onThread(() -> 1, activity::begin);
    assertThat(following).isNotEqualTo(call);
    activity.end(call);
    assertThat(activity.idle().isDone()).as("what follows is left").isFalse();
    activity.end(following);
    assertThat(activity.idle().isDone()).isTrue();
  }

  /** Two find their cell empty at once, and only one of them may count it. */
  @Test
  void activity_whatFindsItsCellFilledMeanwhile_leavesNothingBehind() throws Exception {
    Activity activity = new Activity();
    int call = onThread(() -> 0, activity::beginCall);
    activity.close();
    int following = onThread(() -> 1, activity::begin);
    assertThat(activity.begin(following, Activity.CLOSED)).as("not empty any more").isFalse();
    activity.end(following);
    assertThat(activity.idle().isDone()).as("the call is left").isFalse();
    activity.end(call);
    assertThat(activity.idle().isDone()).isTrue();
  }

  @Test
  void activity_thatIsClosedWhileACallLooks_refusesItAndDoesNotCountIt() throws Exception {
    Activity activity = new Activity();
    int running = onThread(() -> 1, activity::beginCall);
    LongSupplier closing =
        () -> {
          activity.close();
          return 0;
        };
    assertThatThrownBy(() -> onThread(closing, activity::beginCall))
        .hasCauseInstanceOf(MisuseException.class);
    int following = onThread(() -> 0, activity::begin);
    activity.end(running);
    assertThat(activity.idle().isDone()).as("what follows is left").isFalse();
    activity.end(following);
    assertThat(activity.idle().isDone()).isTrue();
  }
}
