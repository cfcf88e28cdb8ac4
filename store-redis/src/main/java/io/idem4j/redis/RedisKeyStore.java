package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.redis.ScriptCalls.Result;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.UnifiedJedis;

/**
 * Keeps records in Redis (5 or later; tested on 6.2), one hash for each key.
 *
 * <pre>{@code
 * KeyStore store = RedisKeyStore.builder(RedisClient.create("redis://localhost:6379")).build();
 * }</pre>
 *
 * <p><b>Layout.</b> A key is the prefix and the 64 hexadecimal digits of a key id: fixed size, no
 * text of a caller's, no hash tag, so that a cluster spreads records over all slots. Its hash has
 * the fields {@code head}, {@code slots}, {@code lease_until_ms}, {@code retain_until_ms} and three
 * sums; {@code record.lua} beside this class describes them. A heartbeat replaces the head and the
 * ends, and leaves the slots alone. A record takes about a kilobyte of the server's memory, and a
 * payload what it takes.
 *
 * <p><b>Clock</b> (S5): the server's {@code TIME}, read once inside each script. Clocks of clients
 * play no part. It is a wall clock: if it is set forward, leases and retentions end early on that
 * server, and after a failover the replica's clock counts. What must not be done twice then checks
 * the fence where its effect is.
 *
 * <p><b>Atomic</b>: a compare-and-set and a read are one Lua script on one key each, and one round
 * trip; a refusal carries the live record in the same reply. Scripts are called by their SHA-1, and
 * by their text where a server has not seen them. Inside a script everything is examined first, and
 * one {@code HSET} writes all fields. A refusal or a read writes nothing. There is no transaction
 * of a caller's that this store could join or harm (S11): it never uses {@code MULTI}, and a
 * connection on which the caller has one open is not in the client's pool.
 *
 * <p><b>Expiry.</b> A record is absent as soon as its retention is over by the field (S6). The
 * key's own expiry is set with each write, to retention plus {@link Builder#grace}, and only frees
 * space.
 *
 * <p><b>Client.</b> Any {@code UnifiedJedis}: pooled, sentinel or cluster. A client that repeats
 * commands by itself, as the cluster client does, is safe: a repeated write is refused by its own
 * stamp, which core recognises, and an error that answers a later copy of a command proves nothing
 * of an earlier one, so it ends as unknown. Set the socket timeout, and for a cluster the total
 * time for retries, below core's store deadline; Jedis' own two seconds and ten seconds are for one
 * attempt and for all. Bound the pool's wait as well: without a bound, an exhausted pool blocks.
 * Connections on which anything went wrong are closed by the client; each reply also repeats a tag
 * of its call, so that a reply to another call is never taken for the answer. A replica is never
 * asked: it refuses the scripts, also as the primary that it was a moment ago (S1). A
 * multi-database client must not be used: it fails over to a database that knows nothing of the
 * records.
 *
 * <p><b>Durability and failover.</b> Redis acknowledges a write before a replica has it, and by
 * default before a disk has it. <em>A server that is killed without an append-only file, and a
 * replica that is promoted, forget acknowledged claims and answers</em>: then the same key is
 * granted twice, and an operation that had completed runs again. {@link Builder#acknowledgedBy}
 * makes each write wait for replicas, and ends as unknown, never as applied, if too few have it in
 * time. That narrows the gap and does not close it: a failover may promote a replica that had not
 * acknowledged, a write that ended as unknown may survive, and what a reader was shown may be lost.
 * Where an effect must be single in spite of failover, check the fence where the effect is, or use
 * a store on a database that does not forget.
 *
 * <p><b>Append-only file.</b> With {@code appendfsync always} an acknowledged write survives the
 * loss of power; with {@code everysec} it survives the server's death, and a second may be lost
 * with the machine; without {@code appendonly} all since the last snapshot is lost.
 *
 * <p><b>Eviction.</b> Any {@code maxmemory-policy} but {@code noeviction} may remove live records:
 * their keys expire, so also the {@code volatile} ones do. A full server that evicts nothing
 * refuses writes, which is a definite no, and goes on answering reads and refusals. {@link
 * Builder#build()} logs a warning for every such setting that it can see, on each node of a
 * cluster.
 *
 * <p><b>Scan.</b> Redis has no index of records by state: a scan goes through all keys of the
 * database, others' too. A page is one {@code SCAN} of about 256 keys, a script for each record
 * among them that looks at its head and answers a verdict, and a read of each record handed out; so
 * a million keys are some 4000 pages. No command takes long, nothing is written, and no other
 * payload leaves the server. Pause between pages as you see fit. In a cluster one primary follows
 * the other. A record that stays is found, also when a server restarts, a replica takes over or its
 * slot has moved between two pages; then, and when Redis shrinks its tables, it may come twice.
 * What is being moved while its node is scanned may be left to the next scan.
 *
 * <p><b>Access rules.</b> The user needs {@code EVAL}, {@code EVALSHA}, {@code TIME}, {@code
 * EXISTS}, {@code HMGET}, {@code HSET}, {@code HDEL} and {@code PEXPIREAT} on keys with the prefix,
 * {@code WAIT} for acknowledgement, and {@code INFO} for the warnings. A scan needs {@code SCAN}
 * and {@code PING}, in a cluster {@code CLUSTER MYID} and {@code CLUSTER SLOTS}, and {@code INFO}
 * to notice a restart.
 *
 * <p><b>Unreadable records</b> (S10) are refused and left alone, until their retention is over, or
 * where that cannot be read any more until the key expires. Sums over both ends and all bytes find
 * what was damaged; they are no protection against somebody who may write to the server.
 *
 * <p><b>Secrecy.</b> No exception and no log line carries what the server or the client says: it is
 * replaced by classes and a stack trace, because servers quote arguments and clients addresses.
 *
 * <p><b>Interrupts</b> (S12) end a wait for a pooled connection, when nothing was sent yet; a call
 * that was sent is finished.
 *
 * <p>Safe for use by many threads. There is nothing to close; the client stays the caller's.
 */
public final class RedisKeyStore implements RecordScanner {
  private static final Logger LOG = LoggerFactory.getLogger(RedisKeyStore.class);
  private static final byte[] UNCHANGED = {};
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final ScriptCalls reads;
  private final ScriptCalls writes;
  private final int replicas;
  private final Keyspace keyspace;
  private final RecordScan scan;
  private final byte[] graceMillis;
  private final int maximumSlot;

  private RedisKeyStore(Builder builder) {
    this.reads = new ScriptCalls(Transports.plain(builder.client));
    Acknowledgement wanted = builder.acknowledgement;
    this.writes =
        wanted == null ? reads : new ScriptCalls(Transports.acknowledged(builder.client, wanted));
    this.replicas = wanted == null ? 0 : wanted.replicas();
    this.keyspace = new Keyspace(builder.client, builder.keyPrefix);
    this.scan = new RecordScan(keyspace, reads, this);
    this.graceMillis = decimal(builder.grace);
    this.maximumSlot = builder.maximumSlot;
  }

  /** Returns a builder of a store on this client: pooled, cluster or sentinel. */
  public static Builder builder(UnifiedJedis client) {
    return new Builder(client);
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    requireFits(next.slots().payload());
    requireFits(next.slots().checkpoint());
    Result result = replace("a compare-and-set of key " + id.shortDigest(), id, expected, next);
    ScriptReply reply = result.reply();
    return switch (reply.verdict()) {
      case "applied" -> applied(id, result);
      case "unbounded" -> {
        LOG.warn(
            "Redis does not let key {} expire: allow PEXPIREAT, or it stays for ever",
            id.shortDigest());
        yield applied(id, result);
      }
      case "none" -> CasResult.NONE_LIVE;
      case "live" -> refused(id, next.stamp(), result);
      case "match" -> throw notUnderstood(id, reply.live(id));
      default -> throw broken(id, reply);
    };
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    ScriptReply reply =
        reads
            .call("a read of key " + id.shortDigest(), Script.FIND, keyspace.key(id), List.of())
            .reply();
    return switch (reply.verdict()) {
      case "none" -> Optional.empty();
      case "live" -> Optional.of(reply.live(id));
      default -> throw broken(id, reply);
    };
  }

  /**
   * {@inheritDoc}
   *
   * <p>A page may be empty and still have a next. Records are in no order, and one may be on two
   * pages. One that cannot be understood is left out and logged as a warning. See the class comment
   * for what a scan costs.
   *
   * @throws MisuseException also if the client cannot tell which server it speaks to
   */
  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    return scan.scan(kind, limit, from);
  }

  private Result replace(String action, KeyId id, Stamp expected, KeyRecord next) {
    byte[] head = RecordCodec.encodeHead(next);
    byte[] slots = UNCHANGED;
    byte[] slotsSum = UNCHANGED;
    if (!next.slots().isUnchanged() || expected.equals(Stamp.ABSENT)) {
      // Over nothing, slots that stay as they are are empty.
      slots = RecordCodec.encodeSlots(id, next.slots().isUnchanged() ? Slots.EMPTY : next.slots());
      slotsSum = Sha1.hex(slots);
    }
    return writes.call(
        action,
        Script.COMPARE_AND_SET,
        keyspace.key(id),
        List.of(
            expected.bytes(),
            head,
            Sha1.hex(head),
            slots,
            slotsSum,
            decimal(next.lease()),
            decimal(next.retention()),
            graceMillis));
  }

  /**
   * Writes a record of a key that nobody else has, to be absent at once, and reads it: that tries
   * access rules, scripts and the server's readiness to be written to.
   */
  private void tryOut() {
    byte[] bytes = new byte[KeyId.LENGTH];
    new SecureRandom().nextBytes(bytes);
    KeyId id = KeyId.of(bytes);
    KeyRecord record =
        KeyRecord.builder()
            .keyId(id)
            .stamp(Stamp.of(Arrays.copyOf(bytes, Stamp.LENGTH)))
            .state(KeyState.LOCKED)
            .fingerprint(new FingerprintDigest("none", new byte[FingerprintDigest.LENGTH]))
            .build();
    Result result = replace("start-up", id, Stamp.ABSENT, record);
    if (!result.reply().verdict().equals("applied")) {
      throw KeyStoreException.notApplied(
          Reason.MISCONFIGURED,
          "start-up failed: a key could be written and not made to expire; allow PEXPIREAT",
          null);
    }
    find(id);
    if (result.replicas() < replicas) {
      LOG.warn(
          "{} replicas acknowledged a first write, and {} are asked for: until there are more,"
              + " every write ends as unknown",
          result.replicas(),
          replicas);
    }
  }

  private CasResult applied(KeyId id, Result result) {
    requireAcknowledged(id, result);
    return CasResult.APPLIED;
  }

  private CasResult refused(KeyId id, Stamp next, Result result) {
    StoredRecord live = result.reply().live(id);
    if (live.stamp().equals(next)) {
      // An identical call was applied, and nobody has seen it acknowledged yet (stores.md 3.4.15).
      requireAcknowledged(id, result);
    }
    return CasResult.refusedBy(live);
  }

  private void requireFits(byte @Nullable [] slot) {
    if (slot != null && slot.length > maximumSlot) {
      throw new PayloadTooLargeException(slot.length, maximumSlot);
    }
  }

  private void requireAcknowledged(KeyId id, Result result) {
    if (result.replicas() < replicas) {
      throw KeyStoreException.unknown(
          "a write of key "
              + id.shortDigest()
              + " was acknowledged by "
              + result.replicas()
              + " replicas in time, and "
              + replicas
              + " were asked for: a failover may lose it",
          null);
    }
  }

  private static KeyStoreException notUnderstood(KeyId id, StoredRecord matching) {
    return KeyStoreException.unreadable(
        id,
        matching.format() == KeyRecord.FORMAT
            ? "what the server computes of it differs"
            : "its format is " + matching.format());
  }

  private static KeyStoreException broken(KeyId id, ScriptReply reply) {
    return reply.verdict().equals("broken")
        ? KeyStoreException.unreadable(id, "a field is missing, or its ends are damaged")
        : KeyStoreException.unknown(
            "the script for key " + id.shortDigest() + " answered what no release answers", null);
  }

  /** Rounds up: neither a lease nor a retention may end early. */
  private static byte[] decimal(Duration length) {
    return Long.toString(length.plusNanos(NANOS_PER_MILLI - 1).toMillis()).getBytes(US_ASCII);
  }

  /** Builds a {@link RedisKeyStore}. Not for use by several threads. */
  public static final class Builder {
    /** The largest {@link #maximumSlot}, in bytes: 64 MiB. */
    public static final int LARGEST_SLOT = 64 << 20;

    private static final Duration LONGEST_GRACE = Duration.ofDays(7);

    private final UnifiedJedis client;
    private String keyPrefix = "idem4j:";
    private Duration grace = Duration.ofMinutes(1);
    private int maximumSlot = 1 << 20;
    private @Nullable Acknowledgement acknowledgement;

    private Builder(UnifiedJedis client) {
      this.client = client;
    }

    /**
     * Sets what the names of all keys begin with; without it, {@code idem4j:}.
     *
     * @param keyPrefix 1 to 64 letters, digits and characters of {@code : . _ - /}. Braces would
     *     put all records of a cluster into one slot
     * @throws MisuseException if it is anything else
     */
    public Builder keyPrefix(String keyPrefix) {
      if (!keyPrefix.matches("[A-Za-z0-9:._/-]{1,64}")) {
        throw new MisuseException(
            "a key prefix has 1 to 64 letters, digits and characters of : . _ - /");
      }
      this.keyPrefix = keyPrefix;
      return this;
    }

    /**
     * Sets how long a key outlives the retention of its record; without it, a minute. Means nothing
     * to callers: a record is absent as soon as its retention is over.
     *
     * @throws MisuseException if it is not between zero and seven days
     */
    public Builder grace(Duration grace) {
      if (grace.isNegative() || grace.compareTo(LONGEST_GRACE) > 0) {
        throw new MisuseException("grace is between zero and " + LONGEST_GRACE.toDays() + " days");
      }
      this.grace = grace;
      return this;
    }

    /**
     * Makes each write wait for replicas; without it, none is waited for. A refusal waits too,
     * while replicas lag behind what others wrote, and is given whether or not they catch up.
     *
     * @param replicas how many must acknowledge a write, at least one
     * @param timeout how long to wait for them, between a millisecond and five seconds; shorter
     *     than the client's socket timeout and core's store deadline
     * @throws MisuseException if either is out of its range
     */
    public Builder acknowledgedBy(int replicas, Duration timeout) {
      this.acknowledgement = new Acknowledgement(replicas, timeout);
      return this;
    }

    /**
     * Sets how large payload and checkpoint may be, each; without it, 1 MiB. What is larger is
     * refused before anything is sent.
     *
     * @throws MisuseException if it is not between 1 and {@link #LARGEST_SLOT}
     */
    public Builder maximumSlot(int bytes) {
      if (bytes < 1 || bytes > LARGEST_SLOT) {
        throw new MisuseException("the largest slot is between 1 and " + LARGEST_SLOT + " bytes");
      }
      this.maximumSlot = bytes;
      return this;
    }

    /**
     * Looks at the server's settings, tries the scripts with a write that is absent at once, and
     * builds the store. Settings under which Redis may lose records are logged as warnings.
     *
     * @throws MisuseException if acknowledgement is asked for and the client cannot keep two
     *     commands on one connection
     * @throws KeyStoreException if no server can be reached, it is a replica, too old or full, or
     *     does not let this user run the scripts
     */
    public RedisKeyStore build() {
      ServerCheck.run(client);
      RedisKeyStore store = new RedisKeyStore(this);
      store.tryOut();
      return store;
    }
  }
}
