package io.idem4j;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The finished steps of an operation under one key, as its record holds them: for a {@link
 * Recovery} that wants to know how far an earlier attempt came, and for whoever clears up what it
 * left behind, such as a draft. Immutable.
 *
 * <p>A record forgets its steps when it gets an answer or a final failure.
 */
public final class RecordedSteps {
  // The checkpoint, big-endian: version (1), steps (2); for each its name (2 + n, UTF-8) and its
  // result (4 + n, an envelope as in the payload; -1 stands for null); CRC-32C of the key id and
  // all that (4), because a store with columns has no sum of its own.
  private static final byte VERSION = 1;
  private static final int NULL = -1;
  private static final int FIXED = 1 + Short.BYTES + Integer.BYTES;

  /** One step: its result is null, or sealed. */
  static final class Step {
    private final String name;
    private final byte @Nullable [] result;

    private Step(String name, byte @Nullable [] result) {
      this.name = name;
      this.result = result;
    }

    String name() {
      return name;
    }

    private byte[] utf8() {
      return name.getBytes(StandardCharsets.UTF_8);
    }

    private int size() {
      return Short.BYTES + utf8().length + Integer.BYTES + (result == null ? 0 : result.length);
    }
  }

  private final KeyId id;
  private final String operation;
  private final List<Step> steps;

  private RecordedSteps(String operation, KeyId id, List<Step> steps) {
    this.id = id;
    this.operation = operation;
    this.steps = List.copyOf(steps);
  }

  /** Returns the names of the finished steps, in their order. */
  public List<String> names() {
    return steps.stream().map(Step::name).toList();
  }

  /**
   * Returns the result of a finished step; empty if there is no such step, or its result is null:
   * {@link #names} tells.
   *
   * @param codec the one that the step was given
   * @throws CodecException if the result bears another type label, or the codec cannot read it
   */
  public <S extends @Nullable Object> Optional<S> value(String name, Codec<S> codec) {
    var answers = new Answers<>(operation, codec, 0);
    for (Step each : steps) {
      if (each.name().equals(name)) {
        return Optional.ofNullable(value(each, answers));
      }
    }
    return Optional.empty();
  }

  @SuppressWarnings("NullAway") // a null that was recorded was an S
  <S extends @Nullable Object> S value(Step step, Answers<S> answers) {
    byte[] result = step.result;
    return result == null ? null : answers.decode(id, Envelope.open(id, result));
  }

  int size() {
    return steps.size();
  }

  Step get(int index) {
    return steps.get(index);
  }

  RecordedSteps with(String name, byte @Nullable [] result) {
    List<Step> more = new ArrayList<>(steps);
    more.add(new Step(name, result));
    return new RecordedSteps(operation, id, more);
  }

  /** Returns how many bytes {@link #encode} makes. */
  int length() {
    return FIXED + steps.stream().mapToInt(Step::size).sum();
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(length()).put(VERSION).putShort((short) steps.size());
    for (Step each : steps) {
      byte[] name = each.utf8();
      out.putShort((short) name.length).put(name);
      byte[] result = each.result;
      if (result == null) {
        out.putInt(NULL);
      } else {
        out.putInt(result.length).put(result);
      }
    }
    return out.putInt(checksum(id, out.array(), out.position())).array();
  }

  /**
   * Reads a checkpoint; none means that there are no steps.
   *
   * @throws KeyStoreException if it was not made for this key by {@link #encode}, or a later
   *     release made it (S10)
   */
  static RecordedSteps open(String operation, KeyId id, byte @Nullable [] checkpoint) {
    return new RecordedSteps(
        operation, id, checkpoint == null ? List.of() : decode(id, checkpoint));
  }

  /** Says what {@link #open} says, for those who need no more. */
  static void requireReadable(KeyId id, byte @Nullable [] checkpoint) {
    if (checkpoint != null) {
      decode(id, checkpoint);
    }
  }

  private static List<Step> decode(KeyId id, byte[] checkpoint) {
    try {
      ByteBuffer in = ByteBuffer.wrap(checkpoint);
      int version = in.get();
      if (version != VERSION) {
        throw unreadable(id, "are of version " + version + ", and this release reads " + VERSION);
      }
      int end = checkpoint.length - Integer.BYTES;
      if (end < in.position() || in.getInt(end) != checksum(id, checkpoint, end)) {
        throw unreadable(id, "do not match their checksum");
      }
      List<Step> steps = new ArrayList<>();
      for (int left = in.getShort() & 0xFFFF; left > 0; left--) {
        ByteBuffer name = ByteBuffer.wrap(get(in, in.getShort() & 0xFFFF));
        String text = StandardCharsets.UTF_8.newDecoder().decode(name).toString();
        int length = in.getInt();
        steps.add(new Step(text, length == NULL ? null : get(in, length)));
      }
      if (in.position() != end
          || new HashSet<>(steps.stream().map(Step::name).toList()).size() != steps.size()) {
        throw unreadable(id, "do not add up");
      }
      return steps;
    } catch (BufferUnderflowException | CharacterCodingException e) {
      throw unreadable(id, "are truncated or altered");
    }
  }

  private static KeyStoreException unreadable(KeyId id, String why) {
    return KeyStoreException.unreadable(id, "its steps " + why);
  }

  private static byte[] get(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static int checksum(KeyId id, byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(id.bytes());
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  @Override
  public String toString() {
    return "RecordedSteps" + names();
  }
}
