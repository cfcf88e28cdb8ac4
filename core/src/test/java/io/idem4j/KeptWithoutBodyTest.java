package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** What is kept of an answer that is too large: what its codec keeps, or else a tombstone (I44). */
final class KeptWithoutBodyTest {
  private static final VersionedKey KEY =
      new VersionedKey("k1", new SecretKeySpec(new byte[32], "AES"));

  private final Bench bench = new Bench();
  private final Parts parts = new Parts();

  /** Text, of which the part before the first blank is its head. */
  private static class Parts implements Codec<String> {
    @Override
    public String type() {
      return "parts";
    }

    @Override
    public byte[] encode(String value, KeyId keyId) {
      return value.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public Optional<byte[]> encodeWithoutBody(String value, KeyId keyId) throws Exception {
      return Optional.of(encode(value.substring(0, value.indexOf(' ')), keyId));
    }

    @Override
    public String decode(byte[] bytes, KeyId keyId) {
      return new String(bytes, StandardCharsets.US_ASCII);
    }
  }

  /** A store that takes payloads up to a size, and remembers how long the others were. */
  private final class Small implements KeyStore {
    private final int most;
    private final List<Integer> refused = new ArrayList<>();

    Small(int most) {
      this.most = most;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      byte[] payload = next.slots().payload();
      if (payload != null && payload.length > most) {
        refused.add(payload.length);
        throw new PayloadTooLargeException(payload.length, most);
      }
      return bench.memory.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return bench.memory.find(id);
    }
  }

  private Outcome<String> answer(KeyStore store, Codec<String> codec, String answer) {
    return bench
        .engineOn(store)
        .operation("charge", codec, OperationPolicy.rerun())
        .execute(
            key("k"),
            BODY,
            context -> {
              bench.effects.incrementAndGet();
              return answer;
            });
  }

  private void assertRetryGets(Codec<String> codec, String head) {
    Outcome<String> retry = answer(bench.memory, codec, "again");
    assertThat(retry)
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.ofNullable(head), head != null, Optional.empty(), Optional.empty()));
    assertThat(bench.effects).hasValue(1);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void i44_answerOverTheMaximumPayload_isKeptAsItsCodecKeepsIt() {
    String large = "head " + "x".repeat(100);
    assertThat(answer(bench.store, parts, large)).isEqualTo(new Outcome.Executed<>(large, true));
    assertRetryGets(parts, "head");
  }

  @Test
  void i44_headOverTheMaximumPayload_isATombstone() {
    answer(bench.store, parts, "x".repeat(101) + " body");
    assertRetryGets(parts, null);
  }

  @Test
  void i44_headAtTheMaximumPayload_isKept() {
    answer(bench.store, parts, "x".repeat(100) + " body");
    assertRetryGets(parts, "x".repeat(100));
  }

  @Test
  void i44_codecThatThrowsOfAHead_leavesATombstone() {
    for (Throwable thrown : List.of(new Exception("no head"), new StackOverflowError("no head"))) {
      Bench own = new Bench();
      Codec<String> broken =
          new Parts() {
            @Override
            public Optional<byte[]> encodeWithoutBody(String value, KeyId keyId) throws Exception {
              if (thrown instanceof Error error) {
                throw error;
              }
              throw (Exception) thrown;
            }
          };
      Operation<String> operation =
          own.idempotency.operation("charge", broken, OperationPolicy.rerun());
      assertThat(operation.execute(key("k"), BODY, context -> "x".repeat(101)))
          .isInstanceOf(Outcome.Executed.class);
      assertThat(own.record("k").state()).isEqualTo(KeyState.COMPLETED);
      assertThat(operation.execute(key("k"), BODY, own.effect()))
          .isEqualTo(
              new Outcome.Replayed<>(Optional.empty(), false, Optional.empty(), Optional.empty()));
    }
  }

  @Test
  void i44_answerOverTheStoresLimit_isKeptAsItsCodecKeepsIt() {
    Small store = new Small(30);
    assertThat(answer(store, parts, "head " + "x".repeat(60))).isInstanceOf(Outcome.Executed.class);
    assertThat(store.refused).hasSize(1);
    assertRetryGets(parts, "head");
  }

  @Test
  void i44_headOverTheStoresLimitToo_isATombstone_andNeverALock() {
    Small store = new Small(30);
    assertThat(answer(store, parts, "h".repeat(40) + " " + "x".repeat(40)))
        .isEqualTo(new Outcome.Executed<>("h".repeat(40) + " " + "x".repeat(40), true));
    assertThat(store.refused).hasSize(2);
    bench.pass(seconds(60));
    assertRetryGets(parts, null);
  }

  @Test
  void i44_headThatIsRefusedAsTheAnswer_isNotOfferedTwice() {
    Small store = new Small(30);
    answer(store, parts, "h".repeat(40) + " " + "x".repeat(100));
    assertThat(store.refused).as("the head, after the answer was over core's own limit").hasSize(1);
    assertRetryGets(parts, null);
  }

  @Test
  void headOfAnEncryptedAnswer_isEncryptedToo() {
    Codec<String> sealed = EncryptingCodec.of(parts, KEY);
    answer(bench.store, sealed, "secret-head " + "x".repeat(100));
    byte[] payload = bench.record("k").slots().payload();
    assertThat(new String(payload, StandardCharsets.ISO_8859_1)).doesNotContain("secret-head");
    assertRetryGets(sealed, "secret-head");
  }

  @Test
  void encryptedAnswerWithoutAHead_isATombstone() {
    Codec<String> sealed = EncryptingCodec.of(Codec.text(), KEY);
    answer(bench.store, sealed, "x".repeat(101));
    assertRetryGets(sealed, null);
  }
}
