package io.idem4j.http;

import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Begin and finish, for whoever does not call the handler itself; in virtual time. */
final class HttpLeaseTest {
  private static final HttpPolicy COUNTED = HttpBench.RERUN.withQuota(1, 1);
  private static final HttpResponse OWN = HttpResponse.of(201, "text/plain", "own");

  private final HttpBench bench = new HttpBench();
  private final HttpOperation operation = bench.operation(COUNTED);
  private final HttpRequest request = post("k", "body");

  /** Another process: the same store, its own engine. */
  private final HttpOperation elsewhere =
      HttpIdempotency.of(bench.engine.idempotencyOn(bench.engine.memory()))
          .operation(HttpBench.OPERATION, HttpBench.RERUN);

  private HttpLease granted() {
    return bench.granted(operation, request);
  }

  private KeyState state() {
    return bench.engine.record(key("k")).orElseThrow().state();
  }

  private static IdempotencyKey key(String value) {
    return IdempotencyKey.of(TENANT, HttpBench.OPERATION, value);
  }

  /** The quota lets one request through: that it does shows that nobody holds a seat. */
  private void assertNoSeatIsTaken() {
    HttpLease next = bench.granted(operation, post("next-" + bench.engine.records(), "body"));
    assertThat(type(bench.denied(operation, post("more", "body")))).isEqualTo("quota-exceeded");
    next.finish(OWN);
  }

  private static void finish(HttpLease lease) {
    lease.finish(OWN);
  }

  private static void fail(HttpLease lease) {
    lease.fail(new Exception("own"));
  }

  @Test
  void finish_recordsBeforeItReturns_andRetriesGetIt() {
    HttpLease lease = granted();
    assertThat(lease.context()).isPresent();
    lease.context().orElseThrow().reference("payment-1");
    assertThat(lease.finish(OWN)).isEqualTo(OWN);
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
    HttpResponse replay = bench.denied(operation, request);
    assertThat(body(replay)).isEqualTo("own");
    assertThat(field(replay, "Idempotent-Replayed")).isEqualTo("true");
    assertNoSeatIsTaken();
  }

  @Test
  void fail_recordsAsThePolicySays_andReturnsNothing() {
    assertThat(granted().fail(new Exception("own"))).isEmpty();
    assertThat(state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    HttpLease held = bench.granted(bench.operation(HttpBench.HOLD), post("h", "body"));
    assertThat(held.fail(new Exception("own"))).isEmpty();
    assertThat(bench.engine.record(key("h")).orElseThrow().state())
        .isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertNoSeatIsTaken();
  }

  @Test
  void close_releasesNothing_andTheLeaseLapses() {
    try (HttpLease lease = granted()) {
      assertThat(lease.toString()).doesNotContain("\"k\"");
    }
    assertThat(state()).isEqualTo(KeyState.LOCKED);
    assertNoSeatIsTaken();
    assertThat(type(bench.denied(operation, request))).isEqualTo("in-flight");
    bench.pass(31);
    assertThat(granted().finish(OWN)).isEqualTo(OWN);
  }

  @Test
  void secondSettlement_isMisuse_andChangesNothing() throws Exception {
    for (Consumer<HttpLease> first :
        List.<Consumer<HttpLease>>of(
            HttpLeaseTest::finish, HttpLeaseTest::fail, HttpLease::close)) {
      HttpBench own = new HttpBench();
      HttpLease lease = own.granted(own.operation(COUNTED), request);
      first.accept(lease);
      var recorded = own.engine.record(key("k")).orElseThrow();
      for (Consumer<HttpLease> second :
          List.<Consumer<HttpLease>>of(HttpLeaseTest::finish, HttpLeaseTest::fail)) {
        assertThatThrownBy(() -> second.accept(lease)).isInstanceOf(MisuseException.class);
        lease.close();
        assertThat(own.engine.record(key("k")).orElseThrow()).isEqualTo(recorded);
      }
      own.idempotency.close(Duration.ZERO);
      assertThatThrownBy(() -> lease.finish(OWN))
          .as("never 503 and not processed: it was")
          .isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void settlement_byAnotherThread_isTheSame() {
    HttpLease lease = granted();
    HttpResponse sent = CompletableFuture.supplyAsync(() -> lease.finish(OWN)).join();
    assertThat(sent).isEqualTo(OWN);
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
    assertNoSeatIsTaken();
  }

  @Test
  void finishOfNothing_isRefused_andTheLeaseIsStillThere() {
    HttpLease lease = granted();
    assertThatThrownBy(() -> lease.finish(null)).isInstanceOf(NullPointerException.class);
    assertThat(state()).isEqualTo(KeyState.LOCKED);
    assertThat(lease.finish(OWN)).isEqualTo(OWN);
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
  }

  private HttpLease lapsed() {
    HttpLease lease = granted();
    bench.engine.onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(31);
    bench.engine.clearFaults();
    return lease;
  }

  @Test
  void leaseThatWasTakenOver_givesTheOwnResponse_withoutAMarker_andRecordsNothing() {
    HttpLease stale = lapsed();
    HttpLease newer = bench.granted(elsewhere, request);
    assertThat(stale.finish(OWN)).isEqualTo(OWN);
    assertThat(state()).isEqualTo(KeyState.LOCKED);
    assertNoSeatIsTaken();
    newer.finish(HttpResponse.of(201, "text/plain", "newer"));
    assertThat(body(bench.denied(operation, request))).isEqualTo("newer");
  }

  @Test
  void leaseThatWasTakenOver_failsAsWithoutTheLibrary() {
    HttpLease stale = lapsed();
    bench.granted(elsewhere, request);
    assertThat(stale.fail(new Exception("own"))).isEmpty();
    assertThat(state()).isEqualTo(KeyState.LOCKED);
    assertNoSeatIsTaken();
  }

  @Test
  void anothersAnswer_thatWasRecordedFirst_isWhatIsSent() {
    for (boolean fails : new boolean[] {false, true}) {
      HttpRequest own = post("k" + fails, "body");
      HttpLease stale = bench.granted(operation, own);
      bench.engine.onWrites(Fault.REQUEST_LOST, 1_000);
      bench.pass(31);
      bench.engine.clearFaults();
      bench.granted(elsewhere, own).finish(HttpResponse.of(201, "text/plain", "theirs"));

      HttpResponse sent =
          fails ? stale.fail(new Exception("own")).orElseThrow() : stale.finish(OWN);
      assertThat(body(sent)).isEqualTo("theirs");
      assertThat(field(sent, "Idempotent-Replayed")).isEqualTo("true");
      assertNoSeatIsTaken();
    }
  }

  @Test
  void completionThatIsNotKnown_givesTheOwnResponse_withoutALifetime_orSaysSo() {
    HttpPolicy policy = COUNTED.withMarkers(Markers.standard().withLifetime("Kept-For"));
    for (boolean surfaces : new boolean[] {false, true}) {
      HttpOperation marked = bench.operation(surfaces ? policy.surfacingLostCompletions() : policy);
      HttpLease lease = bench.granted(marked, post("k" + surfaces, "body"));
      bench.engine.onWrites(Fault.REQUEST_LOST, 1_000);
      HttpResponse sent = lease.finish(OWN);
      bench.engine.clearFaults();
      if (surfaces) {
        assertThat(type(sent)).isEqualTo("not-recorded");
      } else {
        assertThat(sent).isEqualTo(OWN);
      }
      bench.pass(10);
      assertThat(field(bench.granted(marked, post("fine" + surfaces, "b")).finish(OWN), "Kept-For"))
          .isEqualTo("86400");
    }
  }

  @Test
  void policysOwnFunctionThatThrows_isNeverTakenForTheStore() {
    KeyStoreException foreign =
        KeyStoreException.notApplied(
            KeyStoreException.Reason.UNAVAILABLE, "somebody else's store", null);
    HttpOperation rebuilding =
        bench.operation(
            HttpBench.RERUN
                .failingOpen()
                .rebuilding(
                    (asked, recorded, reference) -> {
                      throw foreign;
                    }));
    HttpLease stale = bench.granted(rebuilding, request);
    bench.engine.onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(31);
    bench.engine.clearFaults();
    bench.granted(elsewhere, request).finish(OWN);
    assertThat(field(stale.finish(OWN), "Idempotent-Replayed"))
        .as("its own run made an effect, so it gets an answer")
        .isEqualTo("true");
    assertThatThrownBy(() -> bench.begin(rebuilding, request))
        .as("a duplicate does not run because its answer cannot be rebuilt")
        .isSameAs(foreign);
    assertThatThrownBy(() -> bench.send(rebuilding, request)).isSameAs(foreign);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void requestWithoutAKey_hasALeaseThatDoesNothing_andIsCounted() {
    HttpLease lease = bench.granted(operation, HttpBench.bare("POST", "body"));
    assertThat(lease.context()).isEmpty();
    assertThat(lease.finish(OWN)).isSameAs(OWN);
    assertThat(lease.finish(OWN)).isSameAs(OWN);
    assertThat(lease.fail(new Exception("own"))).isEqualTo(Optional.empty());
    lease.close();
    assertThat(lease).hasToString("HttpLease[unprotected]");
    bench.granted(operation, HttpBench.bare("GET", "")).close();
    assertThat(bench.engine.events()).containsExactly("bypassed " + HttpBench.OPERATION);
    assertThat(bench.engine.records()).isZero();
  }

  @Test
  void storeThatIsDown_deniesOrLetsRun_asThePolicySays_andTakesNoSeat() {
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);
    assertThat(type(bench.denied(operation, request))).isEqualTo("store-unavailable");
    HttpOperation open = bench.operation(COUNTED.failingOpen());
    try (HttpLease unprotected = bench.granted(open, request)) {
      assertThat(unprotected.context()).isEmpty();
    }
    bench.engine.clearFaults();
    bench.engine.onWrites(Fault.REQUEST_LOST, 10_000);
    assertThat(type(bench.denied(open, request))).as("not known").isEqualTo("store-unavailable");
    bench.engine.clearFaults();
    assertNoSeatIsTaken();
  }

  @Test
  void engineThatIsClosed_isStopping_andARunningLeaseIsFinishedStill() throws Exception {
    HttpLease lease = granted();
    bench.idempotency.close(Duration.ZERO);
    HttpResponse stopping = bench.denied(bench.operation(HttpBench.RERUN), post("x", "body"));
    assertThat(type(stopping)).isEqualTo("stopping");
    assertThat(field(stopping, "Retry-After")).isEqualTo("1");
    assertThat(lease.finish(OWN)).isEqualTo(OWN);
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void releasedResponse_goesToItsCaller_andTheKeyIsFree() {
    HttpResponse busy = HttpResponse.of(429, "text/plain", "busy");
    assertThat(granted().finish(busy)).isEqualTo(busy);
    assertThat(state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(granted().finish(OWN)).isEqualTo(OWN);
  }
}
