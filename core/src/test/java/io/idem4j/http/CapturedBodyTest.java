package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.idem4j.http.CapturedBody.TooLargeException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

final class CapturedBodyTest {
  private static final int MEGABYTE = 1024 * 1024;

  /** Gives what it has in pieces of random length, and fails where it is told to. */
  private static final class Pieces extends InputStream {
    private final byte[] bytes;
    private final Random random;
    private final int longest;
    private int failsAt = Integer.MAX_VALUE;
    private int at;
    private int endsSeen;

    Pieces(byte[] bytes, int longest, long seed) {
      this.bytes = bytes;
      this.longest = longest;
      this.random = new Random(seed);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (at >= failsAt) {
        throw new IOException("connection reset");
      }
      if (at == bytes.length) {
        endsSeen++;
        return -1;
      }
      int count = Math.min(Math.min(length, 1 + random.nextInt(longest)), bytes.length - at);
      System.arraycopy(bytes, at, target, offset, count);
      at += count;
      return count;
    }
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Property(tries = 400)
  void bodyInAnyPieces_withAnyDeclaredLength_isReadWhole_orRefusedAtTheLimit(
      @ForAll @IntRange(max = 100_000) int length,
      @ForAll @IntRange(min = 1, max = 20_000) int longest,
      @ForAll @IntRange(min = -1, max = 120_000) int declared,
      @ForAll @IntRange(max = 120_000) int limit,
      @ForAll long seed)
      throws Exception {
    byte[] sent = random(length, seed);
    Pieces pieces = new Pieces(sent, longest, seed);
    if (length > limit || declared > limit) {
      assertThatThrownBy(() -> CapturedBody.read(pieces, declared, limit))
          .isInstanceOf(TooLargeException.class);
      assertThat(pieces.at).as("no more is read than shows it").isLessThanOrEqualTo(limit + 1);
      return;
    } else if (length < declared) {
      assertThatThrownBy(() -> CapturedBody.read(pieces, declared, limit))
          .isInstanceOf(EOFException.class);
      return;
    }
    AtomicReference<CapturedBody> read = new AtomicReference<>();
    assertThatCode(() -> read.set(CapturedBody.read(pieces, declared, limit)))
        .doesNotThrowAnyException();
    CapturedBody body = read.get();
    assertThat(body.length()).isEqualTo(length);
    assertThat(body.stream().readAllBytes()).isEqualTo(sent);
    assertThat(body.stream().readAllBytes()).as("from the beginning again").isEqualTo(sent);
    assertThat(readInPieces(body.stream(), seed)).isEqualTo(sent);
    assertThat(pieces.endsSeen).as("read to its end, once").isEqualTo(1);
  }

  private static byte[] readInPieces(InputStream in, long seed) throws IOException {
    Random random = new Random(seed);
    byte[] all = new byte[0];
    while (true) {
      int before = in.available();
      if (random.nextInt(4) == 0) {
        int one = in.read();
        if (one < 0) {
          return all;
        }
        all = Arrays.copyOf(all, all.length + 1);
        all[all.length - 1] = (byte) one;
        assertThat(in.available()).isEqualTo(before - 1);
        continue;
      }
      byte[] target = new byte[7 + random.nextInt(30_000)];
      int count = in.read(target, 3, target.length - 5);
      if (count < 0) {
        return all;
      }
      all = Arrays.copyOf(all, all.length + count);
      System.arraycopy(target, 3, all, all.length - count, count);
    }
  }

  @Test
  void limit_letsExactlyItThrough() throws Exception {
    for (int limit : new int[] {0, 1, 8 * 1024, 64 * 1024, 100_000, MEGABYTE}) {
      for (int length : new int[] {limit - 1, limit, limit + 1}) {
        for (int declared : new int[] {-1, length}) {
          if (length < 0) {
            continue;
          }
          InputStream in = new ByteArrayInputStream(random(length, 1));
          if (length > limit) {
            assertThatThrownBy(() -> CapturedBody.read(in, declared, limit))
                .isInstanceOf(TooLargeException.class);
          } else {
            assertThat(CapturedBody.read(in, declared, limit).length()).isEqualTo(length);
          }
        }
      }
    }
  }

  @Test
  void declaredLengthOverTheLimit_isBelievedWithoutReading() {
    Pieces pieces = new Pieces(random(10, 1), 10, 1);
    assertThatThrownBy(() -> CapturedBody.read(pieces, 11, 10))
        .isInstanceOf(TooLargeException.class);
    assertThat(pieces.at).isZero();
  }

  @Test
  void arraysBody_overTheLimit_isTooLarge_andOtherwiseTheArrayItself() throws Exception {
    HttpRequest request = HttpRequest.of("POST", "/", HttpHeaders.none(), new byte[11]);
    assertThatThrownBy(() -> request.capture(10)).isInstanceOf(TooLargeException.class);
    assertThat(request.capture(11).stream().readAllBytes()).hasSize(11);
    assertThat(CapturedBody.of(new byte[0]).stream().read()).isEqualTo(-1);
    assertThat(CapturedBody.of(new byte[0]).stream().read(new byte[0], 0, 0)).isZero();
    assertThat(CapturedBody.of(new byte[] {-1}).stream().read()).isEqualTo(255);
  }

  @Test
  void bodyThatFailsInTheMiddle_failsEachCapture_andIsNeverTakenForTheRest() throws Exception {
    Pieces pieces = new Pieces(random(30_000, 1), 1_000, 1);
    pieces.failsAt = 10_000;
    HttpRequest request = HttpRequest.of("POST", "/", HttpHeaders.none(), pieces);
    assertThatThrownBy(() -> request.capture(MEGABYTE)).isInstanceOf(IOException.class);
    pieces.failsAt = Integer.MAX_VALUE;
    assertThatThrownBy(() -> request.capture(MEGABYTE)).isInstanceOf(IOException.class);
  }

  @Test
  void bodyThatWasTooLarge_isTooLargeAgain_whateverIsLeftOfIt() {
    HttpRequest request =
        HttpRequest.of(
            "POST", "/", HttpHeaders.none(), new ByteArrayInputStream(random(15_000, 1)));
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> request.capture(10_000)).isInstanceOf(TooLargeException.class);
    }
  }

  @Test
  void contentLengthThatIsNone_isNotBelieved() throws Exception {
    for (String declared :
        new String[] {"", "-1", "+5", "5 ", "1e3", "0x5", "99999999999999999999", "\u0665"}) {
      HttpRequest request =
          HttpRequest.of(
              "POST",
              "/",
              HttpHeaders.of("Content-Length", declared),
              new ByteArrayInputStream(random(100, 1)));
      assertThat(request.capture(100).length()).as(declared).isEqualTo(100);
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  /** What is allocated from the request's arrival to the beginning of its handler. */
  private static long allocatedUpToTheHandler(HttpRequest request, HttpOperation operation)
      throws IOException {
    long[] atHandler = new long[1];
    long before = allocated();
    HttpResponse response =
        operation.handle(
            HttpBench.TENANT,
            request,
            context -> {
              atHandler[0] = allocated();
              return HttpResponse.of(201);
            });
    assertThat(response.status()).isEqualTo(201);
    return atHandler[0] - before;
  }

  private static HttpHeaders keyed(String key) {
    return HttpHeaders.of("Idempotency-Key", key);
  }

  @Test
  void bodyOfAMegabyte_costsNoSecondCopy() throws Exception {
    HttpBench bench = new HttpBench();
    byte[] sent = random(MEGABYTE, 1);
    for (int limit : new int[] {MEGABYTE, 16 * MEGABYTE}) {
      HttpOperation operation = bench.operation(HttpBench.RERUN.withMaximumRequestBody(limit));
      for (int i = 0; i < 3; i++) {
        String key = limit + "-" + i;
        HttpRequest array = HttpRequest.of("POST", "/", keyed(key + "a"), sent);
        InputStream in = new ByteArrayInputStream(sent);
        HttpRequest stream = HttpRequest.of("POST", "/", keyed(key + "s"), in);
        HttpHeaders declared =
            keyed(key + "d").with("Content-Length", Integer.toString(sent.length));
        HttpRequest known = HttpRequest.of("POST", "/", declared, new ByteArrayInputStream(sent));
        long ofArray = allocatedUpToTheHandler(array, operation);
        long ofStream = allocatedUpToTheHandler(stream, operation);
        long ofKnown = allocatedUpToTheHandler(known, operation);
        if (i > 0) {
          // The first one loads classes.
          assertThat(ofArray).isLessThan(MEGABYTE / 8);
          assertThat(ofStream).isLessThan(MEGABYTE * 5L / 4);
          assertThat(ofKnown).isLessThan(MEGABYTE * 5L / 4);
        }
      }
    }
  }
}
