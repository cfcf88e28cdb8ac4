package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import io.idem4j.http.HttpHeaders;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import java.io.IOException;
import java.net.URI;

/**
 * Embeds {@code io.idem4j.http} into the JDK's {@code HttpServer}: all that it takes is to make the
 * layer's request of an exchange, and to send the layer's response.
 *
 * <pre>{@code
 * server.createContext("/payments", exchange -> {
 *   try (exchange) {
 *     Scope scope = Scope.of(authenticated(exchange));
 *     JdkHttp.send(exchange, payments.handle(scope, JdkHttp.request(exchange), context -> pay(...)));
 *   }
 * });
 * }</pre>
 *
 * <p>Covers empty and streamed bodies, of a declared length or in chunks: the layer reads what its
 * key needs, the handler reads {@link HttpRequest#body()}. A client that hangs up makes {@link
 * #send} throw when everything is recorded already. Does not cover: authentication, which comes
 * first; responses that are streamed, since the layer records whole ones; what the server answers
 * by itself, such as to a malformed request line; and what becomes of a body that nobody read,
 * which the server would wait for behind the response: see {@link Body}.
 */
final class JdkHttp {
  private JdkHttp() {}

  /** Returns the exchange's request, its body unread. */
  static HttpRequest request(HttpExchange exchange) {
    URI uri = exchange.getRequestURI();
    String query = uri.getRawQuery();
    return HttpRequest.of(
        exchange.getRequestMethod(),
        query == null ? uri.getRawPath() : uri.getRawPath() + "?" + query,
        HttpHeaders.of(exchange.getRequestHeaders()),
        exchange.getRequestBody());
  }

  /**
   * Sends a response. The exchange stays open, for its caller to close.
   *
   * @throws IOException if the client is gone
   */
  static void send(HttpExchange exchange, HttpResponse response) throws IOException {
    // An interrupt that the handler left behind would close the channel under the response.
    boolean isInterrupted = Thread.interrupted();
    try {
      response.headers().forEach(exchange.getResponseHeaders()::add);
      // The server frames what it sends; with a second opinion the body could not be read.
      exchange.getResponseHeaders().remove("Transfer-Encoding");
      if (response.body().length == 0 || exchange.getRequestMethod().equals("HEAD")) {
        // Not 0, which this server takes for a body of unknown length.
        exchange.sendResponseHeaders(response.status(), -1);
        return;
      }
      exchange.sendResponseHeaders(response.status(), response.body().length);
      exchange.getResponseBody().write(response.body());
      exchange.getResponseBody().flush();
    } finally {
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
