package io.idem4j.examples.servlet;

import io.idem4j.Idempotency;
import io.idem4j.memory.MemoryKeyStore;
import jakarta.servlet.ServletContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

/** The service on Tomcat. */
public final class OrdersOnTomcat {
  private OrdersOnTomcat() {}

  /**
   * Serves on the loopback interface, with keys in memory.
   *
   * @param arguments the port
   */
  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("orders");
    try (Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(100_000)).build()) {
      start(
              Integer.parseInt(arguments[0]),
              directory,
              context -> OrdersApplication.install(context, idempotency))
          .getServer()
          .await();
    }
  }

  /**
   * Starts a server on the loopback interface.
   *
   * @param port 0 for a free one
   * @param directory where Tomcat works
   * @param installer adds filters and servlets
   */
  static Tomcat start(int port, Path directory, Consumer<ServletContext> installer)
      throws Exception {
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(directory.toString());
    tomcat.setPort(port);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context context = tomcat.addContext("", directory.toString());
    // Otherwise a forward ends the response under the filter's hands.
    context.setSuspendWrappedResponseAfterForward(false);
    context.addServletContainerInitializer(
        (classes, servletContext) -> installer.accept(servletContext), Set.of());
    tomcat.start();
    return tomcat;
  }
}
