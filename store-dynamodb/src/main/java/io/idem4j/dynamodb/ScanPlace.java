package io.idem4j.dynamodb;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.idem4j.MisuseException;
import io.idem4j.spi.RecordScanner.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Places in a scan: primary keys as text. In a table that others use too, the service may stop at
 * an item of theirs, so a place is any key that the table can have. Immutable.
 *
 * <p>{@code 1:} and the kind; {@code :} and the partition key in Base64; where the table has a sort
 * key, {@code :} and that in Base64.
 */
record ScanPlace(Layout layout) {
  private static final String VERSION = "1";

  /** Returns a primary key as text. */
  String format(Kind kind, Map<String, AttributeValue> key) {
    String place = VERSION + ":" + kind + ":" + base64(key, layout.keyAttribute());
    String sort = layout.sortAttribute();
    return sort == null ? place : place + ":" + base64(key, sort);
  }

  /**
   * Returns the primary key that a text stands for.
   *
   * @throws MisuseException if it is not one that {@link #format} made for a table like this
   */
  Map<String, AttributeValue> parse(Kind kind, String place) {
    String[] parts = place.split(":", -1);
    String sort = layout.sortAttribute();
    if (parts.length != (sort == null ? 3 : 4)
        || !parts[0].equals(VERSION)
        || !parts[1].equals(kind.name())) {
      throw foreign();
    }
    Map<String, AttributeValue> key = new HashMap<>();
    key.put(layout.keyAttribute(), text(parts[2], Layout.LONGEST_PARTITION_KEY));
    if (sort != null) {
      key.put(sort, text(parts[3], Layout.LONGEST_SORT_KEY));
    }
    return key;
  }

  private static String base64(Map<String, AttributeValue> key, String attribute) {
    @Nullable AttributeValue value = key.get(attribute);
    String text = Objects.requireNonNull(value).s();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }

  private static AttributeValue text(String base64, int longest) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(base64);
      if (bytes.length < 1 || bytes.length > longest) {
        throw foreign();
      }
      return AttributeValue.fromS(UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw foreign();
    }
  }

  private static MisuseException foreign() {
    return new MisuseException("this is not a place in such a scan of this store");
  }
}
