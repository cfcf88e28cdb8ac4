package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Encrypted answers that were altered: {@link CodecException} and nothing else, and never another
 * answer (bad-inputs.md 25 and 26), beyond the flips and cuts of {@link EncryptingCodecTest}. Seeds
 * are printed on failure.
 *
 * <p>More of it: {@code mvn test -pl core -Dtest=EncryptingCodecFuzzTest
 * -Djqwik.tries.default=200000}
 */
class EncryptingCodecFuzzTest {
  private static final KeyId ID = KeyId.of(new byte[KeyId.LENGTH]);
  private static final AtomicLong DECODED = new AtomicLong();

  private final EncryptingCodec<String> codec = EncryptingCodec.of(Codec.text(), key("a", 1));

  @AfterContainer
  static void count() {
    Proof.count("EncryptingCodecFuzzTest", "altered answers", DECODED.get());
  }

  private static VersionedKey key(String id, int seed) {
    byte[] bytes = new byte[32];
    Arrays.fill(bytes, (byte) seed);
    return new VersionedKey(id, new SecretKeySpec(bytes, "AES"));
  }

  private void refused(byte[] bytes) throws Exception {
    DECODED.incrementAndGet();
    String read;
    try {
      read = codec.decode(bytes, ID);
    } catch (CodecException e) {
      assertThat(e).hasNoCause();
      assertThat(e.getMessage()).startsWith("key ").doesNotContain("answer 17");
      return;
    }
    throw new AssertionError("altered bytes were read as " + read);
  }

  @Example
  void cutBeginningAndAddition_areRefused() throws Exception {
    for (String answer : new String[] {"", "answer 17", "x".repeat(100)}) {
      byte[] bytes = codec.encode(answer, ID);
      assertThat(codec.decode(bytes, ID)).isEqualTo(answer);
      for (int from = 1; from <= bytes.length; from++) {
        refused(Arrays.copyOfRange(bytes, from, bytes.length));
        refused(Arrays.copyOf(bytes, bytes.length + from));
      }
    }
  }

  /** The length of the key's name, in one byte: all of them, on answers long and short. */
  @Example
  void everyOtherNameLength_isRefused() throws Exception {
    for (int size : new int[] {0, 1, 90, 110, 300}) {
      byte[] bytes = codec.encode("x".repeat(size), ID);
      for (int length = 0; length < 256; length++) {
        if (length != 1) {
          bytes[1] = (byte) length;
          refused(bytes);
        }
      }
    }
  }

  @Property
  void anyBytes_areRefused(@ForAll byte[] bytes) throws Exception {
    refused(bytes);
  }

  @Property
  void anyBytes_behindAGoodBeginning_areRefused(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    byte[] bytes = new byte[3 + random.nextInt(100)];
    random.nextBytes(bytes);
    bytes[0] = 1;
    bytes[1] = 1;
    bytes[2] = 'a';
    refused(bytes);
  }

  @Property
  void partsOfTwoAnswers_areRefused(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    byte[] one = codec.encode("answer 17", ID);
    byte[] other = codec.encode("answer 18", ID);
    int cut = 4 + random.nextInt(one.length - 5);
    byte[] mixed = other.clone();
    System.arraycopy(one, 0, mixed, 0, cut);
    if (!Arrays.equals(mixed, one) && !Arrays.equals(mixed, other)) {
      refused(mixed);
    }
  }

  @Property
  void anotherRecordsAnswer_isRefused(@ForAll long seed) throws Exception {
    byte[] id = new byte[KeyId.LENGTH];
    new Random(seed).nextBytes(id);
    refused(codec.encode("answer 17", KeyId.of(id)));
    assertThat(codec.decode(codec.encode("answer 17", KeyId.of(id)), KeyId.of(id)))
        .isEqualTo("answer 17");
  }

  @Example
  void answerOfAnotherKeyOfTheSameName_isRefused() throws Exception {
    refused(EncryptingCodec.of(Codec.text(), key("a", 2)).encode("answer 17", ID));
    refused(
        EncryptingCodec.of(Codec.bytes(), key("a", 1))
            .encode("answer 17".getBytes(StandardCharsets.UTF_8), ID));
  }
}
