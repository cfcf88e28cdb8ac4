package io.idem4j.examples.jaxrs;

import io.idem4j.MisuseException;
import io.idem4j.OperationContext;
import io.idem4j.Scope;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import jakarta.ws.rs.HttpMethod;
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
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.glassfish.jersey.server.ChunkedOutput;
import org.jspecify.annotations.Nullable;

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
 * shows it, and otherwise the lease lapses); an {@code AsyncResponse} that times out, whose 503 is
 * taken for the method's own answer although it may still run; trailers. A failure whose key was
 * settled by somebody else meanwhile is answered as a failure.
 *
 * <p>The filter stands behind authentication and authorisation ({@link Priorities}), and before
 * everything else. Its last word on responses comes after all other filters and interceptors.
 */
public final class IdempotencyFeature implements Feature {
  private static final int BEHIND_AUTHORIZATION = Priorities.AUTHORIZATION + 100;

  /** The lowest that counts: Jersey takes 0 and less for no priority at all. */
  private static final int LAST_WORD = 1;

  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

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
    Idempotent wanted = annotation(method.getResourceClass(), method.getResourceMethod());
    if (wanted == null) {
      return;
    }
    requireOneResponse(method, wanted.value());
    requireProtected(method, wanted.value());
    IdempotencyFilter filter =
        new IdempotencyFilter(operations.computeIfAbsent(wanted.value(), this::operation), scope);
    context.register(
        filter,
        Map.of(
            ContainerRequestFilter.class, BEHIND_AUTHORIZATION,
            ContainerResponseFilter.class, LAST_WORD,
            WriterInterceptor.class, LAST_WORD));
  }

  /**
   * Of the method, or of one that it overrides: JAX-RS takes its own annotations from there too.
   */
  private static @Nullable Idempotent annotation(@Nullable Class<?> type, Method method) {
    if (type == null) {
      return null;
    }
    Idempotent found = null;
    try {
      found =
          type.getDeclaredMethod(method.getName(), method.getParameterTypes())
              .getAnnotation(Idempotent.class);
    } catch (NoSuchMethodException e) {
      // Declared further up, if at all.
    }
    for (Class<?> above : type.getInterfaces()) {
      found = found == null ? annotation(above, method) : found;
    }
    return found == null ? annotation(type.getSuperclass(), method) : found;
  }

  private HttpOperation operation(String name) {
    HttpPolicy policy = policies.get(name);
    if (policy == null) {
      throw new MisuseException("no policy was given for the operation " + name);
    }
    return http.operation(name, policy);
  }

  /** An annotation that does nothing is worse than none. */
  private void requireProtected(ResourceInfo method, String name) {
    HttpPolicy policy = policies.get(name);
    for (Annotation each : method.getResourceMethod().getAnnotations()) {
      HttpMethod verb = each.annotationType().getAnnotation(HttpMethod.class);
      if (policy != null
          && verb != null
          && !SAFE.contains(verb.value())
          && !policy.methods().contains(verb.value())) {
        throw new MisuseException("the policy of " + name + " does not protect " + verb.value());
      }
    }
  }

  private static void requireOneResponse(ResourceInfo method, String name) {
    List<Class<?>> parameters = List.of(method.getResourceMethod().getParameterTypes());
    if (parameters.contains(SseEventSink.class)
        || ChunkedOutput.class.isAssignableFrom(method.getResourceMethod().getReturnType())) {
      throw new MisuseException("the operation " + name + " does not answer with one response");
    }
  }
}
