package io.idem4j.http;

import static io.idem4j.http.HttpBench.HOLD;
import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static io.idem4j.http.HttpBench.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Codec;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyAdmin;
import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Recovery;
import io.idem4j.Recovery.Finding;
import io.idem4j.StepNotRecordedException;
import io.idem4j.spi.KeyState;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Requests whose operation is looked up before it runs again, and what an operator may do. */
class RecoveringTest {
  private static final KeyId KEY = IdempotencyKey.of(TENANT, OPERATION, "k").id();

  private final HttpBench bench = new HttpBench();
  private final HttpPolicy policy = HttpPolicy.of(OperationPolicy.recover());
  private Recovery<HttpResponse> found = context -> Finding.notDone();
  private final HttpOperation recovering =
      bench.operation(policy).withRecovery(context -> found.recover(context));

  private void leaveInDoubt() {
    bench.send(recovering, post("k", "a"), 500);
    assertThat(bench.effects).hasValue(1);
  }

  private static HttpResponse payment() {
    return HttpResponse.of(201, "application/json", "{\"payment\":\"found\"}")
        .withHeader("Location", "/payments/found");
  }

  @Test
  void effectThatWasFound_isSentAsAReplayAndToEachRetryAgain() {
    leaveInDoubt();
    found = context -> Finding.done(payment());

    HttpResponse recovered = bench.send(recovering, post("k", "a"));

    assertThat(recovered.status()).isEqualTo(201);
    assertThat(body(recovered)).isEqualTo("{\"payment\":\"found\"}");
    assertThat(field(recovered, "Idempotent-Replayed")).isEqualTo("true");
    found = context -> Finding.notDone();
    assertThat(whole(bench.send(recovering, post("k", "a")))).isEqualTo(whole(recovered));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void effectThatWasNotMade_runsTheHandler() {
    leaveInDoubt();

    HttpResponse again = bench.send(recovering, post("k", "a"));

    assertThat(body(again)).isEqualTo("{\"payment\":2}");
    assertThat(again.headers().all("Idempotent-Replayed")).isEmpty();
  }

  @Test
  void nobodyCanTell_is409WithTheTimeOfTheNextQuestion() {
    leaveInDoubt();
    found = context -> Finding.unknown();

    HttpResponse first = bench.send(recovering, post("k", "a"));
    bench.pass(10);
    HttpResponse second = bench.send(recovering, post("k", "a"));

    assertThat(first.status()).isEqualTo(409);
    assertThat(type(first)).isEqualTo("outcome-unknown");
    assertThat(field(first, "Retry-After")).isEqualTo("30");
    assertThat(field(second, "Retry-After")).isEqualTo("20");
    assertThat(bench.effects).hasValue(1);
    bench.pass(20);
    found = context -> Finding.done(payment());
    assertThat(bench.send(recovering, post("k", "a")).status()).isEqualTo(201);
  }

  @Test
  void vanishedHolder_isLookedUpByABegin() {
    bench.granted(recovering, post("k", "a")).close();
    bench.pass(31);
    found = context -> Finding.done(payment());

    assertThat(body(bench.denied(recovering, post("k", "a")))).isEqualTo("{\"payment\":\"found\"}");
  }

  @Test
  void asynchronousHandler_isLookedUpToo() throws Exception {
    leaveInDoubt();
    found = context -> Finding.done(payment());

    HttpResponse recovered =
        recovering
            .handleAsync(
                TENANT,
                post("k", "a"),
                Runnable::run,
                context -> CompletableFuture.completedFuture(bench.created()))
            .get(10, TimeUnit.SECONDS);

    assertThat(body(recovered)).isEqualTo("{\"payment\":\"found\"}");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void recoveryThatIsMissing_isMisuseAtEachCall() {
    HttpOperation without = bench.operation(policy);

    assertThatThrownBy(() -> bench.send(without, post("k", "a")))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("withRecovery");
    assertThatThrownBy(() -> bench.begin(without, post("k", "a")))
        .isInstanceOf(MisuseException.class);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void recoveryOfAPolicyThatDoesNotAsk_isRefused() {
    for (HttpPolicy other : new HttpPolicy[] {RERUN, HOLD}) {
      assertThatThrownBy(() -> bench.operation(other).withRecovery(context -> Finding.notDone()))
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("does not recover");
    }
  }

  @Test
  void operationThatIsLookedUp_cannotFailOpen() {
    assertThatThrownBy(() -> bench.operation(policy.failingOpen()))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("fail open");
  }

  @Test
  void h33_forgottenKey_runsAsAFirstOne() {
    HttpOperation operation = bench.operation(RERUN);
    KeyAdmin<HttpResponse> admin = operation.admin();
    HttpLease lease = bench.granted(operation, post("k", "a"));
    assertThat(admin.forget(KEY)).isEqualTo(KeyAdmin.Result.RUNNING);
    lease.finish(bench.created());

    assertThat(admin.forget(KEY)).isEqualTo(KeyAdmin.Result.DONE);

    assertThat(admin.forget(KEY)).isEqualTo(KeyAdmin.Result.ABSENT);
    assertThat(bench.engine.records()).isLessThanOrEqualTo(1);
    assertThat(body(bench.send(operation, post("k", "another body")))).isEqualTo("{\"payment\":2}");
  }

  @Test
  void operator_settlesADoubtWithTheResponseThatIsToBeSent() {
    HttpOperation hold = bench.operation(HOLD);
    bench.send(hold, post("k", "a"), 500);
    KeyAdmin<HttpResponse> admin = hold.admin();
    assertThat(admin.inspect(KEY).orElseThrow().state()).isEqualTo(KeyState.FAILED_IN_DOUBT);

    assertThat(admin.complete(KEY, payment())).isEqualTo(KeyAdmin.Result.DONE);

    HttpResponse retry = bench.send(hold, post("k", "a"));
    assertThat(body(retry)).isEqualTo("{\"payment\":\"found\"}");
    assertThat(field(retry, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(admin.complete(KEY, payment())).isEqualTo(KeyAdmin.Result.NOT_IN_DOUBT);
  }

  /** Its handler answers whatever happens; the step made its effect all the same. */
  private HttpResponse swallowing(OperationContext context) {
    try {
      return context
              .step("charge", Codec.text(), () -> "x".repeat(2_000 + bench.created().status()))
              .isEmpty()
          ? bench.answer(204)
          : bench.answer(201);
    } catch (StepNotRecordedException e) {
      return HttpResponse.of(500, "text/plain", "sorry");
    }
  }

  @Test
  void stepThatCannotBeRecorded_isNotAnsweredAsIfNothingRan() throws Exception {
    HttpOperation rerun = bench.operation(RERUN);
    HttpResponse sent =
        rerun.handle(TENANT, post("k", "a"), context -> swallowing(context.orElseThrow()));
    HttpResponse async =
        rerun
            .handleAsync(
                TENANT,
                post("k2", "a"),
                Runnable::run,
                context -> CompletableFuture.completedFuture(swallowing(context.orElseThrow())))
            .get(10, TimeUnit.SECONDS);
    HttpLease lease = ((HttpClaim.Granted) rerun.begin(TENANT, post("k3", "a"))).lease();
    HttpResponse finished = lease.finish(swallowing(lease.context().orElseThrow()));

    assertThat(List.of(sent, async, finished))
        .allSatisfy(it -> assertThat(type(it)).isEqualTo("not-recorded"));
    assertThat(type(bench.send(rerun, post("k", "a")))).isEqualTo("outcome-unknown");
    assertThat(bench.effects).hasValue(3);
  }
}
