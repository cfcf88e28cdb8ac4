package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.dynamodb.FaultyHttp.Fault;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.MultiRegionConsistency;
import software.amazon.awssdk.services.dynamodb.model.ReplicaDescription;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;

/** What {@link DynamoDbKeyStore.Builder#build} refuses, and what it only warns of. */
@StoreUnderTest("DynamoDB")
final class StartUpTest {
  private final String table = DynamoDb.freshTable();

  private DynamoDbKeyStore.Builder builder() {
    return builder(DynamoDb.client());
  }

  private DynamoDbKeyStore.Builder builder(DynamoDbClient client) {
    return DynamoDbKeyStore.builder(client).table(table);
  }

  private KeyStoreException refused(DynamoDbKeyStore.Builder builder) {
    KeyStoreException e = catchThrowableOfType(KeyStoreException.class, builder::build);
    assertThat(e).isNotNull();
    assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
    return e;
  }

  private void create(Consumer<CreateTableRequest.Builder> how) {
    DynamoDb.client()
        .createTable(
            b -> {
              b.tableName(table).billingMode(BillingMode.PAY_PER_REQUEST);
              how.accept(b);
            });
  }

  @Test
  void tableMissing_isRefused() {
    assertThat(refused(builder()).reason()).isEqualTo(Reason.MISCONFIGURED);
  }

  @Test
  void createTableIfMissing_makesKeyAndTimeToLive() {
    DynamoDbKeyStore store = builder().createTableIfMissing().build();
    Rows.done(store);
    TableDescription made = DynamoDb.client().describeTable(b -> b.tableName(table)).table();
    assertThat(made.billingModeSummary().billingMode()).isEqualTo(BillingMode.PAY_PER_REQUEST);
    assertThat(made.keySchema()).hasSize(1);
    assertThat(
            DynamoDb.client()
                .describeTimeToLive(b -> b.tableName(table))
                .timeToLiveDescription()
                .attributeName())
        .isEqualTo("expire_at_s");
    assertThat(Told.onStandardError(() -> builder().build())).isEmpty();
  }

  @Test
  void createTableIfMissing_manyAtOnce_allSucceed() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<DynamoDbKeyStore>> starts = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        starts.add(() -> builder().createTableIfMissing().build());
      }
      for (Future<DynamoDbKeyStore> each : threads.invokeAll(starts)) {
        Rows.done(each.get());
      }
    } finally {
      threads.shutdown();
    }
  }

  /** An own attempt looks like another's table, or another's time to live, when it is repeated. */
  @ParameterizedTest
  @ValueSource(strings = {"CreateTable", "UpdateTimeToLive"})
  void createTableIfMissing_replyLost_makesTimeToLiveAllTheSame(String operation) {
    try (FaultyHttp line = new FaultyHttp();
        DynamoDbClient client = DynamoDb.builder().httpClient(line).build()) {
      line.on(operation::equals, Fault.REPLY_DROPPED);
      assertThat(
              Told.onStandardError(() -> Rows.done(builder(client).createTableIfMissing().build())))
          .isEmpty();
      assertThat(line.attempts()).isEqualTo(2);
    }
  }

  /** Names that the enhanced client changes, where it makes placeholders of them. */
  @ParameterizedTest
  @ValueSource(strings = {"ttl-at", "ttl.at", "Ttl_2"})
  void ttlAttribute_everyAcceptedName_servesUpdatesToo(String name) {
    DynamoDbKeyStore store = builder().ttlAttribute(name).createTableIfMissing().build();
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    Rows.apply(store, claim.stamp(), Rows.renewal(claim));
    assertThat(new Items(DynamoDb.client(), Rows.layout(table)).get(claim.keyId()))
        .containsKey(name);
  }

  @Test
  void createTableIfMissing_existingTable_isNotChanged() {
    create(b -> key(b, "pk", ScalarAttributeType.S));
    String logged = Told.onStandardError(() -> builder().createTableIfMissing().build());
    assertThat(logged).contains("has no time to live");
  }

  private static void key(CreateTableRequest.Builder b, String name, ScalarAttributeType type) {
    b.attributeDefinitions(
            AttributeDefinition.builder().attributeName(name).attributeType(type).build())
        .keySchema(KeySchemaElement.builder().attributeName(name).keyType(KeyType.HASH).build());
  }

  @Test
  void keyAttribute_ofAnotherName_isRefusedWithWhatItIs() {
    create(b -> key(b, "id", ScalarAttributeType.S));
    KeyStoreException e = refused(builder());
    assertThat(e.reason()).isEqualTo(Reason.MISCONFIGURED);
    assertThat(e).hasMessageContaining("[id HASH S]").hasMessageContaining("[pk HASH S]");
    Rows.done(builder().keyAttribute("id").build());
  }

  @ParameterizedTest
  @EnumSource(
      value = ScalarAttributeType.class,
      names = {"N", "B"})
  void keyAttribute_ofAnotherType_isRefused(ScalarAttributeType type) {
    create(b -> key(b, "pk", type));
    assertThat(refused(builder())).hasMessageContaining("[pk HASH " + type + "]");
  }

  @Test
  void sortKey_unexpectedOrMissing_isRefused() {
    builder().sortKey("sk", "R").createTableIfMissing().build();
    assertThat(refused(builder())).hasMessageContaining("[pk HASH S, sk RANGE S]");
    assertThat(refused(builder().sortKey("range", "R"))).hasMessageContaining("range RANGE S");
    Rows.done(builder().sortKey("sk", "R").build());
    create(b -> key(b.tableName(table + "_"), "pk", ScalarAttributeType.S));
    assertThat(refused(builder().table(table + "_").sortKey("sk", "R")).reason())
        .isEqualTo(Reason.MISCONFIGURED);
  }

  @ParameterizedTest
  @EnumSource(
      value = TableStatus.class,
      names = {"ACTIVE", "UPDATING"},
      mode = EnumSource.Mode.EXCLUDE)
  void status_inWhichATableCannotBeWritten_isRefused(TableStatus status) {
    builder().createTableIfMissing().build();
    KeyStoreException e = refused(builder(Answering.table(t -> t.tableStatus(status))));
    assertThat(e.isTransient()).isEqualTo(status == TableStatus.CREATING);
  }

  @Test
  void status_updating_isGoodEnough() {
    builder().createTableIfMissing().build();
    Rows.done(builder(Answering.table(t -> t.tableStatus(TableStatus.UPDATING))).build());
  }

  /** The default mode lets two regions acquire: refused, and so can no claim be made there. */
  @Test
  void stores_3_5_12_globalTable_isRefusedUnlessStronglyConsistent() {
    builder().createTableIfMissing().build();
    UnaryOperator<TableDescription.Builder> global =
        t -> t.replicas(ReplicaDescription.builder().regionName("eu-west-1").build());
    assertThat(refused(builder(Answering.table(global))))
        .hasMessageContaining("last writer wins")
        .hasFieldOrPropertyWithValue("reason", Reason.MISCONFIGURED);
    refused(
        builder(
            Answering.table(
                t -> global.apply(t).multiRegionConsistency(MultiRegionConsistency.EVENTUAL))));
    Rows.done(
        builder(
                Answering.table(
                    t -> global.apply(t).multiRegionConsistency(MultiRegionConsistency.STRONG)))
            .build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-PT10M", "-PT5M30S", "PT5M30S", "PT10M", "P1D", "-P1D"})
  void stores_3_5_5_clockOffByMoreThanHalfTheMargin_isRefused(Duration off) {
    builder().createTableIfMissing().build();
    KeyStoreException e =
        refused(builder().clockSkew(Duration.ofMinutes(10)).clock(() -> Instant.now().plus(off)));
    assertThat(e.reason()).isEqualTo(Reason.MISCONFIGURED);
    assertThat(e).hasMessageContaining("clockSkew").hasMessageContaining("PT5M");
  }

  /** The header's whole seconds and the time of the request are given to the clock. */
  @ParameterizedTest
  @ValueSource(strings = {"-PT4M58S", "-PT1S", "PT0S", "PT4M58S", "PT5M"})
  void stores_3_5_5_clockOffByLess_isAccepted(Duration off) {
    builder().createTableIfMissing().build();
    Rows.done(
        builder().clockSkew(Duration.ofMinutes(10)).clock(() -> Instant.now().plus(off)).build());
  }

  @Test
  void noDateOrABrokenOne_warns() {
    builder().createTableIfMissing().build();
    for (DynamoDbClient client :
        List.of(
            Answering.head(h -> h.removeHeader("Date")),
            Answering.head(h -> h.putHeader("Date", "yesterday")))) {
      assertThat(Told.onStandardError(() -> builder(client).build()))
          .contains("this clock cannot be compared");
    }
  }

  @Test
  void timeToLive_onAnotherAttribute_warns() {
    builder().createTableIfMissing().build();
    assertThat(Told.onStandardError(() -> builder().ttlAttribute("ttl").build()))
        .contains("another TTL attribute than ttl");
  }

  /** Without the right to describe, a read tells whether table and key are there. */
  @Test
  void describeTableDenied_warnsAndReads() {
    try (FaultyHttp line = new FaultyHttp();
        DynamoDbClient client = DynamoDb.builder().httpClient(line).build()) {
      line.on(name -> name.startsWith("Describe")).thenAlways(Fault.DENIED);
      assertThat(refused(builder(client)).reason()).isEqualTo(Reason.MISCONFIGURED);
      builder().createTableIfMissing().build();
      String logged = Told.onStandardError(() -> Rows.done(builder(client).build()));
      assertThat(logged).contains("cannot be described").contains("time to live cannot be seen");
      assertThat(refused(builder(client).keyAttribute("id")).reason())
          .isEqualTo(Reason.MISCONFIGURED);
      assertThat(refused(builder(client).sortKey("sk", "R")).reason())
          .isEqualTo(Reason.MISCONFIGURED);
      assertThat(refused(builder(client).clock(() -> Instant.now().plusSeconds(60))))
          .hasMessageContaining("this clock is off");
    }
  }

  @Test
  void everythingDenied_isRefused() {
    try (FaultyHttp line = new FaultyHttp();
        DynamoDbClient client = DynamoDb.builder().httpClient(line).build()) {
      line.on(name -> true).thenAlways(Fault.DENIED);
      assertThat(refused(builder(client)).reason()).isEqualTo(Reason.MISCONFIGURED);
    }
  }

  @Test
  void apiCallTimeout_missingOrLong_warns() {
    builder().createTableIfMissing().build();
    DynamoDbClient slow =
        DynamoDb.builder()
            .overrideConfiguration(o -> o.apiCallTimeout(Duration.ofSeconds(6)))
            .build();
    DynamoDbClient none = DynamoDb.builder().overrideConfiguration(o -> {}).build();
    for (DynamoDbClient client : List.of(slow, none)) {
      assertThat(Told.onStandardError(() -> builder(client).build()))
          .contains("apiCallTimeout of at most 5 s");
    }
  }

  @Test
  void unreachable_isATypedError() {
    DynamoDbClient nowhere =
        DynamoDb.builder(URI.create("http://127.0.0.1:" + DynamoDb.freePort()))
            .overrideConfiguration(o -> o.apiCallTimeout(Duration.ofMillis(300)))
            .build();
    assertThatThrownBy(builder(nowhere)::build).isInstanceOf(KeyStoreException.class);
    assertThatThrownBy(builder(nowhere).createTableIfMissing()::build)
        .isInstanceOf(KeyStoreException.class);
  }

  @Test
  void readFirst_isAnAbilityOfThatStoreAlone() {
    assertThat(builder().createTableIfMissing().build()).isNotInstanceOf(ReadFirst.class);
    assertThat(builder().readFirst().build()).isInstanceOf(ReadFirst.class);
  }

  @Test
  void settings_outOfRange_areMisuse() {
    List<Consumer<DynamoDbKeyStore.Builder>> wrong =
        List.of(
            b -> b.table("ab").build(),
            b -> b.table("a b c").build(),
            b -> b.keyAttribute("").build(),
            b -> b.keyAttribute("head").build(),
            b -> b.keyAttribute("x".repeat(256)).build(),
            b -> b.keyAttribute("expire_at_s").build(),
            b -> b.ttlAttribute("guard").build(),
            b -> b.ttlAttribute("").build(),
            b -> b.ttlAttribute("x".repeat(256)).build(),
            b -> b.ttlAttribute("läuft_ab").build(),
            b -> b.ttlAttribute("lease-until.ms").build(),
            b -> b.keyPrefix("x".repeat(1985)).build(),
            b -> b.keyPrefix("\uD800").build(),
            b -> b.sortKey("pk", "R").build(),
            b -> b.sortKey("slots", "R").build(),
            b -> b.sortKey("expire_at_s", "R").build(),
            b -> b.sortKey("sk", "").build(),
            b -> b.sortKey("sk", "x".repeat(1025)).build(),
            b -> b.clockSkew(Duration.ofMillis(-1)),
            b -> b.clockSkew(Duration.ofMinutes(10).plusNanos(1)),
            b -> b.maximumSlot(0),
            b -> b.maximumSlot(DynamoDbKeyStore.Builder.LARGEST_SLOT + 1));
    for (int i = 0; i < wrong.size(); i++) {
      Consumer<DynamoDbKeyStore.Builder> each = wrong.get(i);
      assertThatThrownBy(() -> each.accept(builder()))
          .as("setting %d", i)
          .isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void maximumSlot_isHeld() {
    DynamoDbKeyStore store = builder().maximumSlot(1000).createTableIfMissing().build();
    Rows.done(store, 1000);
    assertThatThrownBy(() -> Rows.done(store, 1001))
        .isInstanceOf(io.idem4j.PayloadTooLargeException.class);
  }
}
