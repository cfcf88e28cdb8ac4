package io.idem4j.http;

import io.idem4j.EngineBench;
import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The layer on core's bench, and a handler that counts its effects. For one thread. */
final class HttpBench {
  static final Scope TENANT = Scope.of("tenant-a");
  static final Scope OTHER_TENANT = Scope.of("tenant-b");
  static final String OPERATION = "POST /payments";
  static final HttpPolicy RERUN = HttpPolicy.of(OperationPolicy.rerun());
  static final HttpPolicy HOLD = HttpPolicy.of(OperationPolicy.hold());

  final EngineBench engine = new EngineBench();
  final Idempotency idempotency = engine.idempotency(2_000);
  final HttpIdempotency http = HttpIdempotency.of(idempotency);
  final AtomicInteger effects = new AtomicInteger();

  HttpOperation operation(HttpPolicy policy) {
    return http.operation(OPERATION, policy);
  }

  static HttpRequest post(String key, String body) {
    return request("POST", "/payments", HttpHeaders.of("Idempotency-Key", key), body);
  }

  static HttpRequest bare(String method, String body) {
    return request(method, "/payments", HttpHeaders.none(), body);
  }

  static HttpRequest request(String method, String target, HttpHeaders headers, String body) {
    return HttpRequest.of(method, target, headers, body.getBytes(StandardCharsets.UTF_8));
  }

  /** Answers 201 with the number of its effect. */
  HttpResponse created() {
    int number = effects.incrementAndGet();
    return HttpResponse.of(201, "application/json", "{\"payment\":" + number + "}")
        .withHeader("Location", "/payments/" + number);
  }

  HttpResponse answer(int status) {
    return HttpResponse.of(status, "text/plain", "answer " + effects.incrementAndGet());
  }

  /** Sends a request to a handler that creates. */
  HttpResponse send(HttpOperation operation, HttpRequest request) {
    return send(TENANT, operation, request, context -> created());
  }

  /** Sends a request to a handler that answers with this status. */
  HttpResponse send(HttpOperation operation, HttpRequest request, int status) {
    return send(TENANT, operation, request, context -> answer(status));
  }

  HttpResponse send(
      Scope scope,
      HttpOperation operation,
      HttpRequest request,
      HttpHandler<RuntimeException> handler) {
    try {
      return operation.handle(scope, request, handler);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  HttpClaim begin(HttpOperation operation, HttpRequest request) {
    try {
      return operation.begin(TENANT, request);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  HttpLease granted(HttpOperation operation, HttpRequest request) {
    return ((HttpClaim.Granted) begin(operation, request)).lease();
  }

  HttpResponse denied(HttpOperation operation, HttpRequest request) {
    return ((HttpClaim.Denied) begin(operation, request)).response();
  }

  void pass(long seconds) {
    engine.pass(Duration.ofSeconds(seconds));
  }

  static String body(HttpResponse response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  static String body(HttpRequest request) throws IOException {
    return new String(request.body().readAllBytes(), StandardCharsets.UTF_8);
  }

  static String field(HttpResponse response, String name) {
    return String.join(" | ", response.headers().all(name));
  }

  static String type(HttpResponse response) {
    String body = body(response);
    String prefix = "{\"type\":\"urn:idem4j:problem:";
    return body.startsWith(prefix)
        ? body.substring(prefix.length(), body.indexOf('"', prefix.length()))
        : "no problem: " + body;
  }

  /** A response as text: the status, its fields by name, and the body. */
  static String whole(HttpResponse response) {
    Map<String, String> fields = new TreeMap<>();
    response.headers().map().forEach((name, lines) -> fields.put(name, String.join(" | ", lines)));
    StringBuilder text = new StringBuilder().append(response.status()).append('\n');
    fields.forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
    return text.append('\n').append(body(response)).toString();
  }
}
