package io.idem4j.redis;

import static io.idem4j.redis.Hashes.apply;
import static io.idem4j.redis.Hashes.assertNotApplied;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.RecordScanner.Page;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;

/** What a scan costs the server, what it leaves alone, and how it goes on. */
@StoreUnderTest("Redis")
final class RecordScanTest {
  /** More than a batch, so that one page is not all. */
  private static final int MANY = 3 * Keyspace.EXAMINED;

  /** A server that nobody else talks to. */
  private static HostAndPort own;

  private RedisClient client;
  private RedisKeyStore store;

  @BeforeEach
  void open() {
    if (own == null) {
      own = Redis.start(List.of());
    }
    client = Redis.client(own);
    client.flushAll();
    store = RedisKeyStore.builder(client).build();
  }

  @AfterEach
  void close() {
    client.close();
  }

  private static KeyRecord doubt(KeyStore store) {
    KeyRecord doubt =
        Samples.locked(Samples.keyId(), Samples.stamp()).state(KeyState.FAILED_IN_DOUBT).build();
    apply(store, Stamp.ABSENT, doubt);
    return doubt;
  }

  private static List<KeyRecord> doubts(KeyStore store, int count) {
    return IntStream.range(0, count).mapToObj(i -> doubt(store)).toList();
  }

  private static List<KeyId> ids(List<KeyRecord> records) {
    return records.stream().map(KeyRecord::keyId).toList();
  }

  /** Returns what a scan finds from a place on, as often as it finds it. */
  private static List<KeyId> rest(RecordScanner store, int limit, Optional<String> from) {
    List<KeyId> found = new ArrayList<>();
    Optional<String> next = from;
    do {
      Page page = store.scan(Kind.IN_DOUBT, limit, next);
      page.records().forEach(each -> found.add(each.keyId()));
      next = page.next();
    } while (next.isPresent());
    return found;
  }

  private static List<KeyId> all(RecordScanner store, int limit) {
    return rest(store, limit, Optional.empty());
  }

  private long calls(String command) {
    return stat("commandstats", "cmdstat_" + command + ":calls=([0-9]+),.*");
  }

  private long stat(String section, String regex) {
    return client
        .info(section)
        .lines()
        .filter(line -> line.matches(regex))
        .mapToLong(line -> Long.parseLong(line.replaceFirst(regex, "$1")))
        .findFirst()
        .orElse(0);
  }

  /** 50 answers of 100 KiB stay where they are: what leaves the server is names and verdicts. */
  @Test
  void otherRecords_areSkippedOnTheServer() {
    for (int i = 0; i < 50; i++) {
      KeyRecord done =
          Samples.completed(Samples.keyId(), Samples.stamp())
              .slots(Slots.of(Samples.bytes(100 << 10), null))
              .build();
      apply(store, Stamp.ABSENT, done);
    }
    KeyRecord doubt = doubt(store);
    all(store, 10);
    long before = stat("stats", "total_net_output_bytes:([0-9]+)");
    assertThat(all(store, 10)).containsExactly(doubt.keyId());
    assertThat(stat("stats", "total_net_output_bytes:([0-9]+)") - before).isLessThan(50_000);
  }

  @Test
  void page_isOneScanOfABoundedNumberOfKeys_andMayBeEmpty() {
    for (int i = 0; i < MANY; i++) {
      client.set("of somebody else:" + i, "");
    }
    KeyRecord doubt = doubt(store);
    Redis.run(client, Command.CONFIG, "RESETSTAT");
    int empty = 0;
    int pages = 0;
    List<KeyId> found = new ArrayList<>();
    Optional<String> next = Optional.empty();
    do {
      Page page = store.scan(Kind.IN_DOUBT, 1_000, next);
      page.records().forEach(each -> found.add(each.keyId()));
      next = page.next();
      empty += page.records().isEmpty() ? 1 : 0;
      pages++;
      assertThat(calls("scan")).isEqualTo(pages);
    } while (next.isPresent());
    assertThat(found).containsExactly(doubt.keyId());
    // A batch ends with the bucket in which it has as many as it should.
    assertThat(pages).isBetween(MANY / (2 * Keyspace.EXAMINED), MANY / Keyspace.EXAMINED + 1);
    assertThat(empty).isEqualTo(pages - 1);
    // A probe for each page, a look at the one record that there is, and its read.
    assertThat(calls("evalsha") + calls("eval")).isLessThanOrEqualTo(pages + 3L);
  }

  @Test
  void smallPages_readABatchOnce() {
    List<KeyRecord> doubts = doubts(store, 20);
    Redis.run(client, Command.CONFIG, "RESETSTAT");
    assertThat(all(store, 1)).containsExactlyInAnyOrderElementsOf(ids(doubts));
    assertThat(calls("scan")).isEqualTo(1);
    assertThat(calls("evalsha") + calls("eval")).isLessThanOrEqualTo(1 + 20 + 20 + 2L);
  }

  @Test
  void stores_3_4_11_scriptFlush_betweenPages_isNotNoticed() {
    List<KeyRecord> doubts = doubts(store, MANY);
    Set<KeyId> found = new HashSet<>();
    Optional<String> next = Optional.empty();
    do {
      client.scriptFlush();
      Page page = store.scan(Kind.IN_DOUBT, 1_000, next);
      page.records().forEach(each -> found.add(each.keyId()));
      next = page.next();
    } while (next.isPresent());
    assertThat(found).containsExactlyInAnyOrderElementsOf(ids(doubts));
  }

  /** Another process spreads its keys in another order, so that the cursor means nothing to it. */
  @Test
  void serverRestarted_betweenPages_isScannedFromTheBeginning() {
    // What a process wrote to its file survives the process, synchronised or not.
    RedisProcess server = RedisServers.standalone("appendonly yes", "appendfsync no");
    RedisClient restarting = server.client();
    try {
      RedisKeyStore kept = RedisKeyStore.builder(restarting).build();
      List<KeyRecord> doubts = doubts(kept, MANY);
      Page first = kept.scan(Kind.IN_DOUBT, 1_000, Optional.empty());
      server.kill();
      server.start();
      // A connection of the old process may be in the pool.
      Hashes.failing(() -> kept.find(Samples.keyId()));
      Set<KeyId> found = new HashSet<>(rest(kept, 1_000, first.next()));
      assertThat(found).containsExactlyInAnyOrderElementsOf(ids(doubts));
    } finally {
      restarting.close();
      server.close();
    }
  }

  /** S1: what it names may be old, also where it names nothing. */
  @Test
  void replica_isNoAuthority() {
    try (RedisClient there = Redis.client(Redis.start(List.of()))) {
      RedisKeyStore demoted = RedisKeyStore.builder(there).build();
      Redis.run(there, Command.REPLICAOF, own.getHost(), Integer.toString(own.getPort()));
      assertNotApplied(Reason.READ_ONLY, () -> demoted.scan(Kind.IN_DOUBT, 1, Optional.empty()));
      Redis.run(there, Command.REPLICAOF, "NO", "ONE");
      assertThat(all(demoted, 1)).isEmpty();
    }
  }

  @Test
  void damagedForeignAndOtherFormats_areLeftOut_theDamagedLogged() {
    KeyRecord sound = doubt(store);
    List<KeyRecord> broken = new ArrayList<>(doubts(store, 2));
    KeyRecord done = Samples.completed(Samples.keyId(), Samples.stamp()).build();
    apply(store, Stamp.ABSENT, done);
    broken.add(done);
    byte[] head = "head".getBytes(US_ASCII);
    client.hdel(RedisSubject.key(broken.get(0).keyId()), "ends_sum".getBytes(US_ASCII));
    client.del(RedisSubject.key(broken.get(1).keyId()));
    client.set(RedisSubject.key(broken.get(1).keyId()), new byte[] {1});
    byte[] altered = client.hget(RedisSubject.key(done.keyId()), head);
    altered[50] = (byte) KeyState.FAILED_IN_DOUBT.code();
    client.hset(RedisSubject.key(done.keyId()), head, altered);
    KeyRecord later = doubt(store);
    byte[] next = client.hget(RedisSubject.key(later.keyId()), head);
    next[1] = 2;
    client.hset(RedisSubject.key(later.keyId()), head, next);
    client.set("idem4j:" + "x".repeat(64), "foreign");
    String logged =
        Told.onStandardError(() -> assertThat(all(store, 10)).containsExactly(sound.keyId()));
    assertThat(logged.lines().filter(line -> line.contains("leaves out"))).hasSize(3);
    broken.forEach(each -> assertThat(logged).contains(each.keyId().shortDigest()));
  }

  @Test
  void accessRules_scanAndPingAreNeeded_infoIsNot() {
    KeyRecord doubt = doubt(RedisKeyStore.builder(client).build());
    try (RedisClient shared = Redis.client()) {
      RedisKeyStore there = RedisKeyStore.builder(shared).keyPrefix("scan-acl:").build();
      KeyRecord other = doubt(there);
      Redis.allow("scanner", "+@all", "-info");
      try (RedisClient scanner = Redis.client("scanner")) {
        RedisKeyStore allowed = RedisKeyStore.builder(scanner).keyPrefix("scan-acl:").build();
        assertThat(all(allowed, 5)).contains(other.keyId()).doesNotContain(doubt.keyId());
      }
      for (String needed : List.of("-scan", "-ping")) {
        Redis.allow("blinded", "+@all", needed);
        try (RedisClient blinded = Redis.client("blinded")) {
          RedisKeyStore refused = RedisKeyStore.builder(blinded).build();
          assertNotApplied(
              Reason.MISCONFIGURED, () -> refused.scan(Kind.IN_DOUBT, 1, Optional.empty()));
        }
      }
    }
  }

  @Test
  void clientWithoutPipelines_isMisuse() {
    try (Connection connection = new Connection(own)) {
      RedisKeyStore single = RedisKeyStore.builder(new SingleConnection(connection)).build();
      assertThatThrownBy(() -> single.scan(Kind.IN_DOUBT, 1, Optional.empty()))
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("RedisClusterClient");
    }
  }

  private static final class SingleConnection extends UnifiedJedis {
    @SuppressWarnings("deprecation") // no other client refuses pipelines
    SingleConnection(Connection connection) {
      super(connection);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1:IN_DOUBT::0::",
        "1:IN_DOUBT::0:::!",
        "1:IN_DOUBT::0:::YQ",
        "1:IN_DOUBT::x:::",
        "1:IN_DOUBT:X:0:::",
        "1:IN_DOUBT::0:!::",
        "1:ABANDONED::0:::",
        "2:IN_DOUBT::0:::"
      })
  void place_thatTheStoreNeverGaveOut_isMisuse(String place) {
    assertThatThrownBy(() -> store.scan(Kind.IN_DOUBT, 1, Optional.of(place)))
        .isInstanceOf(MisuseException.class);
    store.scan(Kind.IN_DOUBT, 1, Optional.of("1:IN_DOUBT::0:::"));
  }

  @Test
  void abandoned_isByTheServersClock() {
    KeyRecord lapsed =
        Samples.locked(Samples.keyId(), Samples.stamp()).lease(Duration.ZERO).build();
    KeyRecord held = Hashes.claim();
    apply(store, Stamp.ABSENT, lapsed);
    apply(store, Stamp.ABSENT, held);
    Page page = store.scan(Kind.ABANDONED, 10, Optional.empty());
    assertThat(page.records()).hasSize(1);
    assertThat(page.records().get(0).keyId()).isEqualTo(lapsed.keyId());
  }
}
