package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.idem4j.tck.Matrix;
import org.junit.jupiter.api.Test;

/** Here because this module comes after all stores: what was to be tested on them was tested. */
final class MatrixTest {
  @Test
  void matrix_ofAWholeBuild_hasNoGap() {
    assumeThat(Matrix.stores())
        .as("stores tested so far: the whole build begins with core's")
        .contains("memory");
    assertThat(Matrix.gaps()).as("target/matrix.md").isEmpty();
  }
}
