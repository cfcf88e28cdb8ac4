package io.idem4j.examples.vertx;

import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.http.HttpHeaders;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpResponse;
import io.idem4j.http.KeyRequirement;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service's routes. */
final class OrdersRoutes {
  private static final String TENANT = "tenant";
  private static final Pattern BEARER = Pattern.compile("Bearer ([!-~]{1,100})");

  /** Above the policy's own limit, whose refusal says what the limit is. */
  private static final long BODY_LIMIT = 2L << 20;

  private final AtomicInteger effects = new AtomicInteger();
  private final HttpIdempotency http;
  private final Executor storeCalls;

  OrdersRoutes(HttpIdempotency http, Executor storeCalls) {
    this.http = http;
    this.storeCalls = storeCalls;
  }

  Router router(Vertx vertx) {
    HttpPolicy policy = HttpPolicy.of(OperationPolicy.rerun());
    HttpPolicy strict = policy.withKeyRequirement(KeyRequirement.REQUIRED);
    Router router = Router.router(vertx);
    router.route().handler(OrdersRoutes::authenticate);
    router.route().handler(BodyHandler.create(false).setBodyLimit(BODY_LIMIT));
    router.post("/orders").handler(idempotent("POST /orders", policy, this::order));
    router.post("/strict").handler(idempotent("POST /strict", strict, this::order));
    router.post("/plain").respond(routing -> text("plain " + effects.incrementAndGet()));
    router.get("/effects").respond(routing -> text(Integer.toString(effects.get())));
    return router;
  }

  private IdempotentHandler idempotent(
      String name, HttpPolicy policy, IdempotentHandler.Effect effect) {
    return new IdempotentHandler(
        http.operation(name, policy),
        routing -> Scope.of(routing.<String>get(TENANT)),
        storeCalls,
        effect);
  }

  /** Stands for the service's authentication: the token is the tenant's name, and believed. */
  private static void authenticate(RoutingContext routing) {
    String header = routing.request().getHeader("Authorization");
    Matcher matcher = BEARER.matcher(header == null ? "" : header);
    if (matcher.matches()) {
      routing.put(TENANT, matcher.group(1)).next();
    } else {
      routing.response().putHeader("WWW-Authenticate", "Bearer").setStatusCode(401).end();
    }
  }

  private static Future<Buffer> text(String text) {
    return Future.succeededFuture(Buffer.buffer(text));
  }

  private Future<HttpResponse> order(RoutingContext routing, Optional<OperationContext> run) {
    int number = effects.incrementAndGet();
    String delay = routing.request().getParam("delay", "0");
    Future<?> waited =
        delay.equals("0")
            ? Future.succeededFuture()
            : routing.vertx().timer(Long.parseLong(delay), TimeUnit.MILLISECONDS);
    return waited.map(nothing -> response(number, routing));
  }

  private static HttpResponse response(int number, RoutingContext routing) {
    if (routing.request().getParam("fail") != null) {
      throw new IllegalStateException("asked to fail");
    } else if (routing.request().getParam("empty") != null) {
      return HttpResponse.of(204);
    }
    String status = routing.request().getParam("status");
    if (status != null) {
      return HttpResponse.of(Integer.parseInt(status), "text/plain", "status " + status);
    }
    Buffer body = routing.body().buffer();
    HttpHeaders headers =
        HttpHeaders.builder()
            .add("Content-Type", "text/plain")
            .add("Location", "/orders/" + number)
            .add("Set-Cookie", "session=" + number)
            .build();
    String text = "order " + number + ": " + sha256(body == null ? new byte[0] : body.getBytes());
    return HttpResponse.of(201, headers, text.getBytes(StandardCharsets.UTF_8));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
