package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Sends replies. What is to be recorded is recorded by then, whatever becomes of the socket. */
final class ResponseWriter {
  /** How much of a body nobody wants is read, so that the client gets to see the reply. */
  private static final int MAXIMUM_DRAIN = 16 << 20;

  private ResponseWriter() {}

  /** Sends a reply and returns what is to be added to its note. */
  static String send(HttpExchange exchange, Reply reply) {
    Answer answer = reply.answer();
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    try {
      boolean isDrained = drain(exchange.getRequestBody());
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
      if (body.length == 0 || exchange.getRequestMethod().equals("HEAD")) {
        exchange.sendResponseHeaders(answer.status(), -1);
      } else {
        exchange.sendResponseHeaders(answer.status(), body.length);
        try (OutputStream out = exchange.getResponseBody()) {
          out.write(body);
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

  /** What is left of the body would be taken for the next request on the connection. */
  private static boolean drain(InputStream body) throws IOException {
    byte[] buffer = new byte[8192];
    long drained = 0;
    while (drained <= MAXIMUM_DRAIN) {
      int read = body.read(buffer);
      if (read < 0) {
        return true;
      }
      drained += read;
    }
    return false;
  }
}
