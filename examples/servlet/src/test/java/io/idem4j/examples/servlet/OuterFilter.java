package io.idem4j.examples.servlet;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;

/** Stands before the layer: sets a field of its own, and reads bodies if it is asked to. */
final class OuterFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    response.setHeader("X-Outer", "outer");
    response.addHeader("Set-Cookie", "outer=1");
    switch (Objects.requireNonNullElse(request.getHeader("X-Greedy"), "")) {
      case "parameter" -> request.getParameter("any");
      case "stream" -> request.getInputStream().readAllBytes();
      default -> {}
    }
    chain.doFilter(request, response);
  }
}
