package io.idem4j.examples.springboot;

import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerExecutionChain;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
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
  private final RequestMappingHandlerMapping mapping;
  private final Map<Method, HttpOperation> operations = new HashMap<>();

  IdempotentEndpoints(
      RequestMappingHandlerMapping mapping, HttpIdempotency http, BeanFactory policies) {
    this.mapping = mapping;
    Set<String> names = new HashSet<>();
    for (HandlerMethod handler : mapping.getHandlerMethods().values()) {
      Method method = handler.getMethod();
      Idempotent idempotent = AnnotatedElementUtils.findMergedAnnotation(method, Idempotent.class);
      if (idempotent == null || operations.containsKey(method)) {
        continue;
      }
      if (!names.add(idempotent.operation())) {
        throw new IllegalStateException("two methods are " + idempotent.operation());
      }
      HttpPolicy policy = policies.getBean(idempotent.policy(), HttpPolicy.class);
      operations.put(method, http.operation(idempotent.operation(), policy));
    }
  }

  /** Returns the operation that a request is; empty if its endpoint is not annotated. */
  Optional<HttpOperation> of(HttpServletRequest request) {
    boolean isParsed = ServletRequestPathUtils.hasParsedRequestPath(request);
    if (!isParsed) {
      ServletRequestPathUtils.parseAndCache(request);
    }
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
      if (!isParsed) {
        ServletRequestPathUtils.clearParsedRequestPath(request);
      }
    }
  }
}
