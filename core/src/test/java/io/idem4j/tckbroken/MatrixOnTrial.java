package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.idem4j.tck.StoreUnderTest;
import org.junit.jupiter.api.Test;

/** Something for {@link MatrixPageTest} to show; not in the ordinary run. */
@StoreUnderTest("Redis")
final class MatrixOnTrial {
  @Test
  void s07_backendUnreachable_everyCallThrowsKeyStoreException() {}

  @Test
  void stores_3_4_7_something_holds() {}

  @Test
  void stores_3_4_8_something_failsOnPurpose() {
    fail("on purpose");
  }

  @Test
  void stores_3_4_9_something_isSkipped() {
    abort("there is no such server");
  }
}
