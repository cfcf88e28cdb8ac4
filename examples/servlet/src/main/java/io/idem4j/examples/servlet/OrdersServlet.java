package io.idem4j.examples.servlet;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;

/** Orders, each of which has an effect: it is counted. Knows nothing of keys. */
final class OrdersServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  private final AtomicInteger effects = new AtomicInteger();

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    answer(response, 200, Integer.toString(effects.get()));
  }

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    int number = effects.incrementAndGet();
    if (request.getServletPath().equals("/plain")) {
      answer(response, 200, "plain " + number);
      return;
    }
    String digest = digest(request.getInputStream());
    String[] query = (request.getQueryString() + "=").split("=", 3);
    switch (query[0]) {
      case "fail" -> throw new IllegalStateException("failed on request");
      case "status" -> {
        answer(response, Integer.parseInt(query[1]), "status " + query[1]);
        return;
      }
      case "empty" -> {
        response.setStatus(HttpServletResponse.SC_NO_CONTENT);
        return;
      }
      case "delay" -> pause(Integer.parseInt(query[1]));
      default -> {}
    }
    response.setHeader("Location", "/orders/" + number);
    response.setHeader("Set-Cookie", "session=" + number);
    answer(response, 201, "order " + number + ": " + digest);
  }

  private static void answer(HttpServletResponse response, int status, String text)
      throws IOException {
    response.setStatus(status);
    response.setContentType("text/plain");
    response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String digest(InputStream body) throws IOException {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(body.readAllBytes());
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
