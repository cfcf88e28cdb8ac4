package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One authenticated request, its body not yet read. Confined to its thread. */
final class Request {
  private static final Pattern BEARER = Pattern.compile("(?i:Bearer) +([!-~]{1,100})");

  private final String tenant;
  private final HttpRequest http;
  private final Name name;

  private Request(String tenant, HttpRequest http, Name name) {
    this.tenant = tenant;
    this.http = http;
    this.name = name;
  }

  /**
   * The id of a request, which tells it from its retries.
   *
   * @param isSent whether responses bear it
   */
  record Name(String id, boolean isSent) {
    static Name create(Profile profile) {
      return new Name("req_" + UUID.randomUUID(), profile.namesRequests());
    }

    HttpResponse on(HttpResponse response) {
      return isSent ? response.withHeader("Request-Id", id) : response;
    }
  }

  /** Returns the request of the tenant whom it names. */
  static Request of(HttpExchange exchange, Name name) throws Refusal {
    HttpRequest http = JdkHttp.request(exchange);
    List<String> lines = http.headers().all("Authorization");
    if (lines.size() == 1) {
      Matcher bearer = BEARER.matcher(lines.get(0).strip());
      if (bearer.matches()) {
        return new Request(bearer.group(1), http, name);
      }
    }
    throw new Refusal(Problem.unauthorized());
  }

  /**
   * Returns the same request as the layer is to see it: with what is compared of its query, and
   * with its id, which is none of the client's business.
   */
  Request comparing(String query) throws Refusal {
    if (http.headers().all("Content-Type").size() > 1) {
      // Which of them the body is of cannot be told.
      throw new Refusal(Problem.badRequest("There is more than one Content-Type header."));
    }
    String target = query.isEmpty() ? path() : path() + "?" + query;
    return new Request(
        tenant,
        HttpRequest.of(
            http.method(), target, http.headers().with("X-Request-Id", name.id()), http.body()),
        name);
  }

  HttpRequest http() {
    return http;
  }

  HttpResponse named(HttpResponse response) {
    return name.on(response);
  }

  String tenant() {
    return tenant;
  }

  String method() {
    return http.method();
  }

  /** Returns the raw path. */
  String path() {
    int end = http.target().indexOf('?');
    return end < 0 ? http.target() : http.target().substring(0, end);
  }

  /** Returns the raw query; empty for none. */
  String query() {
    int end = http.target().indexOf('?');
    return end < 0 ? "" : http.target().substring(end + 1);
  }

  /** Reads the body, which the layer has read before if the request has a key. */
  byte[] readBody() throws IOException, Refusal {
    byte[] bytes = http.body().readNBytes(Body.MAXIMUM + 1);
    if (bytes.length > Body.MAXIMUM) {
      throw new Refusal(Problem.tooLarge(Body.MAXIMUM));
    }
    return bytes;
  }
}
