package io.idem4j.examples.jaxrs;

import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.KeyRequirement;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyStore;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.jersey.grizzly2.httpserver.GrizzlyHttpServerFactory;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/**
 * A small service with idempotent orders, on Jersey and Grizzly. Grizzly waits in vain for the body
 * of a request that asks for an upgrade to HTTP/2, as those of the JDK's {@code HttpClient} do:
 * give that client the version HTTP/1.1.
 */
public final class OrdersApplication implements AutoCloseable {
  private final Idempotency idempotency;
  private final HttpServer server;

  /**
   * Serves on the loopback interface.
   *
   * @param port 0 for any that is free
   */
  public OrdersApplication(int port, KeyStore store) throws IOException {
    idempotency = Idempotency.builder(store).build();
    HttpPolicy policy = HttpPolicy.of(OperationPolicy.rerun());
    IdempotencyFeature feature =
        new IdempotencyFeature(
            HttpIdempotency.of(idempotency),
            request -> Scope.of(request.getSecurityContext().getUserPrincipal().getName()),
            Map.of(
                "POST /orders",
                policy,
                "POST /strict",
                policy.withKeyRequirement(KeyRequirement.REQUIRED)));
    ResourceConfig config =
        new ResourceConfig()
            .register(feature)
            .register(new BearerFilter())
            .register(OrdersResource.class)
            // Locations as they were given: a replay may be asked for under another host name.
            .property(ServerProperties.LOCATION_HEADER_RELATIVE_URI_RESOLUTION_DISABLED, true)
            .property(ServerProperties.WADL_FEATURE_DISABLE, true);
    server =
        GrizzlyHttpServerFactory.createHttpServer(
            URI.create("http://127.0.0.1:" + port + "/"), config, false);
    server.start();
  }

  /** Returns where it serves. */
  public URI base() {
    return URI.create("http://127.0.0.1:" + server.getListener("grizzly").getPort());
  }

  @Override
  public void close() {
    server.shutdownNow();
    idempotency.close();
  }

  /** Serves on the port that is given, until the process ends. */
  public static void main(String[] arguments) throws Exception {
    int port = arguments.length == 0 ? 8080 : Integer.parseInt(arguments[0]);
    OrdersApplication application = new OrdersApplication(port, new MemoryKeyStore(100_000));
    System.out.println("serving on " + application.base());
    new CountDownLatch(1).await();
  }
}
