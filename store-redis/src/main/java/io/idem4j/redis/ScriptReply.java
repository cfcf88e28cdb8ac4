package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a script answered: nine strings, see the heads of the scripts. Immutable. */
final class ScriptReply {
  private static final int LENGTH = 9;
  private static final int TAG = 0;
  private static final int VERDICT = 1;
  private static final int NOW_MS = 2;
  private static final int LEASE_UNTIL_MS = 3;
  private static final int RETAIN_UNTIL_MS = 4;
  private static final int HEAD = 5;
  private static final int HEAD_SUM = 6;
  private static final int SLOTS = 7;
  private static final int SLOTS_SUM = 8;

  private final List<byte[]> fields;

  private ScriptReply(List<byte[]> fields) {
    this.fields = fields;
  }

  /**
   * Returns the reply, or null if this is not one to the call of that tag: it has another shape, or
   * it was left on the connection by another call (stores.md 3.4.4).
   */
  static @Nullable ScriptReply of(@Nullable Object raw, byte[] tag) {
    if (!(raw instanceof List<?> list) || list.size() != LENGTH) {
      return null;
    }
    List<byte[]> fields = new ArrayList<>(LENGTH);
    for (Object each : list) {
      if (!(each instanceof byte[] bytes)) {
        return null;
      }
      fields.add(bytes);
    }
    return Arrays.equals(fields.get(TAG), tag) ? new ScriptReply(fields) : null;
  }

  /** Returns the verdict. */
  String verdict() {
    return text(VERDICT);
  }

  /**
   * Returns the live record that this reply carries.
   *
   * @throws KeyStoreException if it cannot be understood (S10)
   */
  StoredRecord live(KeyId asked) {
    long now = number(asked, NOW_MS);
    StoredRecord stored =
        RecordCodec.decode(
            asked,
            fields.get(HEAD),
            fields.get(SLOTS),
            Duration.ofMillis(number(asked, LEASE_UNTIL_MS) - now),
            Duration.ofMillis(number(asked, RETAIN_UNTIL_MS) - now));
    if (stored.format() == KeyRecord.FORMAT && !(isSound(HEAD) && isSound(SLOTS))) {
      throw KeyStoreException.unreadable(asked, "a sum does not match");
    }
    return stored;
  }

  private boolean isSound(int field) {
    int sum = field == HEAD ? HEAD_SUM : SLOTS_SUM;
    return Arrays.equals(Sha1.hex(fields.get(field)), fields.get(sum));
  }

  private long number(KeyId asked, int field) {
    try {
      return Long.parseLong(text(field));
    } catch (NumberFormatException e) {
      throw KeyStoreException.unreadable(asked, "an end is no whole number");
    }
  }

  private String text(int field) {
    return new String(fields.get(field), US_ASCII);
  }
}
