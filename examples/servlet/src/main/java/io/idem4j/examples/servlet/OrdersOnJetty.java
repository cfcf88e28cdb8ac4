package io.idem4j.examples.servlet;

import io.idem4j.Idempotency;
import io.idem4j.memory.MemoryKeyStore;
import jakarta.servlet.ServletContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;

/** The service on Jetty. */
public final class OrdersOnJetty {
  private OrdersOnJetty() {}

  /**
   * Serves on the loopback interface, with keys in memory.
   *
   * @param arguments the port
   */
  public static void main(String[] arguments) throws Exception {
    try (Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(100_000)).build()) {
      start(
              Integer.parseInt(arguments[0]),
              context -> OrdersApplication.install(context, idempotency))
          .join();
    }
  }

  /**
   * Starts a server on the loopback interface.
   *
   * @param port 0 for a free one
   * @param installer adds filters and servlets
   */
  static Server start(int port, Consumer<ServletContext> installer) throws Exception {
    Server server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    ServletContextHandler handler = new ServletContextHandler();
    handler.addServletContainerInitializer((classes, context) -> installer.accept(context));
    server.setHandler(handler);
    server.start();
    return server;
  }
}
