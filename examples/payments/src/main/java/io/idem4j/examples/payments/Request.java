package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One authenticated request, its body not yet read. Confined to its thread. */
final class Request {
  /** The largest body. */
  static final int MAXIMUM_BODY = 1 << 20;

  private static final Pattern BEARER = Pattern.compile("(?i:Bearer) +([!-~]{1,100})");

  private final HttpExchange exchange;
  private final String tenant;

  private Request(HttpExchange exchange, String tenant) {
    this.exchange = exchange;
    this.tenant = tenant;
  }

  /** Returns the request of the tenant whom it names. */
  static Request of(HttpExchange exchange) throws Refusal {
    List<String> lines = exchange.getRequestHeaders().get("Authorization");
    if (lines != null && lines.size() == 1) {
      Matcher bearer = BEARER.matcher(lines.get(0).strip());
      if (bearer.matches()) {
        return new Request(exchange, bearer.group(1));
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
  String contentType() {
    String contentType = exchange.getRequestHeaders().getFirst("Content-Type");
    return contentType == null ? "" : contentType;
  }

  @Nullable List<String> headers(String name) {
    return exchange.getRequestHeaders().get(name);
  }

  /** Reads the body, once. */
  byte[] readBody() throws IOException, Refusal {
    InputStream in = exchange.getRequestBody();
    byte[] body = in.readNBytes(MAXIMUM_BODY + 1);
    if (body.length <= MAXIMUM_BODY) {
      return body;
    }
    throw new Refusal(Problem.tooLarge(MAXIMUM_BODY));
  }
}
