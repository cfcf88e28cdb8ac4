package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.KeyStoreSubject;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;

/** A Redis server for the contract suite. */
final class RedisSubject implements KeyStoreSubject {
  static final String PREFIX = "idem4j:";

  private static final int MAXIMUM_SLOT = 1 << 20;

  /** Open until the JVM ends: the suite makes a subject for each of its tests. */
  private static final RedisClient CLIENT = Redis.client();

  private static final RedisKeyStore STORE = build(CLIENT);
  private static final RedisKeyStore SECOND = build(Redis.client());

  private final UnifiedJedis client;

  RedisSubject() {
    this(CLIENT);
  }

  /** Makes a subject whose {@link #damages()} are done through this client. */
  RedisSubject(UnifiedJedis client) {
    this.client = client;
  }

  private static RedisKeyStore build(RedisClient client) {
    return RedisKeyStore.builder(client).maximumSlot(MAXIMUM_SLOT).build();
  }

  @Override
  public KeyStore store() {
    return STORE;
  }

  @Override
  public KeyStore secondInstance() {
    return SECOND;
  }

  @Override
  public OptionalInt maximumSlot() {
    return OptionalInt.of(MAXIMUM_SLOT);
  }

  @Override
  public Optional<KeyStore> unreachable() {
    try (ScriptedServer server = ScriptedServer.relay(Redis.address())) {
      RedisClient lost = Redis.client(server.address(), 2, Duration.ofSeconds(1));
      return Optional.of(build(lost));
    }
  }

  @Override
  public List<Damage> damages() {
    Stream<Damage> past =
        Stream.of(
            field("head", "missing", null),
            field("head", "empty", bytes -> new byte[0]),
            field("head", "without a stamp", bytes -> cut(bytes, 17)),
            field("head", "cut", bytes -> cut(bytes, bytes.length - 1)),
            field("head", "with a flipped bit in the stamp", bytes -> flip(bytes, 5)),
            field("head", "with a flipped bit in its middle", bytes -> flip(bytes, 60)),
            field("head", "with a flipped bit at its end", bytes -> flip(bytes, -1)),
            field("head_sum", "missing", null),
            field("head_sum", "with a flipped bit", bytes -> flip(bytes, 3)),
            field("slots", "missing", null),
            field("slots", "cut", bytes -> cut(bytes, bytes.length - 1)),
            field("slots", "with a flipped bit", bytes -> flip(bytes, 2)),
            field("slots_sum", "missing", null),
            field("slots_sum", "with a flipped bit", bytes -> flip(bytes, 3)));
    Stream<Damage> endless =
        Stream.of("lease_until_ms", "retain_until_ms", "ends_sum")
            .flatMap(
                name ->
                    Stream.of(
                        field(name, "missing", null),
                        field(name, "empty", bytes -> new byte[0]),
                        field(name, "of another type", bytes -> "soon".getBytes(US_ASCII)),
                        field(name, "with a flipped bit", bytes -> flip(bytes, 0)),
                        field(name, "cut", bytes -> cut(bytes, bytes.length - 1))))
            .map(each -> new Damage(each.name(), false, each.damage()));
    Stream<Damage> whole =
        Stream.of(
            whole("a head without stamp, with a sum that fits", this::clearStamp),
            ends("its lease too long", (long) 1e16, 0),
            ends("its retention too long", 0, (long) 1e16),
            whole(
                "a string in its place",
                key -> replace(key, each -> client.set(each, new byte[] {1}))),
            whole(
                "a hash of somebody else's in its place",
                key ->
                    replace(
                        key, each -> client.hset(each, Map.of(new byte[] {2}, new byte[] {1})))));
    return Stream.of(past, endless, whole).flatMap(each -> each).toList();
  }

  private interface Change {
    byte[] of(byte[] bytes);
  }

  private Damage field(String field, String how, Change change) {
    byte[] name = field.getBytes(US_ASCII);
    return new Damage(
        field + " " + how,
        true,
        id -> {
          byte[] key = key(id);
          byte[] old = client.hget(key, name);
          if (old != null) {
            if (change == null) {
              client.hdel(key, name);
            } else {
              client.hset(key, name, change.of(old));
            }
          }
        });
  }

  /** Ends that lie too far ahead, with a sum that fits them. */
  private Damage ends(String what, long leaseMore, long retentionMore) {
    return new Damage(
        what,
        false,
        id -> {
          String key = new String(key(id), US_ASCII);
          if (client.exists(key)) {
            long lease = Long.parseLong(client.hget(key, "lease_until_ms")) + leaseMore;
            long retain = Long.parseLong(client.hget(key, "retain_until_ms")) + retentionMore;
            String sum = new String(Sha1.hex((lease + " " + retain).getBytes(US_ASCII)), US_ASCII);
            client.hset(
                key,
                Map.of(
                    "lease_until_ms", "" + lease, "retain_until_ms", "" + retain, "ends_sum", sum));
          }
        });
  }

  private void clearStamp(byte[] key) {
    byte[] head = client.hget(key, "head".getBytes(US_ASCII));
    Arrays.fill(head, 2, 2 + Stamp.LENGTH, (byte) 0);
    client.hset(
        key,
        Map.of("head".getBytes(US_ASCII), head, "head_sum".getBytes(US_ASCII), Sha1.hex(head)));
  }

  private void replace(byte[] key, Consumer<byte[]> write) {
    client.del(key);
    write.accept(key);
  }

  private Damage whole(String what, Consumer<byte[]> damage) {
    return new Damage(
        what,
        false,
        id -> {
          byte[] key = key(id);
          if (client.exists(key)) {
            damage.accept(key);
          }
        });
  }

  static byte[] key(KeyId id) {
    return (PREFIX + HexFormat.of().formatHex(id.bytes())).getBytes(US_ASCII);
  }

  private static byte[] cut(byte[] bytes, int length) {
    return Arrays.copyOf(bytes, length);
  }

  private static byte[] flip(byte[] bytes, int at) {
    byte[] flipped = bytes.clone();
    flipped[at < 0 ? bytes.length + at : at] ^= 1;
    return flipped;
  }
}
