package io.idem4j.examples.servlet;

import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.KeyRequirement;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;

/** The service's servlet, its endpoints' policies, and the filters before it, in their order. */
final class OrdersApplication {
  private OrdersApplication() {}

  /** Installs the service, by nothing but the servlet API. */
  static void install(ServletContext context, Idempotency idempotency) {
    HttpIdempotency http = HttpIdempotency.of(idempotency);
    HttpPolicy policy = HttpPolicy.of(OperationPolicy.rerun());
    Map<String, HttpOperation> operations =
        Map.of(
            "/orders",
            http.operation("POST /orders", policy),
            "/strict",
            http.operation("POST /strict", policy.withKeyRequirement(KeyRequirement.REQUIRED)));

    add(context, "authentication", new BearerAuthentication());
    add(
        context,
        "idempotency",
        new IdempotencyFilter(
            request -> Optional.ofNullable(operations.get(request.getServletPath())),
            OrdersApplication::tenant));
    context
        .addServlet("orders", new OrdersServlet())
        .addMapping("/orders", "/strict", "/plain", "/effects");
  }

  /** Who was authenticated. */
  static Scope tenant(HttpServletRequest request) {
    return Scope.of(request.getUserPrincipal().getName());
  }

  /** Adds a filter for all requests, behind those that were added before. */
  static void add(ServletContext context, String name, Filter filter) {
    FilterRegistration.Dynamic registration = context.addFilter(name, filter);
    registration.setAsyncSupported(true);
    registration.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), true, "/*");
  }
}
