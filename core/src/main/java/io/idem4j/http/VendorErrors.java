package io.idem4j.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The error objects of the vendors' presets. */
final class VendorErrors {
  private static final String JSON = "application/json";

  private VendorErrors() {}

  static HttpResponse stripe(HttpProblem problem, HttpRequest request) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put(
        "type",
        switch (problem.kind()) {
          case KEY_REUSED -> "idempotency_error";
          case STORE_UNAVAILABLE, STOPPING, RECORD_UNREADABLE, FAILED -> "api_error";
          default -> "invalid_request_error";
        });
    error.put(
        "code",
        switch (problem.kind()) {
          case IN_FLIGHT -> "idempotency_key_in_use";
          case QUOTA_EXCEEDED -> "rate_limit";
          default -> problem.kind().code().replace('-', '_');
        });
    error.put("message", problem.detail());
    if (problem.documentation().isPresent()) {
      error.put("doc_url", problem.documentation().get().toASCIIString());
    }
    return json(problem, Map.of("error", error));
  }

  static HttpResponse adyen(HttpProblem problem, HttpRequest request) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("status", problem.status());
    error.put(
        "errorCode",
        switch (problem.kind()) {
          case IN_FLIGHT, KEY_REUSED, ALREADY_COMPLETED, ANSWER_NOT_KEPT, OUTCOME_UNKNOWN -> "704";
          case STORE_UNAVAILABLE, STOPPING -> "703";
          default -> "702";
        });
    error.put("message", problem.detail());
    error.put("errorType", problem.status() >= 500 ? "internal" : "validation");
    return json(problem, error);
  }

  static HttpResponse goCardless(HttpProblem problem, HttpRequest request) {
    Map<String, Object> each = new LinkedHashMap<>();
    each.put(
        "reason",
        switch (problem.kind()) {
          case ALREADY_COMPLETED, ANSWER_NOT_KEPT, KEY_REUSED -> "idempotent_creation_conflict";
          case IN_FLIGHT -> "idempotent_creation_in_progress";
          default -> problem.kind().code().replace('-', '_');
        });
    each.put("message", problem.detail());
    problem
        .reference()
        .ifPresent(reference -> each.put("links", Map.of("conflicting_resource_id", reference)));
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("code", problem.status());
    error.put(
        "type",
        problem.status() >= 500
            ? "gocardless"
            : problem.status() == 409 ? "invalid_state" : "invalid_api_usage");
    error.put("message", problem.detail());
    if (problem.documentation().isPresent()) {
      error.put("documentation_url", problem.documentation().get().toASCIIString());
    }
    error.put("request_id", requestId(request));
    error.put("errors", List.of(each));
    return json(problem, Map.of("error", error));
  }

  /** What whoever stands before the layer gave the request as its id; none that is not plain. */
  private static @Nullable String requestId(HttpRequest request) {
    return request
        .headers()
        .first("X-Request-Id")
        .filter(id -> id.matches("[A-Za-z0-9._-]{1,100}"))
        .orElse(null);
  }

  private static HttpResponse json(HttpProblem problem, Map<String, ?> object) {
    return HttpResponse.of(problem.status(), JSON, Json.of(object));
  }
}
