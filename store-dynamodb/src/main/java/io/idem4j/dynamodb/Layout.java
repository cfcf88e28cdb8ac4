package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Where records are kept: the table, and what of an item its user chose. Immutable.
 *
 * @param table the table's name or ARN
 * @param keyAttribute the attribute that is the partition key, a string
 * @param keyPrefix what a partition key begins with, before the key id in hexadecimal
 * @param sortAttribute the attribute that is the sort key, or null where the table has none
 * @param sortValue the sort key of every record
 * @param ttlAttribute the attribute that the table's time to live goes by
 */
record Layout(
    String table,
    String keyAttribute,
    String keyPrefix,
    @Nullable String sortAttribute,
    String sortValue,
    String ttlAttribute) {
  /** See {@link io.idem4j.spi.RecordCodec#encodeHead}. */
  static final String HEAD = "head";

  /** See {@link io.idem4j.spi.RecordCodec#encodeSlots}. */
  static final String SLOTS = "slots";

  /** How many bytes {@link #SLOTS} has, so that a condition notices when some are missing. */
  static final String SLOTS_SIZE = "slots_size";

  static final String LEASE_UNTIL_MS = "lease_until_ms";
  static final String RETAIN_UNTIL_MS = "retain_until_ms";

  /**
   * A list of copies: of {@link #RETAIN_UNTIL_MS}, {@link #LEASE_UNTIL_MS} and {@link #HEAD}, in
   * this order. A condition cannot compute a sum, but it can see that two attributes differ.
   */
  static final String GUARD = "guard";

  static final int GUARD_RETAIN = 0;
  static final int GUARD_LEASE = 1;
  static final int GUARD_HEAD = 2;

  /** The attributes whose names are not the user's to choose. */
  static final List<String> OWN =
      List.of(HEAD, SLOTS, SLOTS_SIZE, LEASE_UNTIL_MS, RETAIN_UNTIL_MS, GUARD);

  /** DynamoDB's limits for keys, in bytes. */
  static final int LONGEST_PARTITION_KEY = 2048;

  static final int LONGEST_SORT_KEY = 1024;
  private static final int LONGEST_NAME = 255;

  /** Its '.' and '-' are '_' in the placeholders that the enhanced client makes of it. */
  private static final Pattern TTL = Pattern.compile("[a-zA-Z0-9_.-]{1,255}");

  private static final Pattern DIGITS = Pattern.compile("[0-9a-f]{64}");

  private static final Pattern TABLE = Pattern.compile("[a-zA-Z0-9_.:/-]{3,1024}");

  /**
   * Checks what can be seen without the table.
   *
   * @throws MisuseException if a part is out of its range, or two attributes have one name
   */
  Layout {
    if (!TABLE.matcher(table).matches()) {
      throw new MisuseException("a table is a name of at least three characters, or an ARN");
    }
    requireText("the name of the key attribute", keyAttribute, 1, LONGEST_NAME);
    if (!TTL.matcher(ttlAttribute).matches()) {
      throw new MisuseException(
          "the name of the TTL attribute has at most 255 letters of ASCII, digits, '_', '.', '-'");
    }
    requireText("a key prefix", keyPrefix, 0, LONGEST_PARTITION_KEY - 2 * KeyId.LENGTH);
    if (sortAttribute != null) {
      requireText("the name of the sort attribute", sortAttribute, 1, LONGEST_NAME);
      requireText("a sort key", sortValue, 1, LONGEST_SORT_KEY);
    }
    if (OWN.contains(keyAttribute)
        || OWN.contains(ttlAttribute.replaceAll("[.-]", "_"))
        || keyAttribute.equals(ttlAttribute)
        || keyAttribute.equals(sortAttribute)
        || ttlAttribute.equals(sortAttribute)
        || (sortAttribute != null && OWN.contains(sortAttribute))) {
      throw new MisuseException(
          "key, sort key and TTL are three attributes, with other names than " + OWN);
    }
  }

  /** Returns the partition key of a record. */
  String partitionKey(KeyId id) {
    return keyPrefix + HexFormat.of().formatHex(id.bytes());
  }

  /** Returns the key id of an item; nothing if its primary key is not that of a record. */
  Optional<KeyId> keyId(Map<String, AttributeValue> item) {
    @Nullable AttributeValue partition = item.get(keyAttribute);
    String text = partition == null || partition.s() == null ? "" : partition.s();
    if (!text.startsWith(keyPrefix)
        || !DIGITS.matcher(text.substring(keyPrefix.length())).matches()) {
      return Optional.empty();
    }
    return Optional.of(KeyId.of(HexFormat.of().parseHex(text, keyPrefix.length(), text.length())));
  }

  /** Returns what a scan asks for of an item: its primary key, and its head with the copies. */
  List<String> scanned() {
    return sortAttribute == null
        ? List.of(keyAttribute, HEAD, GUARD)
        : List.of(keyAttribute, sortAttribute, HEAD, GUARD);
  }

  /** Returns the primary key of an item, a record or not. */
  Map<String, AttributeValue> primaryKey(Map<String, AttributeValue> item) {
    Map<String, AttributeValue> key = new HashMap<>(item);
    key.keySet().removeIf(name -> !name.equals(keyAttribute) && !name.equals(sortAttribute));
    return key;
  }

  /** Returns the primary key of a record. */
  Key key(KeyId id) {
    Key.Builder key = Key.builder().partitionValue(partitionKey(id));
    return sortAttribute == null ? key.build() : key.sortValue(sortValue).build();
  }

  /** Returns a primary key that no record and nothing else is stored under. */
  Map<String, AttributeValue> probeKey() {
    AttributeValue partition = AttributeValue.fromS(keyPrefix + "idem4j probe");
    return sortAttribute == null
        ? Map.of(keyAttribute, partition)
        : Map.of(keyAttribute, partition, sortAttribute, AttributeValue.fromS(sortValue));
  }

  private static void requireText(String what, String text, int least, int most) {
    // A lone surrogate would become another character.
    int length =
        StandardCharsets.UTF_8.newEncoder().canEncode(text)
            ? text.getBytes(StandardCharsets.UTF_8).length
            : -1;
    if (length < least || length > most) {
      throw new MisuseException(
          what + " is well-formed text of " + least + " to " + most + " bytes of UTF-8");
    }
  }
}
