package io.idem4j.redis;

import static io.idem4j.redis.Hashes.apply;
import static io.idem4j.redis.Hashes.assertNotApplied;
import static io.idem4j.redis.Hashes.assertUnknown;
import static io.idem4j.redis.Hashes.claim;
import static io.idem4j.redis.Hashes.done;
import static io.idem4j.redis.Hashes.refuse;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.providers.PooledConnectionProvider;

/** stores.md 3.4.2 to 3.4.4, S7 and S12: what becomes of a call whose connection fails. */
@StoreUnderTest("Redis")
@Timeout(60)
final class ConnectionsTest {
  private static final byte[] CUT = null;

  private final ScriptedServer server = ScriptedServer.relay(Redis.address());

  /** One connection: what a call leaves on it meets the next. */
  private final RedisClient client = Redis.client(server.address(), 1, Duration.ofSeconds(1));

  private final RedisKeyStore store = RedisKeyStore.builder(client).build();
  private RedisClient direct;
  private RedisKeyStore healthy;

  @BeforeEach
  void open() {
    direct = Redis.client();
    healthy = RedisKeyStore.builder(direct).build();
  }

  @AfterEach
  void close() {
    client.close();
    direct.close();
    server.close();
  }

  @Test
  void stores_3_4_2_replyLost_isUnknownAndTheRepetitionMeetsItsOwnStamp() {
    KeyRecord claim = claim();
    server.filter(reply -> CUT);
    assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    server.filter(reply -> reply);
    assertThat(refuse(store, Stamp.ABSENT, claim).stamp()).isEqualTo(claim.stamp());
  }

  @Test
  void stores_3_4_2_slowServer_isUnknownAndTheRepetitionMeetsItsOwnStamp() throws Exception {
    KeyRecord claim = claim();
    CountDownLatch late = new CountDownLatch(1);
    server.filter(
        reply -> {
          await(late);
          return reply;
        });
    assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    server.filter(reply -> reply);
    late.countDown();
    assertThat(refuse(store, Stamp.ABSENT, claim).stamp()).isEqualTo(claim.stamp());
  }

  @Test
  void stores_3_4_3_clientThatRepeats_isRefusedByItsOwnStamp() {
    try (UnifiedJedis repeating = repeating()) {
      RedisKeyStore store = RedisKeyStore.builder(repeating).build();
      AtomicInteger replies = new AtomicInteger();
      server.filter(reply -> replies.incrementAndGet() == 1 ? CUT : reply);
      KeyRecord claim = claim();
      assertThat(refuse(store, Stamp.ABSENT, claim).stamp()).isEqualTo(claim.stamp());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-READONLY You can't write against a read only replica.\r\n"
      })
  void stores_3_4_3_errorToTheSecondCopy_provesNothingOfTheFirst(String error) {
    try (UnifiedJedis repeating = repeating()) {
      RedisKeyStore store = RedisKeyStore.builder(repeating).build();
      AtomicInteger replies = new AtomicInteger();
      server.filter(reply -> secondIs(replies, reply, error));
      KeyRecord claim = claim();
      assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
      assertThat(healthy.find(claim.keyId())).as("the first copy was applied").isPresent();
    }
  }

  @Test
  void stores_3_4_3_noScriptToTheSecondCopy_stillProvesNothingOfTheFirst() {
    try (UnifiedJedis repeating = repeating()) {
      RedisKeyStore store = RedisKeyStore.builder(repeating).build();
      AtomicInteger replies = new AtomicInteger();
      server.filter(
          reply ->
              switch (replies.incrementAndGet()) {
                case 1 -> CUT;
                case 2 ->
                    isLogin(reply) ? again(replies, reply) : "-NOSCRIPT no\r\n".getBytes(US_ASCII);
                default -> isLogin(reply) ? reply : "-OOM no\r\n".getBytes(US_ASCII);
              });
      KeyRecord claim = claim();
      assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    }
  }

  @Test
  void errorToTheOnlyCopy_isADefiniteNo() {
    server.filter(reply -> "-OOM no\r\n".getBytes(US_ASCII));
    KeyRecord claim = claim();
    assertNotApplied(Reason.FULL, () -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
  }

  /** A client that sends a command up to three times, each time on a fresh connection. */
  @SuppressWarnings("deprecation") // RedisClient cannot be told to repeat
  private UnifiedJedis repeating() {
    return new UnifiedJedis(
        new PooledConnectionProvider(server.address()), 3, Duration.ofSeconds(1));
  }

  private static byte[] secondIs(AtomicInteger replies, byte[] reply, String error) {
    if (replies.get() == 0) {
      replies.set(1);
      return CUT;
    }
    return isLogin(reply) ? reply : error.getBytes(US_ASCII);
  }

  private static byte[] again(AtomicInteger replies, byte[] reply) {
    replies.decrementAndGet();
    return reply;
  }

  /** Says whether these are replies to what a client sends on a fresh connection. */
  private static boolean isLogin(byte[] reply) {
    String text = new String(reply, US_ASCII);
    return text.startsWith("%") || text.contains("SETINFO");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void stores_3_4_4_replyCutInHalf_isNotReadByTheNextCall(boolean connectionStaysOpen) {
    KeyRecord done = done(healthy);
    KeyRecord other = done(healthy);
    byte[][] rest = new byte[1][];
    AtomicInteger replies = new AtomicInteger();
    server.filter(
        reply -> {
          if (replies.incrementAndGet() == 1) {
            rest[0] = Arrays.copyOfRange(reply, reply.length / 2, reply.length);
            return Arrays.copyOf(reply, reply.length / 2);
          }
          return connectionStaysOpen ? reply : CUT;
        });
    assertUnknown(() -> store.find(done.keyId()));
    assertThat(rest[0]).isNotEmpty();
    server.filter(reply -> reply);
    for (int i = 0; i < 5; i++) {
      assertThat(store.find(other.keyId()).orElseThrow().stamp()).isEqualTo(other.stamp());
      assertThat(store.find(Samples.keyId())).isEmpty();
      assertThat(store.find(done.keyId()).orElseThrow().stamp()).isEqualTo(done.stamp());
    }
  }

  @Test
  void stores_3_4_4_replyThatIsLeftOver_isNotTakenForTheAnswer() throws Exception {
    KeyRecord done = done(healthy);
    // The whole reply twice: as if an earlier call had left without reading its own.
    server.filter(ConnectionsTest::twice);
    assertThat(store.find(done.keyId())).isPresent();
    server.filter(reply -> reply);
    KeyRecord claim = claim();
    assertUnknown(() -> store.find(Samples.keyId()));
    assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    // It is applied all the same, though nobody has waited for that.
    while (healthy.find(claim.keyId()).isEmpty()) {
      Thread.sleep(5);
    }
  }

  @Test
  void stores_3_4_4_replyOfAnotherShape_isUnknown() {
    for (String reply : new String[] {":1\r\n", "$-1\r\n", "*1\r\n$2\r\nok\r\n", "+OK\r\n"}) {
      server.filter(old -> reply.getBytes(US_ASCII));
      KeyRecord claim = claim();
      assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
      assertUnknown(() -> store.find(claim.keyId()));
    }
    byte[] tag = {'1'};
    assertThat(ScriptReply.of(List.of(tag), tag)).isNull();
    assertThat(ScriptReply.of(List.of(tag, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L), tag)).isNull();
  }

  private static byte[] twice(byte[] reply) {
    byte[] both = Arrays.copyOf(reply, 2 * reply.length);
    System.arraycopy(reply, 0, both, reply.length, reply.length);
    return both;
  }

  @Test
  void noConnection_isADefiniteNo() {
    KeyRecord claim = claim();
    int port = Redis.freePort();
    RedisClient nowhere =
        Redis.client(new HostAndPort("127.0.0.1", port), 1, Duration.ofSeconds(1));
    ScriptCalls calls = new ScriptCalls(Transports.plain(nowhere));
    assertNotApplied(
        Reason.UNAVAILABLE,
        () -> calls.call("a read", Script.FIND, RedisSubject.key(claim.keyId()), List.of()));
    assertNotApplied(Reason.UNAVAILABLE, () -> RedisKeyStore.builder(nowhere).build());
  }

  @Test
  void poolExhausted_isADefiniteNo_andAnInterruptStaysVisible() {
    KeyRecord claim = claim();
    try (Connection taken = client.getPool().getResource()) {
      Thread.currentThread().interrupt();
      assertNotApplied(
          Reason.UNAVAILABLE, () -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
      assertThat(Thread.interrupted()).as("S12: the flag").isTrue();
      assertThat(taken.isBroken()).isFalse();
    }
    apply(store, Stamp.ABSENT, claim);
  }

  @Test
  void clientClosed_isADefiniteNo() {
    client.close();
    assertNotApplied(Reason.UNAVAILABLE, () -> store.find(Samples.keyId()));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
