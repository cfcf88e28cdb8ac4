package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.idem4j.jmh.Contender;
import java.util.List;
import redis.clients.jedis.UnifiedJedis;

/**
 * The store's own scripts, called with plain Jedis, and arguments that are made as plainly as it
 * goes. In this package because the scripts are the store's, so that both sides run the same.
 */
public final class RedisFloor implements Contender {
  private static final byte[] NOTHING = new byte[16];
  private static final byte[] NO_SLOTS = {0, 0};
  private static final byte[] TAG = "1".getBytes(US_ASCII);
  private static final byte[] GRACE = "0".getBytes(US_ASCII);
  private static final byte[] LEASE = "30000".getBytes(US_ASCII);
  private static final byte[] ENDED = "0".getBytes(US_ASCII);
  private static final byte[] LOCKED_RETENTION = "604800000".getBytes(US_ASCII);
  private static final byte[] RETENTION = "86400000".getBytes(US_ASCII);
  private static final int HEAD_LENGTH = 128;
  private static final int STAMP_AT = 2;

  private final UnifiedJedis client;
  private final String prefix;
  private final byte[] sha = Script.COMPARE_AND_SET.sha().getBytes(US_ASCII);
  private final byte[] claimed = head((byte) 1);
  private final byte[] completed = head((byte) 2);

  /** Makes one, with keys of this prefix, and sends the scripts to the server. */
  public RedisFloor(UnifiedJedis client, String prefix) {
    this.client = client;
    this.prefix = prefix;
    client.scriptLoad(Script.COMPARE_AND_SET.text());
  }

  @Override
  public byte[] prepare(String key) {
    return (prefix + key).getBytes(UTF_8);
  }

  @Override
  public byte[] first(Object prepared, byte[] answer) {
    byte[] key = (byte[]) prepared;
    List<?> claim = write(key, NOTHING, claimed, NO_SLOTS, LEASE, LOCKED_RETENTION);
    require(claim, "applied");
    require(write(key, stamp(claimed), completed, answer, ENDED, RETENTION), "applied");
    return answer;
  }

  @Override
  public byte[] replay(Object prepared) {
    List<?> found = write((byte[]) prepared, NOTHING, claimed, NO_SLOTS, LEASE, LOCKED_RETENTION);
    require(found, "live");
    return (byte[]) found.get(7);
  }

  private List<?> write(
      byte[] key, byte[] expected, byte[] head, byte[] slots, byte[] lease, byte[] retention) {
    return (List<?>)
        client.evalsha(
            sha,
            List.of(key),
            List.of(
                expected,
                head,
                Sha1.hex(head),
                slots,
                Sha1.hex(slots),
                lease,
                retention,
                GRACE,
                TAG));
  }

  private static void require(List<?> reply, String verdict) {
    String said = new String((byte[]) reply.get(1), US_ASCII);
    if (!said.equals(verdict)) {
      throw new IllegalStateException("the script said " + said);
    }
  }

  /** As long as a head is, with a stamp of its own. */
  private static byte[] head(byte stamp) {
    byte[] head = new byte[HEAD_LENGTH];
    head[1] = 1;
    head[STAMP_AT + 15] = stamp;
    return head;
  }

  private static byte[] stamp(byte[] head) {
    return java.util.Arrays.copyOfRange(head, STAMP_AT, STAMP_AT + 16);
  }
}
