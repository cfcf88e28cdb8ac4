package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.RecordedFailure;
import io.idem4j.Scope;
import io.idem4j.dynamodb.FaultyHttp.Fault;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * stores.md 3.5.1 to 3.5.3: a request that was applied and is sent again by the SDK, whose retries
 * are at their default, meets what it wrote itself.
 */
@StoreUnderTest("DynamoDB")
final class OwnWriteTest {
  private static final String TABLE = DynamoDb.freshTable();

  private final FaultyHttp line = new FaultyHttp();
  private DynamoDbClient client;
  private DynamoDbKeyStore store;

  /** What a holder does. */
  enum Write {
    ACQUIRE,
    RENEW,
    COMPLETE,
    FAIL,
    RELEASE
  }

  @BeforeEach
  void open() {
    open(Duration.ofSeconds(5));
  }

  private void open(Duration attemptTimeout) {
    client =
        DynamoDb.builder()
            .httpClient(line)
            .overrideConfiguration(
                o -> o.apiCallTimeout(Duration.ofSeconds(10)).apiCallAttemptTimeout(attemptTimeout))
            .build();
    store = Rows.store(client, TABLE);
  }

  /**
   * An attempt is given up early only where that is the fault: elsewhere a slow one would be
   * another fault than the script's.
   */
  private void expect(Fault fault) {
    if (fault == Fault.REPLY_TOO_SLOW) {
      client.close();
      open(Duration.ofMillis(200));
    }
  }

  @AfterEach
  void close() {
    client.close();
    line.close();
  }

  static Stream<Arguments> writesAndFaults() {
    return Stream.of(Write.values())
        .flatMap(
            write ->
                Stream.of(
                        Fault.REPLY_DROPPED,
                        Fault.ERROR_AFTER_APPLY,
                        Fault.REPLY_TOO_SLOW,
                        Fault.REPLY_CUT)
                    .map(fault -> Arguments.of(write, fault)));
  }

  @ParameterizedTest
  @MethodSource("writesAndFaults")
  void stores_3_5_1_appliedAndSentAgain_isRefusedByItsOwnStamp(Write write, Fault fault) {
    KeyRecord claim = Rows.claim();
    Stamp expected = Stamp.ABSENT;
    KeyRecord next = claim;
    if (write != Write.ACQUIRE) {
      Rows.apply(store, Stamp.ABSENT, claim);
      expected = claim.stamp();
      next =
          switch (write) {
            case RENEW -> Rows.renewal(claim);
            case COMPLETE -> Rows.completed(claim);
            case FAIL -> Rows.ended(claim, KeyState.FAILED_FINAL);
            case RELEASE -> Rows.ended(claim, KeyState.FAILED_RETRYABLE);
            case ACQUIRE -> throw new AssertionError();
          };
    }
    expect(fault);
    line.onWrites(fault);
    CasResult result = store.compareAndSet(next.keyId(), expected, next);
    assertThat(line.attempts()).as("attempts of the SDK").isGreaterThanOrEqualTo(2);
    StoredRecord live = ((CasResult.Refused) result).live().orElseThrow();
    assertThat(live.stamp().equals(next.stamp())).as("bears its own stamp").isTrue();
    assertThat(live.record().fence()).isEqualTo(next.fence());
    assertThat(live.record().state()).isEqualTo(next.state());
  }

  @Test
  void stores_3_5_1_severalAttemptsApplied_isRefusedByItsOwnStamp() {
    line.onWrites(Fault.ERROR, Fault.REPLY_DROPPED, Fault.REQUEST_LOST, Fault.ERROR_AFTER_APPLY);
    KeyRecord claim = Rows.claim();
    CasResult result = store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    assertThat(line.attempts()).isEqualTo(5);
    assertThat(((CasResult.Refused) result).live().orElseThrow().stamp().equals(claim.stamp()))
        .isTrue();
  }

  @Test
  void stores_3_5_1_itemNotReturned_isReadInstead() {
    KeyRecord claim = Rows.claim();
    line.onWrites(Fault.REPLY_DROPPED, Fault.NO_ITEM);
    CasResult own = store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    assertThat(((CasResult.Refused) own).live().orElseThrow().stamp().equals(claim.stamp()))
        .isTrue();
    line.onWrites(Fault.NO_ITEM, Fault.NO_ITEM, Fault.NO_ITEM);
    KeyRecord other = Rows.duplicate(claim);
    for (Stamp expected : new Stamp[] {Stamp.ABSENT, other.stamp().next()}) {
      CasResult refused = store.compareAndSet(claim.keyId(), expected, other);
      assertThat(((CasResult.Refused) refused).live().orElseThrow().record()).isNotNull();
      assertThat(((CasResult.Refused) refused).live().orElseThrow().stamp().equals(claim.stamp()))
          .isTrue();
    }
  }

  /** Each write of an engine has its reply lost: the caller notices nothing (I20). */
  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"REPLY_DROPPED", "ERROR_AFTER_APPLY", "REPLY_TOO_SLOW", "REPLY_CUT"})
  void stores_3_5_2_completionAfterALostReply_isRecorded(Fault fault) throws Exception {
    expect(fault);
    AtomicInteger runs = new AtomicInteger();
    String key = UUID.randomUUID().toString();
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      Operation<String> operation =
          idempotency.operation("own", Codec.text(), OperationPolicy.rerun());
      line.onWrites(fault, Fault.NONE, fault, Fault.NONE);
      Outcome<String> first = Rows.execute(operation, key, runs);
      assertThat(line.attempts()).isGreaterThanOrEqualTo(4);
      assertThat(first).isEqualTo(new Outcome.Executed<>("done", true));
      line.onWrites();
      assertThat(Rows.execute(operation, key, runs)).isInstanceOf(Outcome.Replayed.class);
    }
    assertThat(runs).hasValue(1);
  }

  @Test
  void stores_3_5_2_failureAndReleaseAfterALostReply_areRecorded() {
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      Operation<String> operation =
          idempotency.operation(
              "failing",
              Codec.text(),
              OperationPolicy.rerun()
                  .withFinal(
                      IllegalStateException.class, thrown -> RecordedFailure.of("declined")));
      String key = UUID.randomUUID().toString();
      line.onWrites(Fault.NONE, Fault.REPLY_DROPPED);
      assertThat(thrown(operation, key, new IllegalArgumentException("released"))).isNotNull();
      line.onWrites(Fault.NONE, Fault.ERROR_AFTER_APPLY);
      assertThat(thrown(operation, key, new IllegalStateException("final"))).isNotNull();
      line.onWrites();
      assertThat(Rows.execute(operation, key, new AtomicInteger()))
          .isInstanceOf(Outcome.Failed.class);
    }
  }

  private static RuntimeException thrown(
      Operation<String> operation, String key, RuntimeException failure) {
    try {
      operation.execute(
          Scope.single(),
          key,
          Fingerprint.none(),
          context -> {
            throw failure;
          });
      return null;
    } catch (IllegalArgumentException | IllegalStateException e) {
      return e;
    }
  }

  /** The fence is core's, and written as it came: no write adds to what is stored. */
  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"REPLY_DROPPED", "ERROR_AFTER_APPLY"})
  void stores_3_5_3_writeSentTwice_addsNothingTwice(Fault fault) {
    KeyRecord claim = Rows.claim().toBuilder().fence(41).build();
    Rows.apply(store, Stamp.ABSENT, claim);
    KeyRecord renewal = Rows.renewal(claim).toBuilder().fence(42).attempt(7).build();
    line.onWrites(fault, fault);
    store.compareAndSet(claim.keyId(), claim.stamp(), renewal);
    StoredRecord live = store.find(claim.keyId()).orElseThrow();
    assertThat(live.record().fence()).isEqualTo(42);
    assertThat(live.record().attempt()).isEqualTo(7);
  }
}
