package io.idem4j.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.KeyId;
import io.idem4j.Lease;
import io.idem4j.LeaseLostException;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.util.Pool;

/**
 * A primary and a replica: the replica is stopped and loses its link, the primary is killed, and
 * the replica is promoted without what it never got (stores.md 3.4.7).
 *
 * <p>A held lock is granted a second time then: that is a limitation, told in the README and at
 * {@link RedisKeyStore}, and shown here by the history checker. What still holds is shown too: the
 * stale holder cannot record its answer, and a resource that checks the fence refuses the stale
 * holder's late effect. The fence does not undo an effect that the first holder had made before the
 * failover: against that one helps only a resource that knows the key, as by {@code derivedKey}.
 *
 * <p>A store that waits for a replica answers UNKNOWN instead while none acknowledges, and the
 * operation is not run.
 */
@StoreUnderTest("Redis")
class RedisReplicationServerFaultsTest {
  private static final Duration WAIT = Duration.ofMillis(200);

  /** Claims that stay unresolved are given up soon. */
  private static final OperationPolicy IMPATIENT =
      OperationPolicy.rerun()
          .withLease(Duration.ofMinutes(10))
          .withStoreDeadline(Duration.ofMillis(600));

  private static final OperationPolicy PATIENT =
      OperationPolicy.rerun().withLease(Duration.ofMinutes(10));

  private static final int POOL = 8;

  private final Callers callers = new Callers();
  private RedisProcess primary;
  private RedisProcess replica;

  /** What the operation works on, outside of Redis. */
  private static final class Ledger {
    private final boolean checksFence;
    private final boolean checksKey;
    private final Set<String> keys = new HashSet<>();
    private long highest = -1;
    private int effects;

    Ledger(boolean checksFence, boolean checksKey) {
      this.checksFence = checksFence;
      this.checksKey = checksKey;
    }

    /** Books once; says whether it did. */
    boolean book(Lease<String> holder) {
      long fence = holder.context().fence();
      if (checksFence && fence < highest) {
        return false;
      }
      highest = Math.max(highest, fence);
      if (checksKey && !keys.add(holder.context().derivedKey("book"))) {
        return false;
      }
      effects++;
      return true;
    }
  }

  /** A store whose client is led to another server after a failover. */
  private static final class Following implements KeyStore {
    private volatile KeyStore now;

    Following(KeyStore first) {
      now = first;
    }

    void follow(KeyStore next) {
      now = next;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return now.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return now.find(id);
    }
  }

  @BeforeEach
  void startServers() {
    primary = RedisServers.standalone();
    replica = RedisServers.replicaOf(primary);
  }

  @AfterEach
  void endServers() {
    primary.close();
    replica.close();
  }

  private static RedisKeyStore store(RedisProcess server) {
    return RedisKeyStore.builder(server.client()).build();
  }

  private static RedisKeyStore acknowledgedStore(RedisProcess server) {
    return RedisKeyStore.builder(server.client()).acknowledgedBy(1, WAIT).build();
  }

  /** From now on the replica gets nothing, and does not know it. */
  private void cutOffReplica() {
    replica.pause();
    primary.ask(jedis -> jedis.clientKill(new ClientKillParams().type(ClientType.REPLICA)));
  }

  /** The primary is lost, and the replica takes its place with what it has. */
  private void failOver() {
    primary.kill();
    replica.resume();
    replica.ask(jedis -> jedis.replicaofNoOne());
  }

  @Test
  void stores_3_4_7_replicaPromotedWhileALockIsHeld_isGrantedTwice() {
    Following line = new Following(store(primary));
    Operation<String> first = callers.through(line);
    cutOffReplica();
    Lease<String> stale = Callers.claim(first, "order");
    failOver();
    line.follow(store(replica));
    Lease<String> newer = Callers.claim(callers.through(store(replica)), "order");

    callers.requireDoubleGrantShown();
    assertThatThrownBy(() -> stale.complete("of the stale holder"))
        .isInstanceOf(LeaseLostException.class);
    assertThat(newer.complete("of the newer holder"))
        .isEqualTo(new Outcome.Executed<>("of the newer holder", true));
    assertThat(callers.call(first, "order").orElseThrow()).isEqualTo("of the newer holder");
  }

  @Test
  void stores_3_4_7_replicaPromotedWhileALockIsHeld_fenceRefusesTheStaleHoldersLateEffect() {
    Ledger bare = new Ledger(false, false);
    Ledger fenced = new Ledger(true, false);
    cutOffReplica();
    Lease<String> stale = Callers.claim(callers.through(store(primary)), "order");
    failOver();
    Lease<String> newer = Callers.claim(callers.through(store(replica)), "order");
    callers.requireDoubleGrantShown();

    assertThat(newer.context().fence()).isGreaterThan(stale.context().fence());
    assertThat(fenced.book(newer)).isTrue();
    assertThat(fenced.book(stale)).isFalse();
    assertThat(fenced.effects).isEqualTo(1);
    assertThat(bare.book(newer) && bare.book(stale)).isTrue();
    assertThat(bare.effects).isEqualTo(2);
  }

  @Test
  void stores_3_4_7_effectBeforeTheFailover_isRepeatedUnlessTheResourceKnowsTheKey() {
    Ledger fenced = new Ledger(true, false);
    Ledger keyed = new Ledger(false, true);
    cutOffReplica();
    Lease<String> first = Callers.claim(callers.through(store(primary)), "order");
    assertThat(fenced.book(first) && keyed.book(first)).isTrue();
    failOver();
    Lease<String> second = Callers.claim(callers.through(store(replica)), "order");

    assertThat(fenced.book(second)).isTrue();
    assertThat(fenced.effects).as("effects where only the fence is checked").isEqualTo(2);
    assertThat(keyed.book(second)).isFalse();
    assertThat(keyed.effects).isEqualTo(1);
  }

  @Test
  void stores_3_4_7_recordedAnswerLostByAFailover_operationRunsAgain() {
    Operation<String> first = callers.through(store(primary));
    cutOffReplica();
    assertThat(callers.call(first, "order")).isInstanceOf(Outcome.Executed.class);
    failOver();
    assertThat(callers.call(callers.through(store(replica)), "order"))
        .isInstanceOf(Outcome.Executed.class);
    assertThat(callers.effects("order")).isEqualTo(2);
    callers.requireDoubleGrantShown();
  }

  @Test
  void stores_3_4_7_acknowledged_replicaCutOff_operationIsNotRun() {
    Following line = new Following(acknowledgedStore(primary));
    Operation<String> first = callers.through(line, IMPATIENT);
    cutOffReplica();
    Hashes.assertUnknown(() -> callers.call(first, "order"));
    assertThat(callers.effects("order")).isZero();

    failOver();
    line.follow(store(replica));
    assertThat(callers.call(callers.through(store(replica)), "order"))
        .isInstanceOf(Outcome.Executed.class);
    callers.requireNothingWrong(store(replica));
  }

  @Test
  void stores_3_4_7_acknowledged_replicaGoesOn_claimIsSettledByItsOwnStampAndSurvives() {
    Operation<String> first = callers.through(acknowledgedStore(primary), PATIENT);
    replica.pause();
    CompletableFuture<Outcome<String>> running =
        CompletableFuture.supplyAsync(() -> callers.call(first, "order"));
    RedisServers.await("a repeated claim without an answer", () -> callers.unanswered() >= 2);
    assertThat(callers.effects("order")).isZero();
    replica.resume();
    assertThat(running.join()).isEqualTo(new Outcome.Executed<>("effect 1 of order", true));
    assertThat(callers.recorder().history().calls())
        .as("a refusal by the claim's own stamp")
        .anyMatch(
            call ->
                call.answer() == History.Answer.REFUSED
                    && call.seen().orElseThrow().stamp().equals(call.next().orElseThrow().stamp()));

    failOver();
    assertThat(callers.call(callers.through(store(replica)), "order").orElseThrow())
        .isEqualTo("effect 1 of order");
    callers.requireNothingWrong(store(replica));
  }

  @Test
  void stores_3_4_7_acknowledged_replicaStopsDuringTheOperation_answerIsNotKnownToBeRecorded() {
    Operation<String> first = callers.through(acknowledgedStore(primary), IMPATIENT);
    Outcome<String> outcome = callers.call(first, "order", () -> replica.pause());
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("effect 1 of order", false));
    replica.resume();
    // The completion is sent again in the background.
    callers.awaitBackground();
    failOver();
    assertThat(callers.call(callers.through(store(replica)), "order").orElseThrow())
        .isEqualTo("effect 1 of order");
    callers.requireNothingWrong(store(replica));
  }

  /**
   * The pool gives out the connection that rested longest, so each command that is sent by itself
   * goes over another one. One that has written nothing since the replica stopped is told by WAIT
   * that all is well.
   */
  @Test
  void stores_3_4_15_replicaFrozen_poolOfEight_noWriteAndNoRepetitionCounts() {
    try (RedisClient client = primary.client(5_000, fifo())) {
      KeyStore store =
          RedisKeyStore.builder(client).acknowledgedBy(1, Duration.ofMillis(50)).build();
      fill(client.getPool());
      requireOnlyAcknowledgedWritesCount(store, Hashes::claim, replica);
    }
  }

  /** Returns the settings of a pool of eight that gives out the connection that rested longest. */
  static ConnectionPoolConfig fifo() {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(POOL);
    pool.setMaxIdle(POOL);
    pool.setLifo(false);
    return pool;
  }

  /** Opens all eight connections of a pool. */
  static void fill(Pool<Connection> pool) {
    pool.addObjects(POOL - pool.getNumIdle());
    assertThat(pool.getNumIdle()).isEqualTo(POOL);
  }

  /**
   * Writes over each connection, then stops the replica, writes again and repeats each write, all
   * of which must end as unknown, and lets the replica go on, after which each was applied.
   */
  static void requireOnlyAcknowledgedWritesCount(
      KeyStore store, Supplier<KeyRecord> newClaim, RedisProcess replica) {
    for (int i = 0; i < POOL; i++) {
      assertThat(write(store, newClaim.get())).isEqualTo(CasResult.APPLIED);
    }
    List<KeyRecord> claims = Stream.generate(newClaim).limit(POOL).toList();
    replica.pause();
    for (KeyRecord claim : claims) {
      Hashes.assertUnknown(() -> write(store, claim));
      Hashes.assertUnknown(() -> write(store, claim));
    }
    replica.resume();
    for (KeyRecord claim : claims) {
      RedisServers.await("an acknowledged repetition", () -> isAcknowledged(store, claim));
      assertThat(Hashes.refuse(store, Stamp.ABSENT, claim).stamp()).isEqualTo(claim.stamp());
    }
  }

  private static boolean isAcknowledged(KeyStore store, KeyRecord claim) {
    return catchThrowable(() -> write(store, claim)) == null;
  }

  private static CasResult write(KeyStore store, KeyRecord claim) {
    return store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
  }
}
