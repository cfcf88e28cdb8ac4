package io.idem4j.examples.springboot;

import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.http.HttpEntity;
import org.springframework.http.server.RequestPath;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerExecutionChain;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;
import org.springframework.web.util.ServletRequestPathUtils;

/**
 * Finds the operation of a request: that of the {@link Idempotent} method which Spring's own
 * mapping chooses for it, so that no spelling of a path gets around it. All operations are made at
 * the start, and a name or a policy that is wrong ends it. Safe for use by many threads.
 *
 * <p>A mapping with a condition on parameters reads the post of a form too early, which the filter
 * refuses: map such endpoints by path.
 */
final class IdempotentEndpoints {
  private static final Set<RequestMethod> SAFE =
      Set.of(RequestMethod.GET, RequestMethod.HEAD, RequestMethod.OPTIONS, RequestMethod.TRACE);

  private static final List<Class<?>> ASYNCHRONOUS =
      List.of(
          CompletionStage.class,
          Callable.class,
          DeferredResult.class,
          WebAsyncTask.class,
          ResponseBodyEmitter.class,
          StreamingResponseBody.class);

  private final RequestMappingHandlerMapping mapping;
  private final Map<Method, HttpOperation> operations = new HashMap<>();

  IdempotentEndpoints(
      RequestMappingHandlerMapping mapping, HttpIdempotency http, BeanFactory policies) {
    this.mapping = mapping;
    Set<String> names = new HashSet<>();
    for (var entry : mapping.getHandlerMethods().entrySet()) {
      Method method = entry.getValue().getMethod();
      Idempotent idempotent = AnnotatedElementUtils.findMergedAnnotation(method, Idempotent.class);
      if (idempotent == null || operations.containsKey(method)) {
        continue;
      }
      if (!names.add(idempotent.operation())) {
        throw new IllegalStateException("two methods are " + idempotent.operation());
      }
      HttpPolicy policy = policies.getBean(idempotent.policy(), HttpPolicy.class);
      requireProtected(idempotent, entry.getKey(), policy);
      requireSynchronous(idempotent, method);
      operations.put(method, http.operation(idempotent.operation(), policy));
    }
  }

  /** An annotation that does nothing is worse than none. */
  private static void requireProtected(
      Idempotent idempotent, RequestMappingInfo info, HttpPolicy policy) {
    for (RequestMethod method : info.getMethodsCondition().getMethods()) {
      if (!SAFE.contains(method) && !policy.methods().contains(method.name())) {
        throw new IllegalStateException(
            "the policy of " + idempotent.operation() + " does not protect " + method);
      }
    }
  }

  /** Spring would ask for an asynchronous dispatch, in vain, when the effect is under way. */
  private static void requireSynchronous(Idempotent idempotent, Method method) {
    ResolvableType type = ResolvableType.forMethodReturnType(method);
    Class<?> answer =
        (HttpEntity.class.isAssignableFrom(type.toClass()) ? type.getGeneric(0) : type).toClass();
    if (ASYNCHRONOUS.stream().anyMatch(it -> it.isAssignableFrom(answer))
        || ReactiveAdapterRegistry.getSharedInstance().getAdapter(answer) != null) {
      throw new IllegalStateException(idempotent.operation() + " is asynchronous");
    }
  }

  /** Returns the operation that a request is; empty if its endpoint is not annotated. */
  Optional<HttpOperation> of(HttpServletRequest request) {
    // That of a forward is another path than the one that was parsed before.
    RequestPath before = (RequestPath) request.getAttribute(ServletRequestPathUtils.PATH_ATTRIBUTE);
    ServletRequestPathUtils.parseAndCache(request);
    try {
      HandlerExecutionChain chain = mapping.getHandler(request);
      return chain != null && chain.getHandler() instanceof HandlerMethod handler
          ? Optional.ofNullable(operations.get(handler.getMethod()))
          : Optional.empty();
    } catch (ServletException e) {
      // No endpoint takes this method or media type: Spring's servlet is about to answer that.
      return Optional.empty();
    } catch (Exception e) {
      throw new IllegalStateException("the endpoint of a request cannot be told", e);
    } finally {
      ServletRequestPathUtils.setParsedRequestPath(before, request);
    }
  }
}
