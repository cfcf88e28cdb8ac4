package io.idem4j.redis;

import static io.idem4j.redis.Hashes.assertNotApplied;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.KeyStoreSubject.Damage;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.RedisClient;

/** I45: no stored data, key or address in the text of any exception or log line. */
@StoreUnderTest("Redis")
@Timeout(60)
final class SecrecyTest {
  private static final String CANARY = "CANARY-4111-1111";

  private static KeyRecord canary() {
    byte[] bytes = CANARY.getBytes(US_ASCII);
    return Samples.locked(Samples.keyId(), Samples.stamp())
        .reference(CANARY)
        .fingerprint(new FingerprintDigest(CANARY, Samples.bytes(FingerprintDigest.LENGTH)))
        .slots(Slots.of(bytes, bytes))
        .build();
  }

  @Test
  void noStoredDataInAnyText() {
    List<KeyRecord> tried = new ArrayList<>();
    List<Throwable> thrown = new ArrayList<>();
    String logged = Told.onStandardError(() -> provoke(tried, thrown));
    assertThat(thrown)
        .hasSizeGreaterThan(30)
        .allSatisfy(e -> assertThat(e).isInstanceOf(KeyStoreException.class));
    assertThat(logged).contains("does not let key");
    StringBuilder text = new StringBuilder(logged);
    thrown.forEach(e -> text.append(Told.by(e)));
    tried.forEach(each -> assertClean(text.toString(), each));
  }

  private static void provoke(List<KeyRecord> tried, List<Throwable> thrown) {
    try (RedisSubject subject = new RedisSubject()) {
      for (Damage damage : subject.damages()) {
        KeyRecord stored = canary();
        tried.add(stored);
        subject.store().compareAndSet(stored.keyId(), Stamp.ABSENT, stored);
        damage.damage().accept(stored.keyId());
        KeyRecord next = stored.toBuilder().stamp(stored.stamp().next()).build();
        thrown.add(
            catchThrowable(
                () -> subject.store().compareAndSet(stored.keyId(), stored.stamp(), next)));
        thrown.add(catchThrowable(() -> subject.store().find(stored.keyId())));
      }
    }
    try (ScriptedServer server = ScriptedServer.relay(Redis.address());
        RedisClient client = Redis.client(server.address(), 1, Duration.ofSeconds(1))) {
      RedisKeyStore store = RedisKeyStore.builder(client).build();
      for (String reply :
          List.of(
              "-ERR " + CANARY,
              "-OOM " + CANARY,
              "-WRONGTYPE " + CANARY,
              CANARY,
              "-MOVED 1 " + CANARY + ":1",
              "*1\r\n+" + CANARY)) {
        server.filter(old -> (reply + "\r\n").getBytes(US_ASCII));
        fail(store, tried, thrown);
      }
      server.filter(old -> null);
      fail(store, tried, thrown);
      server.stop();
      fail(store, tried, thrown);
    }
    Redis.allow("kept", "+@all");
    try (RedisClient client = Redis.client("kept")) {
      RedisKeyStore store = RedisKeyStore.builder(client).build();
      Redis.allow("kept", "+@all", "-pexpireat");
      KeyRecord kept = canary();
      tried.add(kept);
      store.compareAndSet(kept.keyId(), Stamp.ABSENT, kept);
    }
  }

  private static void fail(RedisKeyStore store, List<KeyRecord> tried, List<Throwable> thrown) {
    KeyRecord claim = canary();
    tried.add(claim);
    thrown.add(catchThrowable(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim)));
  }

  private static void assertClean(String text, KeyRecord record) {
    String lower = text.toLowerCase(Locale.ROOT);
    HexFormat hex = HexFormat.of();
    assertThat(lower)
        .doesNotContain(CANARY.toLowerCase(Locale.ROOT))
        .doesNotContain("127.0.0.1")
        .doesNotContain(hex.formatHex(CANARY.getBytes(US_ASCII)))
        .doesNotContain(hex.formatHex(record.stamp().bytes()))
        .doesNotContain(new String(record.stamp().bytes(), ISO_8859_1).toLowerCase(Locale.ROOT))
        .doesNotContain(hex.formatHex(record.fingerprint().digest()))
        // The short digest is the first six bytes of the key id, and all that may be shown.
        .doesNotContain(hex.formatHex(record.keyId().bytes()).substring(0, 16));
  }

  @Test
  void bad_25_brokenRecord_staysAsItIs() {
    try (RedisSubject subject = new RedisSubject();
        RedisClient client = Redis.client()) {
      for (Damage damage : subject.damages()) {
        KeyRecord done = Hashes.done(subject.store());
        damage.damage().accept(done.keyId());
        byte[] dump = client.dump(RedisSubject.key(done.keyId()));
        for (Stamp expected : List.of(Stamp.ABSENT, done.stamp(), Samples.stamp())) {
          assertNotApplied(
              Reason.UNREADABLE,
              () -> subject.store().compareAndSet(done.keyId(), expected, Hashes.duplicate(done)));
        }
        assertNotApplied(Reason.UNREADABLE, () -> subject.store().find(done.keyId()));
        assertThat(client.dump(RedisSubject.key(done.keyId()))).as(damage.name()).isEqualTo(dump);
      }
    }
  }

  @Test
  void bad_42_recordOfTheNextFormat_survives() {
    try (RedisSubject subject = new RedisSubject();
        RedisClient client = Redis.client()) {
      KeyRecord done = Hashes.done(subject.store());
      byte[] key = RedisSubject.key(done.keyId());
      byte[] head = client.hget(key, "head".getBytes(US_ASCII));
      byte[] next = Arrays.copyOf(head, 40);
      next[1] = 2;
      // It may have other fields, and keep other things in those of today.
      client.hset(
          key,
          Map.of(
              "head".getBytes(US_ASCII), next,
              "slots".getBytes(US_ASCII), new byte[] {7},
              "more".getBytes(US_ASCII), new byte[] {8}));
      client.hdel(key, "slots_sum".getBytes(US_ASCII));
      Map<String, String> before = Hashes.contents(client, done.keyId());
      assertThat(subject.store().find(done.keyId()).orElseThrow().format()).isEqualTo(2);
      KeyRecord write = Hashes.duplicate(done);
      assertNotApplied(
          Reason.UNREADABLE,
          () -> subject.store().compareAndSet(done.keyId(), done.stamp(), write));
      assertThat(Hashes.refuse(subject.store(), Stamp.ABSENT, write).format()).isEqualTo(2);
      assertThat(Hashes.refuse(subject.store(), Samples.stamp(), write).format()).isEqualTo(2);
      assertThat(Hashes.contents(client, done.keyId())).isEqualTo(before);
    }
  }
}
