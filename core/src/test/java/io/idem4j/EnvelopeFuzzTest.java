package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Envelope.Kind;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.tck.Samples;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Payloads that core did not seal, or that were altered since, against {@link Envelope} and what
 * replays it. The envelope has no checksum: a store answers for its bytes (S4), and stores without
 * columns keep it inside a record that has one. So altered bytes of an answer reach the codec as
 * they are; what is shown here is that nothing but a typed error or an answer comes of any bytes,
 * and that no part of them is lost on the way.
 *
 * <p>More of it: {@code mvn test -pl core -Dtest=EnvelopeFuzzTest -Djqwik.tries.default=200000}
 */
class EnvelopeFuzzTest {
  private static final KeyId ID = KeyId.of(new byte[KeyId.LENGTH]);
  private static final int HEADER = 1 + Short.BYTES;

  private static final AtomicLong OPENED = new AtomicLong();
  private static final AtomicLong REFUSED = new AtomicLong();

  @AfterContainer
  static void count() {
    Proof.count("EnvelopeFuzzTest", "altered payloads", OPENED.get());
    Proof.count("EnvelopeFuzzTest", "of these refused", REFUSED.get());
  }

  /** The envelope, or null for the typed error. */
  private static Envelope open(byte[] payload) {
    OPENED.incrementAndGet();
    try {
      return Envelope.open(ID, payload);
    } catch (KeyStoreException e) {
      REFUSED.incrementAndGet();
      requireTyped(e);
      return null;
    }
  }

  private static void requireTyped(KeyStoreException e) {
    assertThat(e.reason()).isEqualTo(Reason.UNREADABLE);
    assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
    assertThat(e).hasNoCause();
  }

  /** What the layout says, read another way: kind, length of the label, and a text of it. */
  private static boolean isWellFormed(byte[] payload) {
    if (payload.length < HEADER || payload[0] < 1 || payload[0] > 3) {
      return false;
    }
    int end = HEADER + ((payload[1] & 0xFF) << 8 | (payload[2] & 0xFF));
    return payload.length >= end && isText(Arrays.copyOfRange(payload, HEADER, end));
  }

  /** What is no text comes back as other bytes. */
  private static boolean isText(byte[] utf8) {
    String text = new String(utf8, StandardCharsets.UTF_8);
    return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), utf8);
  }

  private static void check(byte[] payload) {
    Envelope envelope = open(payload);
    assertThat(envelope != null).isEqualTo(isWellFormed(payload));
    if (envelope != null) {
      int label = (payload[1] & 0xFF) << 8 | (payload[2] & 0xFF);
      assertThat(envelope.kind())
          .isEqualTo(List.of(Kind.ANSWER, Kind.NOT_KEPT, Kind.FAILURE).get(payload[0] - 1));
      assertThat(envelope.label())
          .isEqualTo(new String(payload, HEADER, label, StandardCharsets.UTF_8));
      assertThat(envelope.bytes())
          .isEqualTo(Arrays.copyOfRange(payload, HEADER + label, payload.length));
    }
    replay(payload);
  }

  /** In either state: an outcome, or one of the two typed errors. */
  private static void replay(byte[] payload) {
    Answers<String> answers = new Answers<>("op", Codec.text(), 1_000);
    for (KeyState state : new KeyState[] {KeyState.COMPLETED, KeyState.FAILED_FINAL}) {
      KeyRecord record =
          Samples.locked(ID, Samples.stamp()).state(state).slots(Slots.of(payload, null)).build();
      try {
        Outcome<String> outcome = answers.replay(record, Optional.empty());
        assertThat(outcome)
            .isInstanceOf(
                state == KeyState.COMPLETED ? Outcome.Replayed.class : Outcome.Failed.class);
      } catch (KeyStoreException e) {
        requireTyped(e);
      } catch (CodecException e) {
        assertThat(state).isEqualTo(KeyState.COMPLETED);
        assertThat(e).hasNoCause();
      }
    }
  }

  @Property
  void anyBytes_areAnAnswerOrATypedError(@ForAll byte[] payload) {
    check(payload);
  }

  @Property
  void sealedPayload_withFaults_isAnAnswerOrATypedError(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] payload = sealed(random);
    for (int faults = random.nextInt(4); faults > 0 && payload.length > 0; faults--) {
      int place = random.nextInt(payload.length);
      switch (random.nextInt(4)) {
        case 0 -> payload[place] ^= (byte) (1 << random.nextInt(8));
        case 1 -> payload = Arrays.copyOf(payload, place);
        case 2 -> payload = Arrays.copyOf(payload, payload.length + 1 + random.nextInt(9));
        default -> payload[place] = (byte) random.nextInt(256);
      }
    }
    check(payload);
  }

  @Example
  void everyTruncationAndEveryBitFlip_isAnAnswerOrATypedError() {
    for (byte[] payload : examples()) {
      for (int length = 0; length < payload.length; length++) {
        check(Arrays.copyOf(payload, length));
      }
      for (int bit = 0; bit < payload.length * 8; bit++) {
        byte[] flipped = payload.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        check(flipped);
      }
    }
  }

  /** All 65,536 lengths of the label, of a kind and of none. */
  @Example
  void everyLabelLength_isBelievedOnlyIfThereIsRoom() {
    byte[] payload = Arrays.copyOf(Envelope.answer("text", new byte[300]), 300);
    for (int kind : new int[] {1, 4}) {
      payload[0] = (byte) kind;
      for (int length = 0; length <= 0xFFFF; length++) {
        ByteBuffer.wrap(payload).putShort(1, (short) length);
        assertThat(open(payload) != null).isEqualTo(isWellFormed(payload));
      }
    }
  }

  @Example
  void labelThatIsNoText_isNoTypeAndNoCode() {
    for (int bad : new int[] {0xFF, 0xC0, 0x80, 0xED}) {
      byte[] answer = Envelope.answer("text", new byte[] {'x'});
      answer[HEADER] = (byte) bad;
      check(answer);
    }
  }

  @Example
  void missingPayload_isUnreadable() {
    assertThat(open(null)).isNull();
    replay(null);
  }

  private static List<byte[]> examples() {
    List<byte[]> examples = new ArrayList<>();
    examples.add(Envelope.answer("utf-8", "answer".getBytes(StandardCharsets.UTF_8)));
    examples.add(Envelope.answer("t\u00fc", new byte[0]));
    examples.add(Envelope.notKept(Codec.text().type()));
    examples.add(Envelope.failure("insufficient-funds", new byte[] {0, 1, 2}));
    examples.add(Envelope.failure("x", new byte[0]));
    return examples;
  }

  private static byte[] sealed(Random random) {
    byte[] bytes = new byte[random.nextInt(50)];
    random.nextBytes(bytes);
    return switch (random.nextInt(3)) {
      case 0 -> Envelope.answer(Codec.text().type(), bytes);
      case 1 -> Envelope.notKept(Codec.text().type());
      default -> Envelope.failure("c".repeat(1 + random.nextInt(200)), bytes);
    };
  }
}
