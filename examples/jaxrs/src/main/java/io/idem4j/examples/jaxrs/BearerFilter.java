package io.idem4j.examples.jaxrs;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import java.security.Principal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Stands for the service's authentication: the token is the tenant's name, and believed. */
@Priority(Priorities.AUTHENTICATION)
final class BearerFilter implements ContainerRequestFilter {
  private static final Pattern BEARER = Pattern.compile("Bearer ([!-~]{1,100})");

  @Override
  public void filter(ContainerRequestContext request) {
    String header = request.getHeaderString("Authorization");
    Matcher matcher = BEARER.matcher(header == null ? "" : header);
    if (matcher.matches()) {
      request.setSecurityContext(new Tenant(matcher.group(1), request.getSecurityContext()));
    } else {
      request.abortWith(Response.status(401).header("WWW-Authenticate", "Bearer").build());
    }
  }

  private record Tenant(String name, SecurityContext before) implements SecurityContext {
    @Override
    public Principal getUserPrincipal() {
      return () -> name;
    }

    @Override
    public boolean isUserInRole(String role) {
      return false;
    }

    @Override
    public boolean isSecure() {
      return before.isSecure();
    }

    @Override
    public String getAuthenticationScheme() {
      return "Bearer";
    }
  }
}
