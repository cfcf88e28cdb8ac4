package io.idem4j.examples.jaxrs;

import io.idem4j.Idempotency;
import io.idem4j.Scope;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.jersey.grizzly2.httpserver.GrizzlyHttpServerFactory;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/** A service of one caller, with a client. */
final class Service implements AutoCloseable {
  /** Kept, or the level is forgotten: requests fail here on purpose. */
  private static final Logger LOG = Logger.getLogger("org.glassfish");

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final WatchedStore store = new WatchedStore();
  private final Idempotency idempotency = Idempotency.builder(store).build();
  private final HttpServer server;

  Service(Map<String, HttpPolicy> policies, Object... components) throws IOException {
    LOG.setLevel(Level.OFF);
    ResourceConfig config =
        new ResourceConfig()
            .register(
                new IdempotencyFeature(
                    HttpIdempotency.of(idempotency), request -> Scope.single(), policies))
            .property(ServerProperties.LOCATION_HEADER_RELATIVE_URI_RESOLUTION_DISABLED, true)
            .property(ServerProperties.WADL_FEATURE_DISABLE, true);
    for (Object component : components) {
      if (component instanceof Class<?> type) {
        config.register(type);
      } else {
        config.register(component);
      }
    }
    server =
        GrizzlyHttpServerFactory.createHttpServer(URI.create("http://127.0.0.1:0/"), config, false);
    server.start();
  }

  WatchedStore store() {
    return store;
  }

  HttpRequest.Builder to(String target) {
    int port = server.getListener("grizzly").getPort();
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
        .timeout(Duration.ofSeconds(10));
  }

  HttpResponse<byte[]> post(String target, String key, String... headers) throws Exception {
    HttpRequest.Builder request =
        to(target)
            .header("Idempotency-Key", key)
            .header("Content-Type", "text/plain")
            .POST(BodyPublishers.ofString("the body"));
    for (int index = 0; index < headers.length; index += 2) {
      request.header(headers[index], headers[index + 1]);
    }
    return send(request);
  }

  HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
    return CLIENT.send(request.build(), BodyHandlers.ofByteArray());
  }

  static boolean isReplay(HttpResponse<byte[]> response) {
    return header(response, "Idempotent-Replayed").equals("true");
  }

  static String header(HttpResponse<byte[]> response, String name) {
    return String.join(", ", response.headers().allValues(name));
  }

  @Override
  public void close() {
    server.shutdownNow();
    idempotency.close();
  }
}
