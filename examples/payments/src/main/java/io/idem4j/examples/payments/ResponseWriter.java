package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import io.idem4j.http.HttpResponse;
import java.io.IOException;

/** Sends responses. What is to be recorded is recorded by then, whatever becomes of the socket. */
final class ResponseWriter {
  private ResponseWriter() {}

  /** Sends a response and returns what is to be added to its note. */
  static String send(HttpExchange exchange, Body body, HttpResponse response) {
    try (exchange) {
      // What is left of the body would be taken for the next request on the connection.
      if (body.isAtEnd()) {
        JdkHttp.send(exchange, response);
      } else {
        JdkHttp.send(exchange, response.withHeader("Connection", "close"));
        body.linger();
      }
      return "";
    } catch (IOException e) {
      return ", the client had left";
    }
  }
}
