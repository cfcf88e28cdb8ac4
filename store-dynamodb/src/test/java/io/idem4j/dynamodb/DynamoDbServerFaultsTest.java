package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.Codec;
import io.idem4j.Idempotency;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.dynamodb.FaultyHttp.Fault;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.StoreUnderTest;
import java.io.File;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * A service that throttles, fails and dies. DynamoDB Local does neither of the first two by itself
 * (stores.md 3.5.13), so its answers are replaced below the SDK's retries.
 */
@StoreUnderTest("DynamoDB")
final class DynamoDbServerFaultsTest {
  private static final String TABLE = DynamoDb.freshTable();
  private static final Duration START_PATIENCE = Duration.ofSeconds(60);

  private final FaultyHttp line = new FaultyHttp();

  @AfterEach
  void close() {
    line.close();
  }

  private DynamoDbClient withDefaultRetries() {
    return DynamoDb.builder().httpClient(line).build();
  }

  private DynamoDbClient withoutRetries() {
    return DynamoDb.builder()
        .httpClient(line)
        .overrideConfiguration(
            o ->
                o.apiCallTimeout(Duration.ofSeconds(5))
                    .retryStrategy(DefaultRetryStrategy.doNotRetry()))
        .build();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"THROTTLED", "ERROR", "UNAVAILABLE", "REQUEST_LOST"})
  void oneAttemptFails_theSdksRetryIsApplied(Fault fault) {
    try (DynamoDbClient client = withDefaultRetries()) {
      KeyStore store = Rows.store(client, TABLE);
      line.onWrites(fault);
      KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
      assertThat(line.attempts()).isEqualTo(2);
      line.onWrites(fault);
      Rows.apply(store, claim.stamp(), Rows.completed(claim));
      line.on(name -> name.equals("GetItem"), fault);
      assertThat(store.find(claim.keyId())).isPresent();
      assertThat(line.attempts()).isEqualTo(2);
    }
  }

  /** One attempt that was throttled proves that nothing was written. */
  @Test
  void throttledOnce_isNotAppliedAndTransient() {
    try (DynamoDbClient client = withoutRetries()) {
      KeyStore store = Rows.store(client, TABLE);
      line.onWrites().thenAlways(Fault.THROTTLED);
      KeyStoreException e = failing(store);
      assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
      assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE);
      assertThat(e.isTransient()).isTrue();
    }
  }

  /** The first attempt was applied; that the last one was throttled proves nothing. */
  @Test
  void appliedThenThrottledToTheEnd_isUnknown() {
    try (DynamoDbClient client =
        DynamoDb.builder()
            .httpClient(line)
            .overrideConfiguration(
                o ->
                    o.apiCallTimeout(Duration.ofSeconds(5))
                        .retryStrategy(
                            DefaultRetryStrategy.standardStrategyBuilder().maxAttempts(2).build()))
            .build()) {
      KeyStore store = Rows.store(client, TABLE);
      for (Fault first : new Fault[] {Fault.REPLY_DROPPED, Fault.ERROR_AFTER_APPLY}) {
        for (Fault last : new Fault[] {Fault.THROTTLED, Fault.DENIED}) {
          KeyRecord claim = Rows.claim();
          line.onWrites(first, last);
          assertThat(failing(store, Stamp.ABSENT, claim).certainty()).isEqualTo(Certainty.UNKNOWN);
          assertThat(line.attempts()).isEqualTo(2);
          assertThat(store.find(claim.keyId())).isPresent();
        }
      }
    }
  }

  /** Refused by its own first attempt, of which the read that is to tell fails for certain. */
  @Test
  void appliedThenRefusedWithoutItem_readFails_isUnknown() {
    try (DynamoDbClient client = withDefaultRetries()) {
      KeyStore store = Rows.store(client, TABLE);
      KeyRecord claim = Rows.claim();
      line.on(name -> true, Fault.REPLY_DROPPED, Fault.NO_ITEM, Fault.DENIED);
      assertThat(failing(store, Stamp.ABSENT, claim).certainty()).isEqualTo(Certainty.UNKNOWN);
      assertThat(line.attempts()).isEqualTo(3);
      assertThat(store.find(claim.keyId())).isPresent();
      line.on(name -> true, Fault.NO_ITEM, Fault.DENIED);
      assertThat(failing(store, Stamp.ABSENT, claim).certainty()).isEqualTo(Certainty.NOT_APPLIED);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"ERROR", "UNAVAILABLE", "REQUEST_LOST", "REPLY_DROPPED", "ERROR_AFTER_APPLY"})
  void oneAttemptFailsWithoutProof_isUnknown(Fault fault) {
    try (DynamoDbClient client = withoutRetries()) {
      KeyStore store = Rows.store(client, TABLE);
      line.onWrites(fault);
      assertThat(failing(store).certainty()).isEqualTo(Certainty.UNKNOWN);
    }
  }

  /** The SDK's own deadline comes before its ninth attempt; core's comes later, and settles it. */
  @Test
  void throttledForAWhile_theCallIsUnknown_andAnEngineRunsOnce() {
    AtomicInteger runs = new AtomicInteger();
    try (DynamoDbClient client =
            DynamoDb.builder()
                .httpClient(line)
                .overrideConfiguration(o -> o.apiCallTimeout(Duration.ofMillis(300)))
                .build();
        Idempotency idempotency = Idempotency.builder(Rows.store(client, TABLE)).build()) {
      Operation<String> operation =
          idempotency.operation("throttled", Codec.text(), OperationPolicy.rerun());
      line.onWrites(Fault.ERROR_AFTER_APPLY, Fault.THROTTLED, Fault.THROTTLED);
      String key = UUID.randomUUID().toString();
      assertThat(Rows.execute(operation, key, runs)).isInstanceOf(Outcome.Executed.class);
      line.onWrites();
      assertThat(Rows.execute(operation, key, runs)).isInstanceOf(Outcome.Replayed.class);
    }
    assertThat(runs).hasValue(1);
  }

  private static KeyStoreException failing(KeyStore store) {
    return failing(store, Stamp.ABSENT, Rows.claim());
  }

  private static KeyStoreException failing(KeyStore store, Stamp expected, KeyRecord next) {
    KeyStoreException e =
        catchThrowableOfType(
            KeyStoreException.class, () -> store.compareAndSet(next.keyId(), expected, next));
    assertThat(e).isNotNull();
    return e;
  }

  /** What was acknowledged is there after the server was killed; the same client goes on. */
  @Test
  void serverKilledAndRestarted_acknowledgedWritesAreThere(@TempDir Path directory)
      throws Exception {
    int port = DynamoDb.freePort();
    Process server = startServer(directory, port);
    try (DynamoDbClient client =
        DynamoDb.builder(URI.create("http://127.0.0.1:" + port))
            .overrideConfiguration(o -> o.apiCallTimeout(Duration.ofSeconds(2)))
            .build()) {
      awaitAnswer(client, server);
      KeyStore store = Rows.store(client, TABLE);
      KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
      KeyRecord done = Rows.done(store);
      server.destroyForcibly().waitFor();
      assertThat(failing(store, claim.stamp(), Rows.completed(claim)).certainty())
          .isEqualTo(Certainty.UNKNOWN);
      server = startServer(directory, port);
      awaitAnswer(client, server);
      assertThat(store.find(done.keyId()).orElseThrow().stamp().equals(done.stamp())).isTrue();
      KeyRecord other = Rows.duplicate(claim);
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, other))
          .isInstanceOf(CasResult.Refused.class);
      Rows.apply(store, claim.stamp(), Rows.completed(claim));
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  private static Process startServer(Path directory, int port) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            DynamoDb.class.getName(),
            Integer.toString(port),
            directory.toString())
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(new File(directory.toFile(), "server.txt"))
        .start();
  }

  private static void awaitAnswer(DynamoDbClient client, Process server) throws Exception {
    long start = System.nanoTime();
    while (true) {
      try {
        client.listTables();
        return;
      } catch (RuntimeException e) {
        assertThat(server.isAlive()).as("the server runs").isTrue();
        assertThat(System.nanoTime() - start).isLessThan(START_PATIENCE.toNanos());
        Thread.sleep(50);
      }
    }
  }
}
