package io.idem4j.examples.payments;

import io.idem4j.examples.payments.StoreOption.Kind;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class RedisServiceTest extends ServiceContract {
  @TempDir Path directory;

  @Override
  String store() throws Exception {
    return Servers.at(Kind.REDIS);
  }

  @Override
  String ledger() {
    return "h2:" + directory.resolve("payments");
  }
}
