package io.idem4j.redis;

import static io.idem4j.redis.Hashes.assertNotApplied;
import static io.idem4j.redis.Hashes.done;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;

/** What {@code build()} asks the server, refuses and warns of. */
@StoreUnderTest("Redis")
@Timeout(60)
final class StartUpTest {
  private static final String EVICTION = "maxmemory-policy is not noeviction";
  private static final String DURABILITY = "has no append-only file";

  /** A server whose settings these tests change. */
  private static HostAndPort own;

  private RedisClient client;

  @BeforeAll
  static void start() {
    own = Redis.start(List.of("dir " + System.getProperty("java.io.tmpdir")));
  }

  @BeforeEach
  void open() {
    client = Redis.client(own);
  }

  @AfterEach
  void close() {
    client.configSet("maxmemory-policy", "noeviction");
    client.configSet("appendonly", "no");
    client.configSet("maxmemory", "0");
    client.close();
  }

  private String logged() {
    return Told.onStandardError(() -> RedisKeyStore.builder(client).build());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-ttl"})
  void stores_3_4_8_policyThatEvicts_isWarnedOf(String policy) {
    client.configSet("maxmemory-policy", policy);
    assertThat(logged()).containsOnlyOnce(EVICTION);
  }

  @Test
  void stores_3_4_8_noEviction_isNotWarnedOf() {
    assertThat(logged()).doesNotContain(EVICTION);
  }

  @Test
  void withoutAppendOnlyFile_isWarnedOf_andWithOneNot() {
    assertThat(logged()).containsOnlyOnce(DURABILITY);
    client.configSet("appendonly", "yes");
    assertThat(logged()).isEmpty();
  }

  @Test
  void infoAndConfigRefused_areTolerated() {
    Redis.allow("blind", "+@all", "-info", "-config");
    try (RedisClient blind = Redis.client("blind")) {
      assertThat(Told.onStandardError(() -> done(RedisKeyStore.builder(blind).build())))
          .as("nothing is known, so nothing is warned of")
          .isEmpty();
    }
  }

  @Test
  void onlyTheNamedCommands_areEnough() {
    String[] rules = {
      "-@all",
      "+hello",
      "+eval",
      "+evalsha",
      "+time",
      "+exists",
      "+hmget",
      "+hset",
      "+hdel",
      "+pexpireat",
      "resetkeys",
      "~idem4j:*"
    };
    Redis.allow("least", rules);
    try (RedisClient least = Redis.client("least")) {
      RedisKeyStore store = RedisKeyStore.builder(least).build();
      KeyRecord done = done(store);
      assertThat(store.find(done.keyId())).isPresent();
    }
    for (String needed : List.of("eval", "evalsha", "time", "hmget", "hset", "pexpireat")) {
      Redis.allow("less", String.join(" ", rules).replace(" +" + needed + " ", " ").split(" "));
      try (RedisClient less = Redis.client("less");
          RedisClient all = Redis.client()) {
        all.scriptFlush();
        assertNotApplied(Reason.MISCONFIGURED, () -> RedisKeyStore.builder(less).build());
      }
    }
  }

  @Test
  void hdelRefused_isAnErrorWhereAReplicaCouldAnswer() {
    Redis.allow("unsure", "+@all", "-hdel");
    try (RedisClient unsure = Redis.client("unsure")) {
      assertNotApplied(Reason.MISCONFIGURED, () -> RedisKeyStore.builder(unsure).build());
    }
  }

  @Test
  void otherKeys_areRefusedByAccessRules() {
    Redis.allow("elsewhere", "+@all", "resetkeys", "~other:*");
    try (RedisClient elsewhere = Redis.client("elsewhere")) {
      assertNotApplied(Reason.MISCONFIGURED, () -> RedisKeyStore.builder(elsewhere).build());
      done(RedisKeyStore.builder(elsewhere).keyPrefix("other:").build());
    }
  }

  @Test
  void wrongPassword_isMisconfigured() {
    try (RedisClient client = Redis.client("nobody")) {
      assertNotApplied(Reason.MISCONFIGURED, () -> RedisKeyStore.builder(client).build());
    }
  }

  @Test
  void fullServer_isSaid() {
    client.configSet("maxmemory", "1");
    assertNotApplied(Reason.FULL, () -> RedisKeyStore.builder(client).build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"redis_version:4.0.14", "redis_version:2.8.19"})
  void oldServer_isRefused(String version) {
    try (ScriptedServer server = ScriptedServer.relay(own);
        RedisClient old = Redis.client(server.address())) {
      server.filter(reply -> withInfo(reply, version + "\r\n"));
      assertNotApplied(Reason.MISCONFIGURED, () -> RedisKeyStore.builder(old).build());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "redis_version:5.0.0\r\n",
        "redis_version:99999999999.1\r\n",
        "redis_version:255.255.255\r\n",
        "x:y\r\n"
      })
  void otherAnswers_areTaken(String info) {
    try (ScriptedServer server = ScriptedServer.relay(own);
        RedisClient strange = Redis.client(server.address())) {
      server.filter(reply -> withInfo(reply, info));
      done(RedisKeyStore.builder(strange).build());
    }
  }

  private static byte[] withInfo(byte[] reply, String info) {
    boolean isInfo = new String(reply, US_ASCII).contains("redis_version:");
    return isInfo ? ("$" + info.length() + "\r\n" + info + "\r\n").getBytes(US_ASCII) : reply;
  }

  @Test
  void startUp_leavesNoKey() {
    long before = client.dbSize();
    RedisKeyStore.builder(client).build();
    assertThat(client.dbSize()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{x}", "a{", "a}", "a b", "a\n", "é", "a*", "a?", "[a]", "a\\"})
  void keyPrefix_outOfItsRange_isRefused(String prefix) {
    assertThatThrownBy(() -> RedisKeyStore.builder(client).keyPrefix(prefix))
        .isInstanceOf(MisuseException.class);
  }

  @Test
  void keyPrefix_beginsEveryKey() {
    String prefix = "Shop_1.idem/a-b:";
    KeyRecord done = done(RedisKeyStore.builder(client).keyPrefix(prefix).build());
    String hex = HexFormat.of().formatHex(done.keyId().bytes());
    assertThat(client.exists(prefix + hex)).isTrue();
    assertThat(RedisKeyStore.builder(client).build().find(done.keyId())).isEmpty();
    assertThatThrownBy(() -> RedisKeyStore.builder(client).keyPrefix("a".repeat(65)))
        .isInstanceOf(MisuseException.class);
    RedisKeyStore.builder(client).keyPrefix("a".repeat(64)).build();
  }

  @Test
  void graceAndMaximumSlot_outOfTheirRanges_areRefused() {
    RedisKeyStore.Builder builder = RedisKeyStore.builder(client);
    for (Duration each : List.of(Duration.ofMillis(-1), Duration.ofDays(7).plusMillis(1))) {
      assertThatThrownBy(() -> builder.grace(each)).isInstanceOf(MisuseException.class);
    }
    for (int each : new int[] {0, -1, RedisKeyStore.Builder.LARGEST_SLOT + 1}) {
      assertThatThrownBy(() -> builder.maximumSlot(each)).isInstanceOf(MisuseException.class);
    }
    builder.grace(Duration.ZERO).grace(Duration.ofDays(7));
    builder.maximumSlot(1).maximumSlot(RedisKeyStore.Builder.LARGEST_SLOT);
  }

  @Test
  void maximumSlot_isForPayloadAndCheckpointEach() {
    RedisKeyStore store = RedisKeyStore.builder(client).maximumSlot(10).build();
    KeyRecord fits =
        Samples.completed(Samples.keyId(), Samples.stamp())
            .slots(Slots.of(new byte[10], new byte[10]))
            .build();
    for (Slots each : List.of(Slots.of(new byte[11], null), Slots.of(new byte[1], new byte[11]))) {
      KeyRecord large = fits.toBuilder().slots(each).build();
      assertThatThrownBy(() -> store.compareAndSet(large.keyId(), Stamp.ABSENT, large))
          .isInstanceOf(PayloadTooLargeException.class);
    }
    Hashes.apply(store, Stamp.ABSENT, fits);
  }
}
