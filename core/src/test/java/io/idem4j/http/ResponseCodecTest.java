package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.idem4j.EncryptingCodec;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.VersionedKey;
import io.idem4j.spi.KeyRecord;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class ResponseCodecTest {
  private static final int LIMIT = 300;
  private static final KeyId ID = IdempotencyKey.of(HttpBench.TENANT, "o", "k").id();
  private static final ResponseCodec CODEC = new ResponseCodec(ReplayHeaders.allExcept(), LIMIT);
  private static final VersionedKey KEY =
      new VersionedKey("k1", new SecretKeySpec(new byte[32], "AES"));

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.strings()
        .withChars("!#$%&'*+-.^_`|~")
        .alpha()
        .numeric()
        .ofMinLength(1)
        .ofMaxLength(20)
        .filter(name -> !ReplayHeaders.isBlocked(name));
  }

  @Provide
  Arbitrary<String> values() {
    return Arbitraries.strings()
        .withCharRange(' ', '~')
        .withCharRange('\u0080', '\u00FF')
        .withChars('\t')
        .ofMaxLength(40);
  }

  @Property(tries = 500)
  void response_isReadAsItWasWritten(
      @ForAll @IntRange(min = 200, max = 599) int status,
      @ForAll @Size(max = 6) List<@net.jqwik.api.From("names") String> names,
      @ForAll @Size(min = 6, max = 6) List<@net.jqwik.api.From("values") String> values,
      @ForAll @Size(max = LIMIT) byte[] body)
      throws Exception {
    HttpHeaders.Builder headers = HttpHeaders.builder();
    for (int i = 0; i < names.size(); i++) {
      headers.add(names.get(i), values.get(i));
    }
    HttpResponse response = HttpResponse.of(status, headers.build(), body);
    assertThat(CODEC.decode(CODEC.encode(response, ID), ID)).isEqualTo(response);

    HttpResponse head = CODEC.decode(CODEC.encodeWithoutBody(response, ID).orElseThrow(), ID);
    assertThat(head).isEqualTo(HttpResponse.recorded(status, headers.build(), new byte[0], false));

    EncryptingCodec<HttpResponse> sealed = EncryptingCodec.of(CODEC, KEY);
    assertThat(sealed.decode(sealed.encode(response, ID), ID)).isEqualTo(response);
  }

  @Test
  void bodyOverTheLimit_isNotKept_andAtTheLimitItIs() {
    for (int length : new int[] {0, LIMIT - 1, LIMIT, LIMIT + 1}) {
      HttpResponse response = HttpResponse.of(200, HttpHeaders.none(), new byte[length]);
      HttpResponse recorded = CODEC.decode(CODEC.encode(response, ID), ID);
      assertThat(recorded.bodyKept()).isEqualTo(length <= LIMIT);
      assertThat(recorded.body()).hasSize(length <= LIMIT ? length : 0);
    }
  }

  private static HttpResponse sample() {
    return HttpResponse.of(201, "text/plain", "canary-body").withHeader("ETag", "\"1\"");
  }

  /** A response from damaged bytes is an error that quotes nothing, or sound by itself. */
  private static boolean isRefused(byte[] bytes) {
    try {
      HttpResponse response = CODEC.decode(bytes, ID);
      assertThat(CODEC.decode(CODEC.encode(response, ID), ID)).isEqualTo(response);
      return false;
    } catch (IllegalStateException e) {
      assertThat(e).hasNoCause();
      assertThat(e.getMessage()).doesNotContain("canary");
      return true;
    }
  }

  @Test
  void b25_everyTruncation_andEveryLongerForm_isRefused() {
    byte[] whole = CODEC.encode(sample(), ID);
    for (int length = 0; length < whole.length; length++) {
      assertThat(isRefused(Arrays.copyOf(whole, length))).as("%s bytes", length).isTrue();
    }
    assertThat(isRefused(Arrays.copyOf(whole, whole.length + 1))).isTrue();
    assertThat(isRefused(whole)).isFalse();
  }

  @Test
  void b25_everyFlippedBit_isRefusedOrSoundByItself() {
    byte[] whole = CODEC.encode(sample(), ID);
    int refused = 0;
    for (int bit = 0; bit < whole.length * 8; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      refused += isRefused(flipped) ? 1 : 0;
    }
    assertThat(refused).isGreaterThan(200);
  }

  @Property(tries = 2_000)
  void b25_randomBytes_areRefusedOrSoundByThemselves(
      @ForAll @Size(max = 80) byte[] bytes, @ForAll boolean hasVersion) {
    if (hasVersion && bytes.length > 1) {
      bytes[0] = 1;
      bytes[1] = 1;
    }
    isRefused(bytes);
  }

  @Test
  void b25_damagedLengths_allocateNothingOfTheirSize() {
    long before = allocated();
    for (int length : new int[] {1 << 24, 1 << 30, Integer.MAX_VALUE - 8, -1, 1}) {
      assertThat(isRefused(ByteBuffer.allocate(10).put(head(0)).putInt(length).array())).isTrue();
      byte[] value =
          ByteBuffer.allocate(13)
              .put(head(1))
              .putShort((short) 1)
              .put((byte) 'a')
              .putInt(length)
              .array();
      assertThat(isRefused(value)).isTrue();
    }
    assertThat(allocated() - before).isLessThan(1 << 23);
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  /** Version, flags, status 200 and the number of lines. */
  private static byte[] head(int lines) {
    return new byte[] {1, 1, 0, (byte) 200, 0, (byte) lines};
  }

  @Test
  void b25_otherVersionsFlagsAndStatuses_areRefused() {
    byte[] whole = CODEC.encode(HttpResponse.of(200), ID);
    Consumer<byte[]> refused = bytes -> assertThat(isRefused(bytes)).isTrue();
    for (int version = 0; version < 256; version++) {
      if (version != 1) {
        refused.accept(with(whole, 0, version));
      }
    }
    for (int flags : new int[] {2, 3, 0x80, 0xFF}) {
      refused.accept(with(whole, 1, flags));
    }
    refused.accept(with(whole, 3, 199));
    refused.accept(with(whole, 2, 0xFF));
    byte[] body = CODEC.encode(HttpResponse.of(200, HttpHeaders.none(), new byte[1]), ID);
    refused.accept(with(body, 1, 0));
  }

  private static byte[] with(byte[] bytes, int at, int value) {
    byte[] changed = bytes.clone();
    changed[at] = (byte) value;
    return changed;
  }

  private static byte[] replaced(byte[] bytes, String text, String other) {
    String latin1 = new String(bytes, StandardCharsets.ISO_8859_1);
    assertThat(latin1).contains(text);
    assertThat(other).hasSameSizeAs(text);
    return latin1.replace(text, other).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static final List<String> SPLITTING =
      List.of("text\r\nlain", "text\rplain", "text/\0lain");

  @Test
  void b28_valueThatWouldSplitTheResponse_putIntoTheStore_isRefusedAtReplay() {
    for (String split : SPLITTING) {
      assertThat(isRefused(replaced(CODEC.encode(sample(), ID), "text/plain", split))).isTrue();
    }
    assertThat(isRefused(replaced(CODEC.encode(sample(), ID), "ETag", "ET\ng"))).isTrue();
  }

  @Test
  void b27_blockedField_putIntoTheStore_isNotReplayed() {
    HttpResponse own = HttpResponse.of(200, HttpHeaders.of("Set-Cooky5", "a"), new byte[0]);
    assertThat(CODEC.decode(CODEC.encode(own, ID), ID)).isEqualTo(own);
    for (String name : List.of("Set-Cookie", "SET-COOKIE")) {
      byte[] bytes = replaced(CODEC.encode(own, ID), "Set-Cooky5", name);
      assertThat(CODEC.decode(bytes, ID).headers()).isEqualTo(HttpHeaders.none());
    }
  }

  @Test
  void b25_damagedRecord_throughTheEngine_isAnErrorOfItsOwn_andRunsAndOverwritesNothing() {
    for (boolean encrypts : new boolean[] {false, true}) {
      HttpBench bench = new HttpBench();
      HttpPolicy policy =
          encrypts
              ? HttpBench.RERUN.withCodec(codec -> EncryptingCodec.of(codec, KEY))
              : HttpBench.RERUN;
      HttpOperation operation = bench.operation(policy);
      HttpRequest request = HttpBench.post("k", "body");
      HttpResponse first = bench.send(operation, request);
      IdempotencyKey key = IdempotencyKey.of(HttpBench.TENANT, HttpBench.OPERATION, "k");
      KeyRecord sound = bench.engine.record(key).orElseThrow();
      byte[] payload = sound.slots().payload();
      assertThat(new String(payload, StandardCharsets.ISO_8859_1).contains("application/json"))
          .isEqualTo(!encrypts);
      long seed = 42;
      Random random = new Random(seed);
      for (int i = 0; i < 300; i++) {
        byte[] damaged = damaged(payload, random, i);
        bench.engine.damage(key, damaged);
        HttpResponse answer = bench.send(operation, request);
        assertThat(bench.effects).as("seed %s, damage %s", seed, i).hasValue(1);
        assertThat(bench.engine.record(key).orElseThrow().slots().payload()).isSameAs(damaged);
        if (answer.status() == 500) {
          assertThat(HttpBench.type(answer)).isEqualTo("record-unreadable");
        } else {
          assertThat(HttpBench.field(answer, "Idempotent-Replayed")).isEqualTo("true");
          assertThat(encrypts).as("seed %s, damage %s", seed, i).isFalse();
        }
      }
      bench.engine.damage(key, payload);
      assertThat(bench.send(operation, request).body()).isEqualTo(first.body());
    }
  }

  private static byte[] damaged(byte[] payload, Random random, int number) {
    if (number % 3 == 0) {
      return Arrays.copyOf(payload, random.nextInt(payload.length));
    }
    byte[] damaged = payload.clone();
    if (number % 3 == 1) {
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
    } else {
      random.nextBytes(damaged);
    }
    return damaged;
  }

  @Test
  void tooManyLines_areRefusedWithoutUndoingTheOperation() {
    HttpHeaders.Builder headers = HttpHeaders.builder();
    for (int i = 0; i < 0x10000; i++) {
      headers.add("A", "");
    }
    HttpResponse response = HttpResponse.of(200, headers.build(), new byte[0]);
    assertThatThrownBy(() -> CODEC.encode(response, ID)).hasMessageContaining("too many");
    HttpBench bench = new HttpBench();
    HttpOperation operation =
        bench.operation(HttpBench.RERUN.withReplayHeaders(ReplayHeaders.allExcept()));
    HttpRequest request = HttpBench.post("k", "body");
    assertThat(bench.send(HttpBench.TENANT, operation, request, context -> response))
        .isEqualTo(response);
    assertThat(HttpBench.type(bench.send(operation, request))).isEqualTo("answer-not-kept");
    assertThat(bench.effects).hasValue(0);
  }
}
