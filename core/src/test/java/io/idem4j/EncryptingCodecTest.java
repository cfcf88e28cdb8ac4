package io.idem4j;

import static io.idem4j.Bench.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Answers at rest: unreadable without the key, and useless in another record. */
final class EncryptingCodecTest {
  private static final VersionedKey OLD = aes("2025", 0);
  private static final VersionedKey NEW = aes("2026", 1);
  private static final KeyId ID = key("k").id();
  private static final KeyId OTHER = key("other").id();

  private final EncryptingCodec<String> codec = EncryptingCodec.of(Codec.text(), OLD);

  private static VersionedKey aes(String id, int first) {
    byte[] bytes = new byte[32];
    IntStream.range(0, 32).forEach(i -> bytes[i] = (byte) (first + i));
    return new VersionedKey(id, new SecretKeySpec(bytes, "AES"));
  }

  @Property(tries = 200)
  void anyBytes_comeBack(@ForAll @Size(max = 300) byte[] answer) throws Exception {
    EncryptingCodec<byte[]> bytes = EncryptingCodec.of(Codec.bytes(), OLD);
    byte[] sealed = bytes.encode(answer, ID);
    assertThat(sealed).hasSize(answer.length + 30 + "2025".length());
    assertThat(bytes.decode(sealed, ID)).isEqualTo(answer);
  }

  @Test
  void encode_hidesTheAnswer_andNeverRepeatsANonce() throws Exception {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      byte[] sealed = codec.encode("canary-answer", ID);
      String text = new String(sealed, StandardCharsets.ISO_8859_1);
      assertThat(text).doesNotContain("canary").doesNotContain("answer");
      assertThat(seen.add(text.substring(6, 18))).as("nonce %d", i).isTrue();
    }
  }

  /** Read by hand, so that what is stored today is told by a test and not by this code alone. */
  @Test
  void format_isVersionKeyIdNonceAndCiphertext() throws Exception {
    byte[] sealed = codec.encode("answer", ID);
    assertThat(Arrays.copyOf(sealed, 6)).containsExactly(1, 4, '2', '0', '2', '5');
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        OLD.key(),
        new GCMParameterSpec(128, Arrays.copyOfRange(sealed, 6, 18)));
    cipher.updateAAD(
        new Encoding("idem4j encrypted answer 1")
            .bytes(ID.bytes())
            .text("2025", "id")
            .text("text+aes-gcm", "type")
            .digest());
    assertThat(cipher.doFinal(Arrays.copyOfRange(sealed, 18, sealed.length)))
        .isEqualTo("answer".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void bad_25_anyBitFlippedOrAnyEndCutOff_isRefused() throws Exception {
    byte[] sealed = codec.encode("answer", ID);
    for (int bit = 0; bit < sealed.length * 8; bit++) {
      byte[] flipped = sealed.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertRefused(flipped, ID);
    }
    for (int length = 0; length < sealed.length; length++) {
      assertRefused(Arrays.copyOf(sealed, length), ID);
    }
    assertRefused(Arrays.copyOf(sealed, sealed.length + 1), ID);
    assertThat(codec.decode(sealed, ID)).isEqualTo("answer");
  }

  @Test
  void bad_26_movedToAnotherRecordKeyOrType_isRefused() throws Exception {
    byte[] sealed = codec.encode("answer", ID);
    assertRefused(sealed, OTHER);
    EncryptingCodec<String> renamed =
        EncryptingCodec.of(Codec.text(), new VersionedKey("2024", OLD.key()));
    byte[] relabelled = sealed.clone();
    relabelled[5] = '4';
    assertThatThrownBy(() -> renamed.decode(relabelled, ID)).isInstanceOf(CodecException.class);
    EncryptingCodec<byte[]> otherType = EncryptingCodec.of(Codec.bytes(), OLD);
    assertThatThrownBy(() -> otherType.decode(sealed, ID)).isInstanceOf(CodecException.class);
  }

  private void assertRefused(byte[] sealed, KeyId id) {
    assertThatThrownBy(() -> codec.decode(sealed, id))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining(id.shortDigest())
        .hasNoCause();
  }

  @Test
  void rotation_readsBoth_andTellsWhichKeyIsMissing() throws Exception {
    byte[] old = codec.encode("answer", ID);
    EncryptingCodec<String> reading = EncryptingCodec.of(Codec.text(), OLD, NEW);
    EncryptingCodec<String> writing = EncryptingCodec.of(Codec.text(), NEW, OLD);
    byte[] fresh = writing.encode("answer", ID);
    assertThat(reading.decode(fresh, ID)).isEqualTo("answer");
    assertThat(writing.decode(old, ID)).isEqualTo("answer");
    assertThatThrownBy(() -> codec.decode(fresh, ID))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining("none of [2025]");
  }

  @Test
  void inTheEngine_storedUnreadable_replayedReadable() {
    Bench bench = new Bench();
    Operation<String> operation =
        bench.idempotency.operation("charge", codec, OperationPolicy.rerun());
    operation.execute(key("k"), Bench.BODY, context -> "canary-answer");
    byte[] stored = bench.record("k").slots().payload();
    assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain("canary");
    assertThat(operation.execute(key("k"), Bench.BODY, bench.effect()).orElseThrow())
        .isEqualTo("canary-answer");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void bad_26_payloadMovedToAnotherRecord_isATypedErrorAndNeverARerun() {
    Bench bench = new Bench();
    Operation<String> operation =
        bench.idempotency.operation("charge", codec, OperationPolicy.rerun());
    operation.execute(key("mine"), Bench.BODY, context -> "mine");
    operation.execute(key("other"), Bench.BODY, context -> "other");
    byte[] mine = bench.record("mine").slots().payload();
    var moved =
        bench.record("other").toBuilder()
            .stamp(new Stamp(1, 1))
            .slots(Slots.of(mine, null))
            .build();
    bench.memory.compareAndSet(key("other").id(), bench.live("other").stamp(), moved);
    assertThatThrownBy(() -> operation.execute(key("other"), Bench.BODY, bench.effect()))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining("cannot be decrypted");
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.record("other").state()).isEqualTo(KeyState.COMPLETED);
  }

  /** Plain answers are not read: whoever may write to the store could plant one otherwise. */
  @Test
  void plainAnswer_isRefused() {
    Bench bench = new Bench();
    bench.operation(OperationPolicy.rerun()).execute(key("k"), Bench.BODY, context -> "planted");
    Operation<String> operation =
        bench.idempotency.operation("charge", codec, OperationPolicy.rerun());
    assertThatThrownBy(() -> operation.execute(key("k"), Bench.BODY, bench.effect()))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining("type label");
  }

  @Test
  void keys_thatCannotBeUsed_areRefused() {
    VersionedKey wrong = new VersionedKey("k", new SecretKeySpec(new byte[15], "AES"));
    assertThatThrownBy(() -> EncryptingCodec.of(Codec.text(), wrong))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("k is no key for AES");
    assertThatThrownBy(
            () -> EncryptingCodec.of(Codec.text(), OLD, new VersionedKey("2025", NEW.key())))
        .isInstanceOf(MisuseException.class);
    assertThat(codec).hasToString("EncryptingCodec[text+aes-gcm, 2025]");
  }

  @Test
  void encode_innerCodecThrows_isATombstone() throws GeneralSecurityException {
    Bench bench = new Bench();
    Codec<String> failing =
        Codec.of(
            "text",
            text -> {
              throw new IllegalStateException("cannot");
            },
            bytes -> "never");
    Operation<String> operation =
        bench.idempotency.operation(
            "charge", EncryptingCodec.of(failing, OLD), OperationPolicy.rerun());
    assertThat(operation.execute(key("k"), Bench.BODY, context -> "x"))
        .isInstanceOf(Outcome.Executed.class);
    assertThat(operation.execute(key("k"), Bench.BODY, context -> "x"))
        .isEqualTo(
            new Outcome.Replayed<>(
                java.util.Optional.empty(),
                false,
                java.util.Optional.empty(),
                java.util.Optional.empty()));
  }
}
