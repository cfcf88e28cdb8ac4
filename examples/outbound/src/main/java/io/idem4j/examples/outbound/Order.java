package io.idem4j.examples.outbound;

import io.idem4j.Fingerprint;
import java.util.Map;

/**
 * What is to be charged, shipped, invoiced or paid out. Immutable.
 *
 * @param number by which our books and the provider's ledger know it
 * @param amount in cents
 */
record Order(String number, int amount) {
  /** What tells a retry from another request under the same key. */
  Fingerprint fingerprint() {
    return Fingerprint.sha256()
        .part("order", number)
        .part("amount", Integer.toString(amount))
        .build();
  }

  /** The fields of a request about it. */
  Map<String, String> form() {
    return Map.of("order", number, "amount", Integer.toString(amount));
  }
}
