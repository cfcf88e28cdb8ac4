package io.idem4j.examples.jaxrs;

import io.idem4j.examples.contract.FrameworkContract;
import io.idem4j.memory.MemoryKeyStore;
import java.net.URI;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

class JaxRsTest extends FrameworkContract {
  /** Kept, or the level is forgotten: requests fail here on purpose. */
  private static final Logger LOG = Logger.getLogger("org.glassfish");

  private @Nullable OrdersApplication application;

  @Override
  protected URI start() throws Exception {
    LOG.setLevel(Level.OFF);
    application = new OrdersApplication(0, new MemoryKeyStore(10_000));
    return application.base();
  }

  @Override
  protected void stop() {
    application.close();
  }
}
