package io.idem4j.examples.servlet;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stands for the application's own authentication: whoever names a tenant is that tenant. Without
 * one, the request gets no further.
 */
public final class BearerAuthentication extends HttpFilter {
  private static final long serialVersionUID = 1L;
  private static final Pattern BEARER = Pattern.compile("Bearer ([!-~]{1,100})");

  /** Makes the filter. */
  public BearerAuthentication() {}

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String header = request.getHeader("Authorization");
    Matcher bearer = BEARER.matcher(header == null ? "" : header);
    if (!bearer.matches()) {
      response.setHeader("WWW-Authenticate", "Bearer");
      response.setStatus(HttpServletResponse.SC_UNAUTHORIZED);
      return;
    }
    String tenant = bearer.group(1);
    chain.doFilter(
        new HttpServletRequestWrapper(request) {
          @Override
          public Principal getUserPrincipal() {
            return () -> tenant;
          }
        },
        response);
  }
}
