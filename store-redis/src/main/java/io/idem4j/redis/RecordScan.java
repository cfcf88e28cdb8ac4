package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * What {@link io.idem4j.spi.RecordScanner} means here, in three steps, none of which holds a server
 * up: {@code SCAN} names a batch of keys, a script for each of them looks at its head, and the few
 * that are wanted are read like any record. Those that do not fit on the page wait in its place, so
 * that no batch need be asked for twice. Safe for use by many threads.
 */
final class RecordScan {
  private static final Logger LOG = LoggerFactory.getLogger(RedisKeyStore.class);
  private static final String ACTION = "a scan";

  private final Keyspace keyspace;
  private final ScriptCalls reads;
  private final KeyStore store;

  /**
   * Makes a scan.
   *
   * @param reads runs scripts that only read
   * @param store reads the records
   */
  RecordScan(Keyspace keyspace, ScriptCalls reads, KeyStore store) {
    this.keyspace = keyspace;
    this.reads = reads;
    this.store = store;
  }

  /** See {@link io.idem4j.spi.RecordScanner#scan}. */
  RecordScanner.Page scan(Kind kind, int limit, Optional<String> from) {
    if (limit < 1) {
      throw new MisuseException("the limit is " + limit + ", and must be positive");
    }
    ScanPlace place = from.map(text -> ScanPlace.parse(kind, text)).orElseGet(ScanPlace::start);
    if (place.waiting().isEmpty() && !place.isEnd()) {
      place = next(kind, place);
    }
    List<StoredRecord> found = new ArrayList<>();
    int read = 0;
    while (found.size() < limit && read < place.waiting().size()) {
      read(kind, place.waiting().get(read++)).ifPresent(found::add);
    }
    List<KeyId> rest = place.waiting().subList(read, place.waiting().size());
    Optional<String> next =
        place.isEnd() && rest.isEmpty()
            ? Optional.empty()
            : Optional.of(place.withWaiting(rest).format(kind));
    return new RecordScanner.Page(List.copyOf(found), next);
  }

  /** Returns the place behind the next batch, where the keys wait that are to be read. */
  private ScanPlace next(Kind kind, ScanPlace place) {
    Sending sending = reads.sending();
    Keyspace.Batch batch = call(sending, () -> keyspace.next(place, sending));
    if (!keyspace.isCluster()) {
      // S1: a replica refuses it, and what a replica names may be old. A node of a cluster was
      // asked
      // whether it is a primary.
      reads.call(ACTION, Script.FIND, keyspace.probe(), List.of());
    }
    return batch.next().withWaiting(wanted(kind, batch.ids()));
  }

  private List<KeyId> wanted(Kind kind, List<KeyId> ids) {
    if (ids.isEmpty()) {
      return List.of();
    }
    List<byte[]> arguments =
        List.of(
            Integer.toString(state(kind).code()).getBytes(US_ASCII),
            (kind == Kind.ABANDONED ? "1" : "0").getBytes(US_ASCII));
    List<Sending> sendings = ids.stream().map(id -> reads.sending()).toList();
    List<Response<Object>> replies =
        call(
            sendings.get(0),
            () -> {
              try (AbstractPipeline pipeline = keyspace.open(ids.get(0))) {
                List<Response<Object>> sent = new ArrayList<>();
                for (int i = 0; i < ids.size(); i++) {
                  byte[] key = keyspace.key(ids.get(i));
                  sent.add(
                      pipeline.sendCommand(
                          ScriptCalls.bySha(Script.SCAN, key, arguments, sendings.get(i))));
                }
                pipeline.sync();
                return sent;
              }
            });
    List<KeyId> wanted = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      if (isWanted(ids.get(i), arguments, replies.get(i), sendings.get(i))) {
        wanted.add(ids.get(i));
      }
    }
    return wanted;
  }

  private boolean isWanted(
      KeyId id, List<byte[]> arguments, Response<Object> response, Sending sending) {
    ScriptReply reply;
    try {
      reply = ScriptReply.of(response.get(), sending.tag());
    } catch (JedisDataException e) {
      // The server has not seen the script, the slot has moved, or whatever else it says: a call of
      // its own follows the one, brings the other, and tells the rest.
      return isWanted(id, arguments);
    }
    if (reply == null) {
      throw ScriptCalls.mixedUp(ACTION);
    }
    return reply.verdict().equals("wanted");
  }

  private boolean isWanted(KeyId id, List<byte[]> arguments) {
    try {
      return reads
          .call(ACTION, Script.SCAN, keyspace.key(id), arguments)
          .reply()
          .verdict()
          .equals("wanted");
    } catch (KeyStoreException e) {
      if (e.reason() != Reason.UNREADABLE) {
        throw e;
      }
      return true; // reading it says what is wrong
    }
  }

  private Optional<StoredRecord> read(Kind kind, KeyId id) {
    try {
      return store
          .find(id)
          .filter(stored -> stored.format() == KeyRecord.FORMAT)
          .filter(stored -> stored.record().state() == state(kind))
          .filter(
              stored -> kind == Kind.IN_DOUBT || stored.leaseLeft().compareTo(Duration.ZERO) <= 0);
    } catch (KeyStoreException e) {
      if (e.reason() != Reason.UNREADABLE) {
        throw e;
      }
      // One broken record must not hide all others from a completer; whoever calls its key is told.
      LOG.warn("a scan leaves out a record: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private static KeyState state(Kind kind) {
    return switch (kind) {
      case ABANDONED -> KeyState.LOCKED;
      case IN_DOUBT -> KeyState.FAILED_IN_DOUBT;
    };
  }

  /** S7: tells what a failure of the client's or the server's means. */
  private static <V> V call(Sending sending, Supplier<V> request) {
    try {
      return request.get();
    } catch (KeyStoreException | MisuseException e) {
      throw e;
    } catch (RuntimeException e) {
      throw ScriptCalls.failed(ACTION, e, sending);
    }
  }
}
