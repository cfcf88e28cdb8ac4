package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One authenticated request, its body not yet read. Confined to its thread. */
final class Request {
  private static final Pattern BEARER = Pattern.compile("(?i:Bearer) +([!-~]{1,100})");

  private final HttpExchange exchange;
  private final Body body;
  private final String tenant;

  private Request(HttpExchange exchange, Body body, String tenant) {
    this.exchange = exchange;
    this.body = body;
    this.tenant = tenant;
  }

  /** Returns the request of the tenant whom it names. */
  static Request of(HttpExchange exchange, Body body) throws Refusal {
    List<String> lines = exchange.getRequestHeaders().get("Authorization");
    if (lines != null && lines.size() == 1) {
      Matcher bearer = BEARER.matcher(lines.get(0).strip());
      if (bearer.matches()) {
        return new Request(exchange, body, bearer.group(1));
      }
    }
    throw new Refusal(Problem.unauthorized());
  }

  String tenant() {
    return tenant;
  }

  String method() {
    return exchange.getRequestMethod();
  }

  String path() {
    return exchange.getRequestURI().getRawPath();
  }

  /** Returns the raw query; empty for none. */
  String query() {
    String query = exchange.getRequestURI().getRawQuery();
    return query == null ? "" : query;
  }

  /** Returns the content type as it was sent; empty for none. */
  String contentType() throws Refusal {
    List<String> lines = exchange.getRequestHeaders().get("Content-Type");
    if (lines == null || lines.isEmpty()) {
      return "";
    }
    if (lines.size() > 1) {
      // Only one could be part of the fingerprint.
      throw new Refusal(Problem.badRequest("There is more than one Content-Type header."));
    }
    return lines.get(0);
  }

  @Nullable List<String> headers(String name) {
    return exchange.getRequestHeaders().get(name);
  }

  /** Reads the body, once. */
  byte[] readBody() throws IOException, Refusal {
    return body.read();
  }
}
