package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Sends replies. What is to be recorded is recorded by then, whatever becomes of the socket. */
final class ResponseWriter {
  private ResponseWriter() {}

  /** Sends a reply and returns what is to be added to its note. */
  static String send(HttpExchange exchange, Body body, Reply reply) {
    Answer answer = reply.answer();
    byte[] content = answer.body().getBytes(StandardCharsets.UTF_8);
    try {
      // What is left of the body would be taken for the next request on the connection.
      boolean isDrained = body.drain();
      var headers = exchange.getResponseHeaders();
      reply.headers().forEach(headers::set);
      if (answer.location() != null) {
        headers.set("Location", answer.location());
      }
      if (answer.contentType() != null) {
        headers.set("Content-Type", answer.contentType());
      }
      if (!isDrained) {
        headers.set("Connection", "close");
      }
      if (content.length == 0 || exchange.getRequestMethod().equals("HEAD")) {
        exchange.sendResponseHeaders(answer.status(), -1);
      } else {
        exchange.sendResponseHeaders(answer.status(), content.length);
        try (OutputStream out = exchange.getResponseBody()) {
          out.write(content);
          out.flush();
          if (!isDrained) {
            body.linger();
          }
        }
      }
      if (!isDrained) {
        exchange.close();
      }
      return "";
    } catch (IOException e) {
      exchange.close();
      return ", the client had left";
    }
  }
}
