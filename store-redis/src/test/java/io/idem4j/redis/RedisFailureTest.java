package io.idem4j.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.net.SocketTimeoutException;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisBusyException;
import redis.clients.jedis.exceptions.JedisClusterException;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** stores.md 3.4.14: what each error of the server's and of the client's proves. */
@StoreUnderTest("Redis")
final class RedisFailureTest {
  private static final HostAndPort NODE = new HostAndPort("127.0.0.1", 1);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "UNAVAILABLE   | NOSCRIPT No matching script. Please use EVAL.",
        "UNAVAILABLE   | LOADING Redis is loading the dataset in memory",
        "UNAVAILABLE   | MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set"
            + " to 'no'.",
        "UNAVAILABLE   | CLUSTERDOWN The cluster is down",
        "UNAVAILABLE   | CLUSTERDOWN Hash slot not served",
        "UNAVAILABLE   | TRYAGAIN Multiple keys request during rehashing of slot",
        "UNAVAILABLE   | MOVED 3999 127.0.0.1:6381",
        "UNAVAILABLE   | ASK 3999 127.0.0.1:6381",
        "UNAVAILABLE   | BUSY Redis is busy running a script. You can only call SCRIPT KILL",
        "GUARDED       | MISCONF Redis is configured to save RDB snapshots, but",
        "GUARDED       | NOREPLICAS Not enough good replicas to write.",
        "FULL          | OOM command not allowed when used memory > 'maxmemory'.",
        "READ_ONLY     | READONLY You can't write against a read only replica.",
        "MISCONFIGURED | NOAUTH Authentication required.",
        "MISCONFIGURED | WRONGPASS invalid username-password pair or user is disabled.",
        "MISCONFIGURED | NOPERM this user has no permissions to run the 'eval' command",
        "WRONG_TYPE    | WRONGTYPE Operation against a key holding the wrong kind of value",
        "UNKNOWN       | ERR unknown command 'EVALSHA'",
        "UNKNOWN       | ERR Protocol error: invalid bulk length",
        "UNKNOWN       | EXECABORT Transaction discarded because of previous errors.",
        "UNKNOWN       | UNBLOCKED force unblock from blocking operation",
        "UNKNOWN       | UNKILLABLE Sorry the script already executed write commands",
        "UNKNOWN       | CROSSSLOT Keys in request don't hash to the same slot",
        "UNKNOWN       | OOMPH",
        "UNKNOWN       | ``",
      })
  void stores_3_4_14_plainError(RedisFailure expected, String text) {
    assertThat(RedisFailure.ofText(text)).isEqualTo(expected);
  }

  /** What Redis 6.2.11 says of an error inside a script, and what Redis 7 does. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FULL          | @user_script:1: @user_script: 1: -OOM command not allowed when used",
        "READ_ONLY     | @user_script:1: @user_script: 1: -READONLY You can't write against",
        "GUARDED       | @user_script:1: @user_script: 1: -NOREPLICAS Not enough good replicas",
        "GUARDED       | @user_script:120: @user_script: 120: -MISCONF Redis is configured",
        "WRONG_TYPE    | @user_script:1: WRONGTYPE Operation against a key holding the wrong kind",
        "MISCONFIGURED | @user_script:1: @user_script: 1: The user executing the script can't run",
        "UNKNOWN       | @user_script:1: Script killed by user with SCRIPT KILL...",
        "UNKNOWN       | @user_script:1: attempt to index a nil value -OOM no",
        "UNKNOWN       | user_script:1: -OOM no",
      })
  void stores_3_4_14_errorInsideAScript_below7(RedisFailure expected, String inside) {
    String text = "ERR Error running script (call to f_" + "0a".repeat(20) + "): " + inside;
    assertThat(RedisFailure.ofText(text)).isEqualTo(expected);
  }

  @Test
  void stores_3_4_14_errorInsideAScript_from7() {
    String where = " script: " + "0a".repeat(20) + ", on @user_script:111.";
    assertThat(RedisFailure.ofText("OOM command not allowed" + where)).isEqualTo(RedisFailure.FULL);
    assertThat(RedisFailure.ofText("READONLY You can't write against a read only replica." + where))
        .isEqualTo(RedisFailure.READ_ONLY);
    // 7.0.15; from 7.2 on it is NOPERM.
    String denied = "ERR The user executing the script can't run this command or subcommand";
    assertThat(RedisFailure.ofText(denied + where)).isEqualTo(RedisFailure.MISCONFIGURED);
    assertThat(RedisFailure.ofText("ERR user_script:3: Script attempted to access" + where))
        .isEqualTo(RedisFailure.UNKNOWN);
  }

  private static Sending sent(int copies) {
    Sending sending = new Sending(new byte[] {'1'});
    for (int i = 0; i < copies; i++) {
      sending.getRaw();
    }
    return sending;
  }

  @Test
  void serversAnswerToTheOnlyCopy_proves_andToALaterOneDoesNot() {
    for (JedisDataException error :
        new JedisDataException[] {
          new JedisDataException("LOADING x"),
          new JedisNoScriptException("NOSCRIPT x"),
          new JedisBusyException("BUSY x"),
          new JedisClusterException("CLUSTERDOWN x"),
          new JedisMovedDataException("MOVED x", NODE, 1),
          new JedisAskDataException("ASK x", NODE, 1)
        }) {
      assertThat(RedisFailure.of(error, sent(1))).isEqualTo(RedisFailure.UNAVAILABLE);
      assertThat(RedisFailure.of(error, sent(2))).isEqualTo(RedisFailure.UNKNOWN);
    }
    assertThat(RedisFailure.of(new JedisAccessControlException("NOPERM x"), sent(1)))
        .isEqualTo(RedisFailure.MISCONFIGURED);
  }

  @Test
  void answeredCopies_countNoMore() {
    Sending sending = sent(1);
    sending.refused();
    assertThat(sending.isUnsent()).isTrue();
    sending.getRaw();
    assertThat(sending.isAnswered()).isTrue();
    Sending lost = sent(2);
    lost.refused();
    lost.getRaw();
    assertThat(lost.isAnswered()).isFalse();
  }

  @Test
  void copyLostBeforeTheScriptWasUnknown_leavesEveryLaterFailureUnknown() {
    Sending sending = sent(2);
    sending.refused();
    // Thrown at the next login, or by redirections of the copies that followed.
    assertThat(RedisFailure.of(new JedisAccessControlException("WRONGPASS x"), sending))
        .isEqualTo(RedisFailure.UNKNOWN);
    sending.getRaw();
    JedisMovedDataException moved = new JedisMovedDataException("MOVED x", NODE, 1);
    assertThat(RedisFailure.of(new JedisClusterOperationException("left", moved), sending))
        .isEqualTo(RedisFailure.UNKNOWN);
  }

  @Test
  void connectionLost_isUnknownOnceSomethingWasSent() {
    JedisConnectionException lost =
        new JedisConnectionException(new SocketTimeoutException("Read timed out"));
    assertThat(RedisFailure.of(lost, sent(1))).isEqualTo(RedisFailure.UNKNOWN);
    assertThat(RedisFailure.of(lost, sent(3))).isEqualTo(RedisFailure.UNKNOWN);
    assertThat(RedisFailure.of(lost, sent(0))).isEqualTo(RedisFailure.NO_CONNECTION);
  }

  @Test
  void nothingSent_isADefiniteNo_andSaysWhy() {
    assertThat(
            RedisFailure.of(
                new JedisException("Could not get a resource", new NoSuchElementException()),
                sent(0)))
        .isEqualTo(RedisFailure.NO_CONNECTION);
    assertThat(RedisFailure.of(new IllegalStateException("Pool not open"), sent(0)))
        .isEqualTo(RedisFailure.NO_CONNECTION);
    assertThat(
            RedisFailure.of(
                new JedisException("pool", new JedisAccessControlException("WRONGPASS x")),
                sent(0)))
        .isEqualTo(RedisFailure.MISCONFIGURED);
    assertThat(RedisFailure.of(new JedisDataException("LOADING x"), sent(0)))
        .isEqualTo(RedisFailure.UNAVAILABLE);
    assertThat(RedisFailure.of(new JedisDataException("ERR max number of clients"), sent(0)))
        .isEqualTo(RedisFailure.NO_CONNECTION);
  }

  @Test
  void clusterClientsOwnErrors() {
    JedisMovedDataException moved = new JedisMovedDataException("MOVED x", NODE, 1);
    JedisConnectionException lost = new JedisConnectionException("gone");
    assertThat(RedisFailure.of(new JedisClusterOperationException("no slot"), sent(0)))
        .isEqualTo(RedisFailure.NO_CONNECTION);
    assertThat(RedisFailure.of(new JedisClusterOperationException("left", moved), sent(5)))
        .isEqualTo(RedisFailure.UNAVAILABLE);
    assertThat(RedisFailure.of(new JedisClusterOperationException("left", lost), sent(5)))
        .isEqualTo(RedisFailure.UNKNOWN);
    assertThat(RedisFailure.of(new JedisClusterOperationException("deadline"), sent(1)))
        .isEqualTo(RedisFailure.UNKNOWN);
  }

  @Test
  void anythingElse_isUnknown() {
    for (RuntimeException strange :
        new RuntimeException[] {
          new ClassCastException("x"),
          new NumberFormatException("x"),
          new JedisException("OOM x"),
          new JedisDataException((String) null),
        }) {
      assertThat(RedisFailure.of(strange, sent(1))).isEqualTo(RedisFailure.UNKNOWN);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "UNAVAILABLE,   UNAVAILABLE",
    "GUARDED,       UNAVAILABLE",
    "FULL,          FULL",
    "READ_ONLY,     READ_ONLY",
    "MISCONFIGURED, MISCONFIGURED",
    "WRONG_TYPE,    UNREADABLE",
    "NO_CONNECTION, UNAVAILABLE",
    "UNKNOWN,       NO_ANSWER"
  })
  void exception_saysCertaintyAndReason(RedisFailure failure, Reason reason) {
    KeyStoreException thrown = failure.exception("a test", new JedisException("secret"));
    assertThat(thrown.reason()).isEqualTo(reason);
    assertThat(thrown.certainty())
        .isEqualTo(failure == RedisFailure.UNKNOWN ? Certainty.UNKNOWN : Certainty.NOT_APPLIED);
    assertThat(thrown).hasMessageStartingWith("a test failed: ");
    assertThat(Told.by(thrown)).doesNotContain("secret").contains("JedisException");
  }
}
