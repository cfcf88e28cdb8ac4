package io.idem4j.dynamodb;

import static java.util.Objects.requireNonNull;

import io.idem4j.KeyId;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.Stamp;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What an item weighs by DynamoDB's documented rules: the UTF-8 bytes of each name and each string,
 * the bytes of each binary, at most 21 for a number, 3 for a list and 1 more for each of its
 * elements. Numbers count with 21 here, which is never too little.
 */
final class ItemSize {
  /** The largest item, in bytes: 400 KiB. */
  static final int LARGEST = 400 << 10;

  private static final int NUMBER = 21;
  private static final int LIST = 3;

  /** A head with the longest fingerprint algorithm and the longest reference. */
  private static final int LARGEST_HEAD = largestHead();

  private ItemSize() {}

  static int of(Map<String, AttributeValue> item) {
    int size = 0;
    for (Map.Entry<String, AttributeValue> each : item.entrySet()) {
      size += utf8(each.getKey()) + of(each.getValue());
    }
    return size;
  }

  /** Returns what an item weighs once its head, of which it has two, is as large as can be. */
  static int withLargestHead(Map<String, AttributeValue> item) {
    int head = of(requireNonNull(item.get(Layout.HEAD)));
    return of(item) + 2 * (LARGEST_HEAD - head);
  }

  private static int largestHead() {
    String algorithm = "x".repeat(FingerprintDigest.ALGORITHM_LENGTH);
    KeyRecord record =
        KeyRecord.builder()
            .keyId(KeyId.of(new byte[KeyId.LENGTH]))
            .stamp(new Stamp(0, 1))
            .state(KeyState.LOCKED)
            .fingerprint(new FingerprintDigest(algorithm, new byte[FingerprintDigest.LENGTH]))
            .reference("x".repeat(KeyRecord.REFERENCE_LENGTH))
            .build();
    return RecordCodec.encodeHead(record).length;
  }

  private static int of(AttributeValue value) {
    return switch (value.type()) {
      case S -> utf8(value.s());
      case N -> NUMBER;
      case B -> value.b().asByteArrayUnsafe().length;
      case L -> LIST + value.l().stream().mapToInt(each -> of(each) + 1).sum();
      default -> throw new IllegalArgumentException("no record has an attribute of this type");
    };
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
