package io.idem4j.examples.jaxrs;

import io.idem4j.MisuseException;
import io.idem4j.OperationContext;
import io.idem4j.Scope;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Feature;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.glassfish.jersey.server.ChunkedOutput;

/**
 * Runs resource methods that are {@link Idempotent} once per key. For Jersey: all but {@link
 * UnmappedFailures} is plain JAX-RS.
 *
 * <p>Covered: whatever a method answers with one response, from its thread or later (a {@code
 * CompletionStage}, a resumed {@code AsyncResponse}), a {@code StreamingOutput} included, which is
 * held in memory whole; what exception mappers make of exceptions, which is judged by its status;
 * unmapped exceptions and errors, as the operation's policy has them; content encodings and headers
 * added by other filters, which are recorded as they are sent. A replay is sent as it was recorded,
 * whatever encoding is asked for now, with the headers that other filters add to any response.
 *
 * <p>Not covered: server-sent events and {@code ChunkedOutput} (refused at start where the method
 * shows it, and otherwise the lease lapses); sub-resource locators, whose methods are no resource
 * methods yet when features are asked; an {@code AsyncResponse} that times out, whose 503 is taken
 * for the method's own answer although it may still run; trailers. A failure whose key was settled
 * by somebody else meanwhile is answered as a failure.
 *
 * <p>The filter stands behind authentication and authorisation ({@link Priorities}), and before
 * everything else. Its last word on responses comes after all other filters and interceptors.
 */
public final class IdempotencyFeature implements Feature {
  private static final int BEHIND_AUTHORIZATION = Priorities.AUTHORIZATION + 100;

  /** The lowest that counts: Jersey takes 0 and less for no priority at all. */
  private static final int LAST_WORD = 1;

  private final HttpIdempotency http;
  private final Function<? super ContainerRequestContext, Scope> scope;
  private final Map<String, HttpPolicy> policies;
  private final Map<String, HttpOperation> operations = new ConcurrentHashMap<>();

  /**
   * Makes the feature.
   *
   * @param scope whose request it is, as it was authenticated
   * @param policies by the operations' names
   */
  public IdempotencyFeature(
      HttpIdempotency http,
      Function<? super ContainerRequestContext, Scope> scope,
      Map<String, HttpPolicy> policies) {
    this.http = http;
    this.scope = scope;
    this.policies = Map.copyOf(policies);
  }

  /** Returns what a resource method may know about its run; empty without protection. */
  public static Optional<OperationContext> operationContext(ContainerRequestContext request) {
    return Exchange.of(request.getProperty(Exchange.PROPERTY)).flatMap(Exchange::context);
  }

  @Override
  public boolean configure(FeatureContext context) {
    DynamicFeature perMethod = this::protect;
    context.register(perMethod, DynamicFeature.class);
    context.register(new UnmappedFailures());
    return true;
  }

  private void protect(ResourceInfo method, FeatureContext context) {
    Idempotent wanted = method.getResourceMethod().getAnnotation(Idempotent.class);
    if (wanted == null) {
      return;
    }
    requireOneResponse(method, wanted.value());
    IdempotencyFilter filter =
        new IdempotencyFilter(operations.computeIfAbsent(wanted.value(), this::operation), scope);
    context.register(
        filter,
        Map.of(
            ContainerRequestFilter.class, BEHIND_AUTHORIZATION,
            ContainerResponseFilter.class, LAST_WORD,
            WriterInterceptor.class, LAST_WORD));
  }

  private HttpOperation operation(String name) {
    HttpPolicy policy = policies.get(name);
    if (policy == null) {
      throw new MisuseException("no policy was given for the operation " + name);
    }
    return http.operation(name, policy);
  }

  private static void requireOneResponse(ResourceInfo method, String name) {
    List<Class<?>> parameters = List.of(method.getResourceMethod().getParameterTypes());
    if (parameters.contains(SseEventSink.class)
        || ChunkedOutput.class.isAssignableFrom(method.getResourceMethod().getReturnType())) {
      throw new MisuseException("the operation " + name + " does not answer with one response");
    }
  }
}
