package io.idem4j.http;

import static io.idem4j.http.HttpBench.HOLD;
import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The section "Answers for the rarer outcomes" of the HTTP paper. */
class RareOutcomesTest {
  private final HttpBench bench = new HttpBench();
  private final HttpOperation rerun = bench.operation(RERUN);

  private static IdempotencyKey key() {
    return IdempotencyKey.of(TENANT, OPERATION, "k");
  }

  /** Lets a lease lapse unnoticed by its holder, and another request take the key. */
  private HttpLease[] takenOver(HttpOperation operation) {
    HttpLease first = bench.granted(operation, post("k", "a"));
    bench.engine.onWrites(Fault.NOT_SENT, 100_000);
    bench.pass(40);
    bench.engine.clearFaults();
    return new HttpLease[] {first, bench.granted(operation, post("k", "a"))};
  }

  @Test
  void inDoubt_withoutARecoveryCallback_is409WithoutRetryAfter() {
    HttpOperation hold = bench.operation(HOLD);
    bench.send(hold, post("k", "a"), 500);

    HttpResponse retry = bench.send(hold, post("k", "a"));

    assertThat(retry.status()).isEqualTo(409);
    assertThat(type(retry)).isEqualTo("outcome-unknown");
    assertThat(retry.headers().all("Retry-After")).isEmpty();
    assertThat(retry.headers().all("Idempotent-Replayed")).isEmpty();
    assertThat(bench.engine.events()).contains("inDoubt");
    assertThat(HttpBench.whole(bench.denied(hold, post("k", "a"))))
        .isEqualTo(HttpBench.whole(retry));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void inDoubt_afterAVanishedHolderUnderHold_isTheSame() {
    HttpOperation hold = bench.operation(HOLD);
    bench.granted(hold, post("k", "a")).close();
    assertThat(type(bench.send(hold, post("k", "a")))).isEqualTo("in-flight");
    bench.pass(31);

    assertThat(type(bench.send(hold, post("k", "a")))).isEqualTo("outcome-unknown");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void vanishedHolder_underRerun_isTakenOver() {
    bench.granted(rerun, post("k", "a")).close();
    bench.pass(31);

    HttpResponse retry = bench.send(rerun, post("k", "a"));

    assertThat(retry.status()).isEqualTo(201);
    assertThat(retry.headers().all("Idempotent-Replayed")).isEmpty();
    assertThat(bench.engine.events()).contains("takenOver");
  }

  @Test
  void leaseLost_isTheHandlersOwnResultWithoutMarkerAndAnEvent() {
    HttpLease[] leases = takenOver(rerun);

    HttpResponse own = leases[0].finish(bench.created());

    assertThat(own.status()).isEqualTo(201);
    assertThat(body(own)).isEqualTo("{\"payment\":1}");
    assertThat(own.headers().all("Idempotent-Replayed")).isEmpty();
    assertThat(bench.engine.events()).contains("leaseLost");
    assertThat(body(leases[1].finish(bench.created()))).isEqualTo("{\"payment\":2}");
    assertThat(body(bench.send(rerun, post("k", "a")))).isEqualTo("{\"payment\":2}");
  }

  @Test
  void leaseLost_byAHandlerThatFails_isItsFailure() {
    HttpLease[] leases = takenOver(rerun);

    assertThat(leases[0].fail(new IOException("own"))).isEmpty();

    assertThat(bench.engine.events()).contains("leaseLost");
    assertThat(bench.engine.record(key()).orElseThrow().state()).isEqualTo(KeyState.LOCKED);
    assertThat(leases[1].finish(bench.created()).status()).isEqualTo(201);
  }

  @Test
  void notKnownRecorded_isTheHandlersOwnResultWithoutMarkerAndAnEvent() {
    HttpLease lease = bench.granted(rerun, post("k", "a"));
    bench.engine.onWrites(Fault.REQUEST_LOST, 10_000);

    HttpResponse own = lease.finish(bench.created());

    assertThat(own.status()).isEqualTo(201);
    assertThat(own.headers().all("Idempotent-Replayed")).isEmpty();
    assertThat(bench.engine.events()).contains("recordedUnknown");
  }

  @Test
  void recordedAnswerOverTheOwn_isTheRecordedOneAsAReplay() {
    HttpLease[] leases = takenOver(rerun);
    HttpResponse theirs = leases[1].finish(bench.created());

    HttpResponse own = leases[0].finish(bench.answer(200));

    assertThat(own.status()).isEqualTo(201);
    assertThat(own.body()).isEqualTo(theirs.body());
    assertThat(field(own, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(bench.engine.events()).contains("leaseLost");
  }

  @Test
  void recordedAnswerOverAFailure_isTheRecordedOneAsAReplay() {
    HttpLease[] leases = takenOver(rerun);
    HttpResponse theirs = leases[1].finish(bench.created());

    Optional<HttpResponse> own = leases[0].fail(new IOException("own"));

    assertThat(own).map(HttpResponse::status).contains(201);
    assertThat(own.orElseThrow().body()).isEqualTo(theirs.body());
    assertThat(field(own.orElseThrow(), "Idempotent-Replayed")).isEqualTo("true");
  }

  @Test
  void recordedAnswerOverAReleasedOne_isTheRecordedOneToo() {
    HttpLease[] leases = takenOver(rerun);
    HttpResponse theirs = leases[1].finish(bench.created());

    HttpResponse own = leases[0].finish(HttpResponse.of(503));

    assertThat(own.status()).isEqualTo(201);
    assertThat(own.body()).isEqualTo(theirs.body());
  }

  @Test
  void storeDown_is503WithRetryAfterAndRunsNothing() {
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);

    HttpResponse response = bench.send(rerun, post("k", "a"));

    assertThat(response.status()).isEqualTo(503);
    assertThat(type(response)).isEqualTo("store-unavailable");
    assertThat(field(response, "Retry-After")).isEqualTo("1");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void unresolvedClaim_is503WithRetryAfterAndIsWithdrawn() {
    bench.engine.onWrites(Fault.REPLY_LOST, 1);
    bench.engine.onWrites(Fault.REQUEST_LOST, 1_000);

    HttpResponse response = bench.send(rerun, post("k", "a"));

    assertThat(response.status()).isEqualTo(503);
    assertThat(field(response, "Retry-After")).isEqualTo("1");
    assertThat(bench.effects).hasValue(0);
    bench.engine.clearFaults();
    bench.pass(29);
    assertThat(bench.send(rerun, post("k", "a")).status()).isEqualTo(201);
  }

  @Test
  void unreadableRecord_is500WithoutRetryAfterAndRunsNothing() {
    for (HttpPolicy policy : new HttpPolicy[] {RERUN, RERUN.failingOpen()}) {
      HttpOperation operation = bench.operation(policy);
      bench.send(operation, post("k", "a"));
      bench.engine.damage(key(), new byte[] {1, 2, 3});

      HttpResponse response = bench.send(operation, post("k", "a"));

      assertThat(response.status()).isEqualTo(500);
      assertThat(type(response)).isEqualTo("record-unreadable");
      assertThat(response.headers().all("Retry-After")).isEmpty();
      assertThat(bench.denied(operation, post("k", "a")).status()).isEqualTo(500);
      assertThat(bench.effects).hasValue(1);
    }
  }

  @Test
  void recordedBytesThatAreNoResponse_are500AndRunNothing() {
    bench.send(rerun, post("k", "a"));
    byte[] payload = bench.engine.record(key()).orElseThrow().slots().payload();
    // The last bytes are the body's: without them the response is cut short.
    bench.engine.damage(key(), java.util.Arrays.copyOf(payload, payload.length - 3));

    HttpResponse response = bench.send(rerun, post("k", "a"));

    assertThat(response.status()).isEqualTo(500);
    assertThat(type(response)).isEqualTo("record-unreadable");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void incomparableFingerprint_is500AndRunsNothing() {
    bench.send(rerun, post("k", "a"));
    HttpOperation changed =
        bench.operation(RERUN.withFingerprint(RequestFingerprint.body()).failingOpen());

    HttpResponse response = bench.send(changed, post("k", "a"));

    assertThat(response.status()).isEqualTo(500);
    assertThat(type(response)).isEqualTo("record-unreadable");
    assertThat(bench.denied(changed, post("k", "a")).status()).isEqualTo(500);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void closedEngine_is503AndWhatRunsGoesOn() {
    HttpLease lease = bench.granted(rerun, post("k", "a"));
    bench.idempotency.close();

    HttpResponse response = bench.send(rerun, post("k-2", "a"));

    assertThat(response.status()).isEqualTo(503);
    assertThat(type(response)).isEqualTo("stopping");
    assertThat(field(response, "Retry-After")).isEqualTo("1");
    assertThat(type(bench.denied(rerun, post("k-2", "a")))).isEqualTo("stopping");
    assertThat(bench.effects).hasValue(0);
    assertThat(lease.finish(bench.created()).status()).isEqualTo(201);
    assertThat(bench.engine.record(key()).orElseThrow().state()).isEqualTo(KeyState.COMPLETED);
  }

  /** Another writer holds the key uncommitted, so nobody can say more. */
  private static final class BusyStore implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return new CasResult.Busy();
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return Optional.empty();
    }
  }

  @Test
  void busyKey_is409AlsoWhereThePolicyFailsOpen() {
    Idempotency idempotency = bench.engine.idempotencyOn(new BusyStore());
    HttpOperation operation =
        HttpIdempotency.of(idempotency).operation(OPERATION, RERUN.failingOpen());

    HttpResponse response = bench.send(operation, post("k", "a"));

    assertThat(response.status()).isEqualTo(409);
    assertThat(type(response)).isEqualTo("in-flight");
    assertThat(field(response, "Retry-After")).isEqualTo("1");
    assertThat(bench.effects).hasValue(0);
  }
}
