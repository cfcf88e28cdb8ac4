package io.idem4j;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A failure that is an answer: what {@link FailureClassifier} made of a throwable, recorded and
 * replayed like a completion. It never holds a class name or a message unless the classifier puts
 * one there.
 *
 * <p>Immutable: the array is copied in and out.
 */
public final class RecordedFailure {
  /** The longest code, in bytes of UTF-8. */
  public static final int CODE_LENGTH = 200;

  private final String code;
  private final byte[] bytes;

  /**
   * Makes a recorded failure.
   *
   * @param code a stable, machine-readable code such as {@code insufficient-funds}
   * @param bytes whatever else a duplicate needs; may be empty
   * @throws MisuseException if the code is blank, too long or no well-formed Unicode
   */
  public RecordedFailure(String code, byte[] bytes) {
    if (code.isBlank() || Text.utf8(code, "a failure code").length > CODE_LENGTH) {
      throw new MisuseException("a failure code has 1 to " + CODE_LENGTH + " bytes of UTF-8");
    }
    this.code = code;
    this.bytes = bytes.clone();
  }

  /** Returns the failure with this code and no bytes. */
  public static RecordedFailure of(String code) {
    return new RecordedFailure(code, new byte[0]);
  }

  /** Returns the code. */
  public String code() {
    return code;
  }

  /** Returns the bytes in a new array. */
  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RecordedFailure that
        && code.equals(that.code)
        && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * code.hashCode() + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "RecordedFailure[" + code + ", " + bytes.length + " bytes]";
  }
}
