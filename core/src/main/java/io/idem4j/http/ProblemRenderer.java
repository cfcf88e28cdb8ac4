package io.idem4j.http;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes the response of a problem. The layer adds {@code Retry-After}, the policy's markers, and a
 * {@code Link} to the documentation. Safe for use by many threads.
 */
@FunctionalInterface
public interface ProblemRenderer {
  /**
   * Returns the response.
   *
   * @param request what is answered; nothing of it should be repeated
   */
  HttpResponse render(HttpProblem problem, HttpRequest request);

  /**
   * Returns the renderer of {@code application/problem+json} (RFC 9457): {@code type}, {@code
   * title}, {@code status}, {@code detail}, and {@code reference} where the policy shows one.
   *
   * @param typePrefix what stands before the problem's code in its type, such as {@code
   *     urn:idem4j:problem:} or a URL
   */
  static ProblemRenderer problemJson(String typePrefix) {
    return (problem, request) -> {
      Map<String, Object> members = new LinkedHashMap<>();
      members.put("type", typePrefix + problem.kind().code());
      members.put("title", problem.kind().title());
      members.put("status", problem.status());
      members.put("detail", problem.detail());
      problem.reference().ifPresent(reference -> members.put("reference", reference));
      return HttpResponse.of(problem.status(), "application/problem+json", Json.of(members))
          .withHeader("Content-Language", "en");
    };
  }
}
