package io.idem4j.examples.servlet;

import jakarta.servlet.ServletContext;
import java.net.URI;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Server;

/** The filter on Jetty. */
final class JettyTest extends RequestContract {
  private Server server = new Server();

  @Override
  URI start(Consumer<ServletContext> installer) throws Exception {
    server = OrdersOnJetty.start(0, installer);
    return server.getURI();
  }

  @Override
  protected void stop() throws Exception {
    server.stop();
  }
}
