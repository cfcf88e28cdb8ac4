package io.idem4j;

import java.util.ArrayList;
import java.util.List;
import javax.crypto.SecretKey;

/**
 * A secret key and the name under which it is known for as long as anything bears it: the name is
 * stored, the key never. To rotate a key, give the new one a new name.
 *
 * <p>Immutable and safe for use by many threads. {@link #toString()} shows the name alone.
 *
 * @param id the name; 1 to {@value #ID_LENGTH} printable ASCII characters without a colon
 * @param key the key, of any provider
 */
public record VersionedKey(String id, SecretKey key) {
  /** The longest name, in characters. */
  public static final int ID_LENGTH = 32;

  /**
   * Names a key.
   *
   * @throws MisuseException if the name is empty, too long, or has a character that is no printable
   *     ASCII or a colon
   */
  public VersionedKey {
    if (id.isEmpty()
        || id.length() > ID_LENGTH
        || !id.chars().allMatch(c -> c > ' ' && c < 0x7F && c != ':')) {
      throw new MisuseException(
          "the id of a key has 1 to " + ID_LENGTH + " printable ASCII characters, and no colon");
    }
    if (key == null) {
      throw new MisuseException("no key is given under the id " + id);
    }
  }

  /**
   * Returns the keys in order.
   *
   * @throws MisuseException if two have one id
   */
  static List<VersionedKey> list(VersionedKey first, VersionedKey... others) {
    List<VersionedKey> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(others));
    if (all.stream().map(VersionedKey::id).distinct().count() < all.size()) {
      throw new MisuseException(
          "two keys have one id: " + all.stream().map(VersionedKey::id).toList());
    }
    return all;
  }

  @Override
  public String toString() {
    return "VersionedKey[" + id + "]";
  }
}
