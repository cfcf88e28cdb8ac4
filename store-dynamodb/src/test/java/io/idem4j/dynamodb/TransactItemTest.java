package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.Claim;
import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.Lease;
import io.idem4j.LeaseLostException;
import io.idem4j.MisuseException;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.PreparedCompletion;
import io.idem4j.Scope;
import io.idem4j.dynamodb.FaultyHttp.Fault;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Together;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/**
 * The completion as an item of the caller's own transaction: effect and record are both there, or
 * neither is. The effect is a counter in another item, so that a second one would show.
 */
@StoreUnderTest("DynamoDB")
final class TransactItemTest {
  private static final String TABLE = DynamoDb.freshTable();
  private static final int THREADS = 8;
  private static final int KEYS = 12;

  /** Short, because a fate that nobody can know is asked for until it is over. */
  private static final Duration DEADLINE = Duration.ofMillis(300);

  private final FaultyHttp line = new FaultyHttp();
  private final String key = UUID.randomUUID().toString();
  private DynamoDbClient patient;
  private DynamoDbClient once;
  private DynamoDbKeyStore store;
  private Idempotency idempotency;
  private Operation<String> operation;

  @BeforeEach
  void open() {
    patient = DynamoDb.builder().httpClient(line).build();
    once =
        DynamoDb.builder()
            .httpClient(line)
            .overrideConfiguration(o -> o.retryStrategy(r -> r.maxAttempts(1)))
            .build();
    store = Rows.store(patient, TABLE);
    idempotency = Idempotency.builder(store).build();
    operation =
        idempotency.operation(
            "transfer", Codec.text(), OperationPolicy.rerun().withStoreDeadline(DEADLINE));
  }

  @AfterEach
  void close() {
    idempotency.close();
    line.on(name -> false);
    patient.close();
    once.close();
    line.close();
  }

  private Lease<String> claim() {
    return ((Claim.Granted<String>)
            operation.claim(operation.key(Scope.single(), key), Fingerprint.none()))
        .lease();
  }

  private static Map<String, AttributeValue> effectKey(String of) {
    return Map.of("pk", AttributeValue.fromS("effect of " + of));
  }

  private static TransactWriteItem effect(String of) {
    return TransactWriteItem.builder()
        .update(
            update ->
                update
                    .tableName(TABLE)
                    .key(effectKey(of))
                    .updateExpression("ADD times :one")
                    .expressionAttributeValues(Map.of(":one", AttributeValue.fromN("1"))))
        .build();
  }

  /** An item whose condition never holds. */
  private static TransactWriteItem impossible() {
    return TransactWriteItem.builder()
        .conditionCheck(
            check ->
                check
                    .tableName(TABLE)
                    .key(effectKey("nobody"))
                    .conditionExpression("attribute_exists(pk)"))
        .build();
  }

  private static int effects(String of) {
    AttributeValue times =
        DynamoDb.client()
            .getItem(b -> b.tableName(TABLE).key(effectKey(of)).consistentRead(true))
            .item()
            .get("times");
    return times == null ? 0 : Integer.parseInt(times.n());
  }

  /** What a caller does. */
  private Optional<Outcome<String>> transact(
      DynamoDbClient client, PreparedCompletion<String> prepared, TransactWriteItem... effects) {
    List<TransactWriteItem> items = new ArrayList<>(List.of(store.transactItem(prepared)));
    items.addAll(List.of(effects));
    try {
      client.transactWriteItems(request -> request.transactItems(items));
    } catch (RuntimeException e) {
      return store.transactFailed(prepared, e);
    }
    return Optional.of(prepared.committed());
  }

  private Outcome<String> again(AtomicInteger runs) {
    return Rows.execute(operation, key, runs);
  }

  private void assertReplayed() {
    AtomicInteger runs = new AtomicInteger();
    assertThat(again(runs)).isInstanceOf(Outcome.Replayed.class);
    assertThat(runs).hasValue(0);
  }

  @Test
  void committed_effectAndRecordAreThere_andAreReplayed() {
    assertThat(transact(patient, claim().prepare("done"), effect(key)))
        .contains(new Outcome.Executed<>("done", true));
    assertThat(effects(key)).isEqualTo(1);
    Outcome<String> replay = again(new AtomicInteger());
    assertThat(replay).isInstanceOf(Outcome.Replayed.class);
    assertThat(replay.orElseThrow()).isEqualTo("done");
  }

  @Test
  void concurrentCallers_oneEffectForEachKey() {
    List<String> keys = IntStream.range(0, KEYS).mapToObj(i -> key + i).toList();
    try (Together together = new Together(THREADS)) {
      together.run(
          thread -> {
            for (int round = 0; round < 2; round++) {
              for (String each : keys) {
                Claim<String> claim =
                    operation.claim(operation.key(Scope.single(), each), Fingerprint.none());
                if (claim instanceof Claim.Granted<String> granted) {
                  assertThat(transact(patient, granted.lease().prepare(each), effect(each)))
                      .isPresent();
                }
              }
            }
            return null;
          });
    }
    keys.forEach(each -> assertThat(effects(each)).as(each).isEqualTo(1));
  }

  @Test
  void takenOver_commitsNothing() {
    Lease<String> lease = claim();
    PreparedCompletion<String> prepared = lease.prepare("done");
    KeyRecord held = store.find(prepared.keyId()).orElseThrow().record();
    Rows.apply(
        store,
        prepared.expected(),
        held.toBuilder()
            .stamp(Samples.stamp())
            .lease(Samples.LEASE)
            .retention(Samples.RETENTION)
            .slots(Slots.UNCHANGED)
            .build());
    assertThatThrownBy(() -> transact(patient, prepared, effect(key)))
        .isInstanceOf(LeaseLostException.class);
    assertThat(effects(key)).isZero();
    assertThat(store.find(prepared.keyId()).orElseThrow().record().state())
        .isEqualTo(KeyState.LOCKED);
  }

  @Test
  void takenOverAndCompletedByTheOther_givesTheRecordedAnswer_andCommitsNothing() {
    PreparedCompletion<String> prepared = claim().prepare("done");
    KeyRecord other = prepared.next().toBuilder().stamp(Samples.stamp()).build();
    Rows.apply(store, prepared.expected(), other);
    assertThat(transact(patient, prepared, effect(key)).orElseThrow())
        .isInstanceOf(Outcome.Replayed.class);
    assertThat(effects(key)).isZero();
  }

  @Test
  void retentionOver_commitsNothing() {
    PreparedCompletion<String> prepared = claim().prepare("done");
    new Items(DynamoDb.client(), Rows.layout(TABLE)).delete(prepared.keyId());
    assertThatThrownBy(() -> transact(patient, prepared, effect(key)))
        .isInstanceOf(LeaseLostException.class);
    assertThat(effects(key)).isZero();
  }

  @Test
  void damagedRecord_isNotOverwritten() {
    PreparedCompletion<String> prepared = claim().prepare("done");
    Items items = new Items(DynamoDb.client(), Rows.layout(TABLE));
    items.change(prepared.keyId(), item -> item.remove(Layout.SLOTS_SIZE));
    Map<String, AttributeValue> before = items.get(prepared.keyId());
    transact(patient, prepared, effect(key));
    assertThat(items.get(prepared.keyId())).isEqualTo(before);
    assertThat(effects(key)).isZero();
  }

  @Test
  void callersOwnConditionFailed_rollsBack_andTheKeyIsStillHeld() {
    Lease<String> lease = claim();
    assertThat(transact(patient, lease.prepare("never"), effect(key), impossible())).isEmpty();
    assertThat(effects(key)).isZero();
    assertThat(again(new AtomicInteger())).isInstanceOf(Outcome.InFlight.class);
    assertThat(transact(patient, lease.prepare("done"), effect(key))).isPresent();
    assertThat(effects(key)).isEqualTo(1);
    assertReplayed();
  }

  @Test
  void callersOwnConditionFailed_andReleased_isRetryable() {
    Lease<String> lease = claim();
    assertThat(transact(patient, lease.prepare("never"), impossible())).isEmpty();
    lease.fail(new IllegalStateException("declined"));
    AtomicInteger runs = new AtomicInteger();
    assertThat(again(runs)).isInstanceOf(Outcome.Executed.class);
    assertThat(runs).hasValue(1);
  }

  /**
   * The SDK gives a request one token for all its attempts, by which the service knows it again.
   */
  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"REPLY_DROPPED", "ERROR_AFTER_APPLY", "REPLY_CUT"})
  void replyLost_repeatedByTheSdk_isAppliedOnce(Fault fault) {
    line.on("TransactWriteItems"::equals, fault, fault);
    assertThat(transact(patient, claim().prepare("done"), effect(key)))
        .contains(new Outcome.Executed<>("done", true));
    assertThat(line.attempts()).isEqualTo(3);
    assertThat(effects(key)).isEqualTo(1);
    assertReplayed();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"REPLY_DROPPED", "ERROR_AFTER_APPLY", "REPLY_CUT"})
  void replyLost_notRepeated_isReadAndFoundCommitted(Fault fault) {
    line.on("TransactWriteItems"::equals, fault);
    assertThat(transact(once, claim().prepare("done"), effect(key)))
        .contains(new Outcome.Executed<>("done", true));
    assertThat(line.attempts()).as("never sent again").isEqualTo(1);
    assertThat(effects(key)).isEqualTo(1);
    assertReplayed();
  }

  /** It may still be under way: a lock that is as it was proves nothing. */
  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"REQUEST_LOST", "ERROR"})
  void requestLost_isNotKnown_andNeverSentAgain(Fault fault) {
    line.on("TransactWriteItems"::equals, fault);
    PreparedCompletion<String> prepared = claim().prepare("done");
    KeyStoreException thrown =
        catchThrowableOfType(KeyStoreException.class, () -> transact(once, prepared, effect(key)));
    assertThat(thrown.certainty()).isEqualTo(Certainty.UNKNOWN);
    assertThat(line.attempts()).isEqualTo(1);
    assertThat(effects(key)).isZero();
    assertThat(again(new AtomicInteger())).isInstanceOf(Outcome.InFlight.class);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"THROTTLED", "DENIED"})
  void refusedByCode_isRolledBack_andTheKeyIsStillHeld(Fault fault) {
    line.on("TransactWriteItems"::equals, fault);
    Lease<String> lease = claim();
    assertThat(transact(once, lease.prepare("never"), effect(key))).isEmpty();
    assertThat(transact(once, lease.prepare("done"), effect(key))).isPresent();
    assertThat(effects(key)).isEqualTo(1);
  }

  /** What was lost may arrive later than what was refused. */
  @Test
  void cancelledInALaterAttempt_isNotTakenForRolledBack() {
    line.on("TransactWriteItems"::equals, Fault.REQUEST_LOST);
    PreparedCompletion<String> prepared = claim().prepare("never");
    KeyStoreException thrown =
        catchThrowableOfType(
            KeyStoreException.class, () -> transact(patient, prepared, impossible()));
    assertThat(thrown.certainty()).isEqualTo(Certainty.UNKNOWN);
  }

  @Test
  void answerThatDoesNotFit_isCommittedWithoutItsBody() {
    Operation<String> large =
        idempotency.operation("transfer", Codec.text(), OperationPolicy.rerun());
    Lease<String> lease =
        ((Claim.Granted<String>) large.claim(large.key(Scope.single(), key), Fingerprint.none()))
            .lease();
    Outcome<String> outcome =
        transact(patient, lease.prepare("x".repeat(300 << 10)), effect(key)).orElseThrow();
    assertThat(outcome.orElseThrow()).hasSize(300 << 10);
    assertThat(effects(key)).isEqualTo(1);
    assertThat(again(new AtomicInteger()))
        .isInstanceOfSatisfying(
            Outcome.Replayed.class, replay -> assertThat(replay.bodyKept()).isFalse());
  }

  /** Such a verdict keeps the slots, so the item is an update. */
  @Test
  void verdictThatReleases_isAnUpdateThatKeepsTheSlots() {
    Operation<String> judged =
        operation.withAnswerClassifier((answer, of) -> Optional.of(Verdict.retryable()));
    Lease<String> lease =
        ((Claim.Granted<String>) judged.claim(judged.key(Scope.single(), key), Fingerprint.none()))
            .lease();
    PreparedCompletion<String> prepared = lease.prepare("busy");
    TransactWriteItem item = store.transactItem(prepared);
    assertThat(item.put()).isNull();
    assertThat(item.update().updateExpression()).doesNotContain(Layout.HEAD).startsWith("SET #");
    patient.transactWriteItems(request -> request.transactItems(item, effect(key)));
    prepared.committed();
    assertThat(effects(key)).isEqualTo(1);
    assertThat(store.find(prepared.keyId()).orElseThrow().record().state())
        .isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThatThrownBy(
            () -> store.transactFailed(prepared, TransactionCanceledException.builder().build()))
        .isInstanceOf(MisuseException.class);
  }
}
