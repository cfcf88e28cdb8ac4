package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;

/**
 * The log line of one request: time, method, path, status, what was done and how long it took. No
 * key, no tenant, no query; at most the short digest of the key.
 */
final class RequestLine {
  private static final int LONGEST = 200;

  private final HttpExchange exchange;
  private final long start = System.nanoTime();

  RequestLine(HttpExchange exchange) {
    this.exchange = exchange;
  }

  String text(int status, String note) {
    return "%s %s %s %s %s %d ms"
        .formatted(
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            printable(exchange.getRequestMethod()),
            printable(String.valueOf(exchange.getRequestURI().getRawPath())),
            status == 0 ? "---" : String.valueOf(status),
            note,
            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
  }

  /** A line break or a terminal sequence in a path must not reach the log. */
  private static String printable(String text) {
    String cut = text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    return cut.replaceAll("[^!-~]", "?");
  }
}
