package io.idem4j.examples.servlet;

import io.idem4j.OperationContext;
import io.idem4j.Scope;
import io.idem4j.http.HttpClaim;
import io.idem4j.http.HttpHeaders;
import io.idem4j.http.HttpLease;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs requests once per key. A request that is protected reaches its servlet with the same body;
 * the servlet's response is held back, recorded, and only then sent, whether or not the client is
 * still there. What no operation covers, and a request without a key, passes untouched.
 *
 * <p><b>Where it stands:</b> behind authentication and authorisation; before everything that reads
 * the body, which includes {@code getParameter} on the post of a form (refused otherwise); inside
 * of compression, so that what is recorded is not compressed. Map it on {@code REQUEST}, and on
 * {@code FORWARD} where something else forwards to what is protected; dispatches of errors and of
 * asynchronous work pass, and so does a request that a filter of this class protects already.
 * Enable asynchronous support, or no servlet behind it has any.
 *
 * <p><b>What it covers:</b> streams and writers, forward and include, {@code reset}, redirects, and
 * posted forms. {@code sendError} is answered here, with the status and the message as plain text:
 * the container's error page would be made after the recording, and a retry would not get it. A
 * flush sends nothing. A response is held in memory as a whole. A posted form without an encoding
 * is read as UTF-8. For forwards, Tomcat 11 needs {@code
 * suspendWrappedResponseAfterForward="false"} on its context; without it such a request fails (and
 * its retry is replayed), rather than being answered without a body.
 *
 * <p><b>What it does not:</b> of a protected request, {@code startAsync}, read and write listeners,
 * {@code upgrade}, {@code getParts} and trailers throw {@link IllegalStateException}. What a
 * servlet throws goes on to the container, whose error page is not recorded: such a failure is
 * never replayed as a page. Interim responses are not repeated.
 *
 * <p>Safe for use by many threads.
 */
public final class IdempotencyFilter implements Filter {
  private static final String CONTEXT = OperationContext.class.getName();
  private static final String SEEN = IdempotencyFilter.class.getName();

  private final Function<HttpServletRequest, Optional<HttpOperation>> routes;
  private final Function<HttpServletRequest, Scope> scopes;

  /**
   * Makes the filter.
   *
   * @param routes the operation that a request is, with the policy of its endpoint; empty to leave
   *     it alone. To be told by what the container routes by, such as {@code getServletPath()}: a
   *     raw URI spells one endpoint in many ways
   * @param scopes whose request it is: what was authenticated. Asked for covered requests alone
   */
  public IdempotencyFilter(
      Function<HttpServletRequest, Optional<HttpOperation>> routes,
      Function<HttpServletRequest, Scope> scopes) {
    this.routes = routes;
    this.scopes = scopes;
  }

  /** Returns what a handler may know about its run; empty for a request without protection. */
  public static Optional<OperationContext> context(ServletRequest request) {
    return Optional.ofNullable((OperationContext) request.getAttribute(CONTEXT));
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (request instanceof HttpServletRequest asked
        && response instanceof HttpServletResponse answer
        && asked.getDispatcherType() != DispatcherType.ERROR
        && asked.getDispatcherType() != DispatcherType.ASYNC
        && asked.getAttribute(SEEN) == null) {
      Optional<HttpOperation> operation = routes.apply(asked);
      if (operation.isPresent()) {
        request.setAttribute(SEEN, true);
        begin(operation.get(), asked, answer, chain);
        return;
      }
    }
    chain.doFilter(request, response);
  }

  private void begin(
      HttpOperation operation,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws IOException, ServletException {
    LazyBody body = new LazyBody(request);
    HttpRequest seen = HttpRequest.of(request.getMethod(), target(request), headers(request), body);
    HttpClaim claim = operation.begin(scopes.apply(request), seen);
    if (claim instanceof HttpClaim.Denied denied) {
      HeldResponse.send(denied.response(), response);
      return;
    }
    HttpLease lease = ((HttpClaim.Granted) claim).lease();
    if (lease.context().isPresent()) {
      request.setAttribute(CONTEXT, lease.context().get());
      run(lease, new CapturedRequest(request, seen), new HeldResponse(response), chain);
    } else {
      // It may hold a place in the quotas: that of a request which a store that is down lets run,
      // and whose body was read.
      try (lease) {
        chain.doFilter(body.isOpen() ? new CapturedRequest(request, seen) : request, response);
      }
    }
  }

  private static void run(
      HttpLease lease, CapturedRequest request, HeldResponse response, FilterChain chain)
      throws IOException, ServletException {
    try (lease) {
      HttpResponse own;
      try {
        chain.doFilter(request, response);
        own = response.captured();
      } catch (Throwable e) {
        Optional<HttpResponse> recorded = lease.fail(cause(e));
        if (recorded.isEmpty()) {
          throw e;
        }
        response.release(recorded.get());
        return;
      }
      // Recorded before anything is sent: a client that has gone is not noticed before.
      response.release(lease.finish(own));
    }
  }

  /** The policy knows what the handler threw, not what its framework wrapped it in. */
  private static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof ServletException wrapper && wrapper.getRootCause() != null) {
      cause = wrapper.getRootCause();
    }
    return cause;
  }

  private static String target(HttpServletRequest request) {
    String query = request.getQueryString();
    return query == null ? request.getRequestURI() : request.getRequestURI() + "?" + query;
  }

  private static HttpHeaders headers(HttpServletRequest request) {
    HttpHeaders.Builder headers = HttpHeaders.builder();
    for (String name : Collections.list(request.getHeaderNames())) {
      Collections.list(request.getHeaders(name)).forEach(value -> headers.add(name, value));
    }
    return headers.build();
  }
}
