package io.idem4j.examples.vertx;

import io.idem4j.examples.contract.FrameworkContract;
import io.idem4j.memory.MemoryKeyStore;
import java.net.URI;
import org.jspecify.annotations.Nullable;

class VertxTest extends FrameworkContract {
  private @Nullable OrdersApplication application;

  @Override
  protected URI start() {
    application = new OrdersApplication(0, new MemoryKeyStore(10_000));
    return application.base();
  }

  @Override
  protected void stop() {
    application.close();
  }
}
