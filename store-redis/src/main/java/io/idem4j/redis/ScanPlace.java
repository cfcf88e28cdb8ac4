package io.idem4j.redis;

import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import io.idem4j.spi.RecordScanner.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a scan goes on. Immutable, but for its sets, which nobody changes.
 *
 * @param server which process the cursor is of: a cursor means nothing to any other, because each
 *     spreads its keys by a secret of its own; empty before the first answer
 * @param cursor what that process calls the place
 * @param slots in a cluster, the slots that are looked at there: those that the process served when
 *     its cursor began, but for those covered before
 * @param covered in a cluster, the slots that are done with
 * @param waiting keys that were found to be wanted, and did not fit on the pages before
 */
record ScanPlace(String server, String cursor, BitSet slots, BitSet covered, List<KeyId> waiting) {
  /** How many slots a cluster has. */
  static final int SLOTS = 16_384;

  /** The cursor that begins a scan, and the one that ends it. */
  static final String ZERO = "0";

  /** A place on a server that has none: all keys were looked at, and some are waiting. */
  static final String END = "-";

  private static final Pattern TEXT =
      Pattern.compile("1:([A-Z_]+):([0-9a-f.]{0,99}):([0-9]{1,20}|-):([^:]*):([^:]*):([^:]*)");

  /** Returns the place where a scan begins. */
  static ScanPlace start() {
    return new ScanPlace("", ZERO, new BitSet(), new BitSet(), List.of());
  }

  /** Returns the same place with other keys waiting. */
  ScanPlace withWaiting(List<KeyId> others) {
    return new ScanPlace(server, cursor, slots, covered, others);
  }

  /** Says that no server is to be asked any more. */
  boolean isEnd() {
    return cursor.equals(END);
  }

  /** Returns the place as text. */
  String format(Kind kind) {
    ByteBuffer ids = ByteBuffer.allocate(waiting.size() * KeyId.LENGTH);
    waiting.forEach(id -> ids.put(id.bytes()));
    return String.join(
        ":", "1", kind.name(), server, cursor, base64(slots), base64(covered), base64(ids.array()));
  }

  /**
   * Returns the place that a text stands for.
   *
   * @throws MisuseException if it is not one that {@link #format} made for this kind
   */
  static ScanPlace parse(Kind kind, String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches() || !parts.group(1).equals(kind.name())) {
      throw foreign();
    }
    byte[] ids = bytes(parts.group(6));
    if (ids.length % KeyId.LENGTH != 0) {
      throw foreign();
    }
    List<KeyId> waiting = new ArrayList<>();
    for (ByteBuffer rest = ByteBuffer.wrap(ids); rest.hasRemaining(); ) {
      byte[] id = new byte[KeyId.LENGTH];
      rest.get(id);
      waiting.add(KeyId.of(id));
    }
    return new ScanPlace(
        parts.group(2),
        parts.group(3),
        slots(parts.group(4)),
        slots(parts.group(5)),
        List.copyOf(waiting));
  }

  private static BitSet slots(String base64) {
    BitSet slots = BitSet.valueOf(bytes(base64));
    if (slots.length() > SLOTS) {
      throw foreign();
    }
    return slots;
  }

  private static String base64(BitSet slots) {
    return base64(slots.toByteArray());
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] bytes(String base64) {
    try {
      return Base64.getUrlDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw foreign();
    }
  }

  private static MisuseException foreign() {
    return new MisuseException("this is not a place in such a scan of this store");
  }
}
