package io.idem4j.http;

import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.http.ResponseClassifier.Disposition;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The switches storeUnavailable and completionFailure. */
class StoreFailureSwitchesTest {
  private static final String BYPASSED = "bypassed " + OPERATION;

  private final HttpBench bench = new HttpBench();

  /** Fails each call in the same way. */
  private record Failing(KeyStoreException error) implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      throw error;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      throw error;
    }
  }

  private HttpOperation on(KeyStoreException error, HttpPolicy policy) {
    return HttpIdempotency.of(bench.engine.idempotencyOn(new Failing(error)))
        .operation(OPERATION, policy);
  }

  private static KeyStoreException error(Reason reason) {
    return reason == Reason.NO_ANSWER
        ? KeyStoreException.unknown("secret text of a driver", null)
        : KeyStoreException.notApplied(reason, "secret text of a driver", null);
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void storeUnavailable_failClosed_runsNothingWhateverTheReason(Reason reason) {
    HttpOperation operation = on(error(reason), RERUN);

    HttpResponse response = bench.send(operation, post("k", "a"));

    int status =
        switch (reason) {
          case UNREADABLE -> 500;
          default -> 503;
        };
    assertThat(response.status()).isEqualTo(status);
    assertThat(response.headers().all("Retry-After").isEmpty()).isEqualTo(status == 500);
    assertThat(HttpBench.whole(response)).doesNotContain("secret");
    assertThat(HttpBench.whole(bench.denied(operation, post("k", "a"))))
        .isEqualTo(HttpBench.whole(response));
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.engine.events()).doesNotContain(BYPASSED);
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void storeUnavailable_failOpen_runsOnlyWhereTheClaimIsKnownNotToBeApplied(Reason reason) {
    HttpOperation operation = on(error(reason), RERUN.failingOpen());
    Set<Reason> opens = EnumSet.of(Reason.UNAVAILABLE);

    HttpResponse response = bench.send(operation, post("k", "a"));

    if (opens.contains(reason)) {
      assertThat(response.status()).isEqualTo(201);
      assertThat(bench.engine.events()).containsOnlyOnce(BYPASSED);
      assertThat(bench.granted(operation, post("k", "a")).finish(response)).isSameAs(response);
      assertThat(bench.engine.events()).filteredOn(BYPASSED::equals).hasSize(2);
      assertThat(bench.effects).hasValue(1);
    } else {
      assertThat(response.status()).isIn(409, 500, 503);
      assertThat(bench.denied(operation, post("k", "a")).status()).isEqualTo(response.status());
      assertThat(bench.effects).hasValue(0);
      assertThat(bench.engine.events()).doesNotContain(BYPASSED);
    }
  }

  @Test
  void storeUnavailable_failOpen_passesOnWhatTheHandlerThrows() {
    HttpOperation operation = on(error(Reason.UNAVAILABLE), RERUN.failingOpen());
    IllegalStateException original = new IllegalStateException();

    assertThatThrownBy(
            () ->
                bench.send(
                    TENANT,
                    operation,
                    post("k", "a"),
                    context -> {
                      assertThat(context).isEmpty();
                      throw original;
                    }))
        .isSameAs(original);
  }

  @Test
  void storeUnavailable_failOpen_neverForAClaimThatMayHaveBeenApplied() {
    HttpOperation operation = bench.operation(RERUN.failingOpen());
    bench.engine.onWrites(Fault.REPLY_LOST, 1);
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);

    HttpResponse response = bench.send(operation, post("k", "a"));

    assertThat(response.status()).isEqualTo(503);
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.engine.events()).doesNotContain(BYPASSED);
  }

  @Test
  void storeUnavailable_failOpen_recordsNothing() {
    HttpOperation operation = bench.operation(RERUN.failingOpen());
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);
    bench.send(operation, post("k", "a"));
    bench.engine.clearFaults();

    assertThat(bench.engine.record(key())).isEmpty();
    assertThat(body(bench.send(operation, post("k", "a")))).isEqualTo("{\"payment\":2}");
  }

  private static IdempotencyKey key() {
    return IdempotencyKey.of(TENANT, OPERATION, "k");
  }

  private HttpResponse sendLosingTheCompletion(HttpOperation operation) {
    return bench.send(
        TENANT,
        operation,
        post("k", "a"),
        context -> {
          bench.engine.onWrites(Fault.REQUEST_LOST, 10_000);
          return bench.created();
        });
  }

  @Test
  void completionFailure_default_isTheHandlersOwnResultAndIsRecordedLater() {
    HttpOperation operation = bench.operation(RERUN);

    HttpResponse response = sendLosingTheCompletion(operation);

    assertThat(response.status()).isEqualTo(201);
    assertThat(response.headers().all("Idempotent-Replayed")).isEmpty();
    assertThat(bench.engine.events()).contains("recordedUnknown");
    assertThat(bench.engine.record(key()).orElseThrow().state()).isEqualTo(KeyState.LOCKED);
    bench.engine.clearFaults();
    bench.pass(20);
    assertThat(bench.engine.record(key()).orElseThrow().state()).isEqualTo(KeyState.COMPLETED);
    assertThat(body(bench.send(operation, post("k", "a")))).isEqualTo(body(response));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void completionFailure_surfaced_isAConflictThatNobodyRepeats() {
    HttpOperation operation = bench.operation(RERUN.surfacingLostCompletions());

    HttpResponse response = sendLosingTheCompletion(operation);

    assertThat(response.status()).isEqualTo(409);
    assertThat(type(response)).isEqualTo("not-recorded");
    assertThat(response.headers().all("Retry-After")).isEmpty();
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void completionFailure_leaseLost_isTheOwnResultOrSurfaced() {
    for (boolean surfaces : new boolean[] {false, true}) {
      HttpBench fresh = new HttpBench();
      HttpPolicy policy = RERUN.withClassifier(response -> Disposition.RELEASE);
      HttpOperation operation =
          fresh.operation(surfaces ? policy.surfacingLostCompletions() : policy);
      HttpLease lease = fresh.granted(operation, post("k", "a"));
      fresh.engine.onWrites(Fault.NOT_SENT, 10_000);
      fresh.pass(40);
      fresh.engine.clearFaults();
      HttpLease other = fresh.granted(operation, post("k", "a"));

      HttpResponse response = lease.finish(fresh.created());

      assertThat(response.status()).isEqualTo(surfaces ? 409 : 201);
      assertThat(response.headers().all("Idempotent-Replayed")).isEmpty();
      assertThat(fresh.engine.events()).contains("leaseLost", "takenOver");
      assertThat(field(other.finish(fresh.created()), "Location")).isEqualTo("/payments/2");
    }
  }
}
