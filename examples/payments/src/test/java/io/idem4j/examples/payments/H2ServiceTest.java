package io.idem4j.examples.payments;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class H2ServiceTest extends ServiceContract {
  @TempDir Path directory;

  @Override
  String store() {
    return "h2:" + directory.resolve("payments");
  }
}
