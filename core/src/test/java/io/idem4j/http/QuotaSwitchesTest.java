package io.idem4j.http;

import static io.idem4j.http.HttpBench.HOLD;
import static io.idem4j.http.HttpBench.OTHER_TENANT;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.tck.FaultyKeyStore.Fault;
import org.junit.jupiter.api.Test;

/** The quotas of requests under way, and that each seat is given back. */
class QuotaSwitchesTest {
  private static final int NONE = Integer.MAX_VALUE;

  private final HttpBench bench = new HttpBench();
  private final HttpOperation one = bench.operation(RERUN.withQuota(1, NONE));

  private void isFree() {
    HttpLease lease = bench.granted(one, post("free", "a"));
    lease.fail(new IllegalStateException());
  }

  @Test
  void quotaPerScope_oneMore_is429AndAsksNoStore() {
    HttpLease lease = bench.granted(one, post("k-1", "a"));
    int calls = bench.engine.calls();

    HttpResponse response = bench.send(one, post("k-2", "a"));

    assertThat(response.status()).isEqualTo(429);
    assertThat(type(response)).isEqualTo("quota-exceeded");
    assertThat(field(response, "Retry-After")).isEqualTo("1");
    assertThat(bench.engine.calls()).isEqualTo(calls);
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.send(OTHER_TENANT, one, post("k-2", "a"), c -> bench.created()).status())
        .as("another scope has its own")
        .isEqualTo(201);
    assertThat(bench.send(one, bare("POST", "a")).status())
        .as("requests without keys are not counted")
        .isEqualTo(201);
    lease.finish(bench.created());
    isFree();
  }

  @Test
  void quotaPerScope_countsAllOperationsOfTheScope() {
    HttpOperation refunds = bench.http.operation("POST /refunds", RERUN.withQuota(2, NONE));
    HttpLease first = bench.granted(one, post("k", "a"));
    HttpLease second = bench.granted(refunds, post("k", "a"));

    assertThat(bench.send(refunds, post("k-2", "a")).status()).isEqualTo(429);

    second.close();
    assertThat(bench.send(refunds, post("k-2", "a")).status()).isEqualTo(201);
    first.close();
  }

  @Test
  void quotaPerKey_oneMore_isLikeOneInFlight() {
    HttpOperation operation = bench.operation(RERUN.withQuota(NONE, 1));
    HttpLease lease = bench.granted(operation, post("k", "a"));
    int calls = bench.engine.calls();

    HttpResponse response = bench.send(operation, post("k", "a"));

    assertThat(response.status()).isEqualTo(409);
    assertThat(type(response)).isEqualTo("in-flight");
    assertThat(bench.engine.calls()).isEqualTo(calls);
    assertThat(bench.send(operation, post("k-2", "a")).status()).isEqualTo(201);
    lease.finish(bench.created());
    assertThat(bench.send(operation, post("k", "a")).status()).isEqualTo(201);
  }

  @Test
  void quotaPerKey_exceeded_givesTheSeatOfTheScopeBack() {
    HttpOperation operation = bench.operation(RERUN.withQuota(2, 1));
    HttpLease lease = bench.granted(operation, post("k", "a"));
    for (int i = 0; i < 5; i++) {
      assertThat(bench.send(operation, post("k", "a")).status()).isEqualTo(409);
    }

    assertThat(bench.send(operation, post("k-2", "a")).status()).isEqualTo(201);
    lease.close();
  }

  @Test
  void seat_afterEachWayOutOfHandle_isFree() {
    bench.send(one, post("done", "a"));
    isFree();
    bench.send(one, post("done", "a"));
    isFree();
    assertThat(bench.send(one, post("done", "b")).status()).isEqualTo(422);
    isFree();
    assertThat(bench.send(one, post("no, key", "a")).status()).isEqualTo(400);
    isFree();
    HttpHandler<RuntimeException> failing =
        context -> {
          throw new IllegalStateException();
        };
    assertThatThrownBy(() -> bench.send(TENANT, one, post("failed", "a"), failing))
        .isInstanceOf(IllegalStateException.class);
    isFree();
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);
    assertThat(bench.send(one, post("down", "a")).status()).isEqualTo(503);
    bench.engine.clearFaults();
    isFree();
  }

  @Test
  void seat_whenARendererThrows_isFree() {
    HttpOperation broken =
        bench.operation(
            RERUN
                .withQuota(1, NONE)
                .withRenderer(
                    (problem, request) -> {
                      throw new IllegalStateException();
                    }));
    bench.send(broken, post("done", "a"));

    assertThat(bench.send(broken, post("done", "b")).status()).isEqualTo(422);
    assertThat(bench.denied(broken, post("done", "b")).status()).isEqualTo(422);
    isFree();
  }

  @Test
  void seat_afterEachWayOutOfBegin_isFree() {
    bench.granted(one, post("finished", "a")).finish(bench.created());
    isFree();
    bench.granted(one, post("failed", "a")).fail(new IllegalStateException());
    isFree();
    HttpLease closed = bench.granted(one, post("closed", "a"));
    closed.close();
    closed.close();
    isFree();
    bench.denied(one, post("finished", "a"));
    isFree();
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);
    assertThat(bench.denied(one, post("down", "a")).status()).isEqualTo(503);
    bench.engine.clearFaults();
    isFree();
  }

  @Test
  void seat_isGivenBackOnceHoweverOftenALeaseIsClosed() {
    HttpOperation two = bench.operation(RERUN.withQuota(2, NONE));
    HttpLease first = bench.granted(two, post("k-1", "a"));
    HttpLease second = bench.granted(two, post("k-2", "a"));
    first.close();
    first.close();
    HttpLease third = bench.granted(two, post("k-3", "a"));

    assertThat(bench.send(two, post("k-4", "a")).status()).isEqualTo(429);
    second.close();
    third.close();
  }

  @Test
  void seat_ofARequestThatFailedOpen_isTakenUntilItEnds() {
    HttpOperation open = bench.operation(RERUN.withQuota(1, NONE).failingOpen());
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);
    HttpLease lease = bench.granted(open, post("k-1", "a"));

    assertThat(bench.send(open, post("k-2", "a")).status()).isEqualTo(429);
    bench.send(OTHER_TENANT, open, post("k-2", "a"), c -> bench.created());

    lease.finish(bench.created());
    assertThat(bench.send(open, post("k-2", "a")).status()).isEqualTo(201);
    bench.granted(open, post("k-1", "a")).fail(new IllegalStateException());
    bench.granted(open, post("k-1", "a")).close();
    bench.engine.clearFaults();
    isFree();
  }

  @Test
  void quota_isNotHeldByAKeyInDoubt() {
    HttpOperation hold = bench.operation(HOLD.withQuota(1, 1));
    bench.send(hold, post("doubt", "a"), 500);
    assertThat(type(bench.send(hold, post("doubt", "a")))).isEqualTo("outcome-unknown");
    isFree();
  }
}
