package io.idem4j.examples.jaxrs;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Providers;
import java.util.Objects;
import org.glassfish.jersey.server.internal.process.MappableException;
import org.glassfish.jersey.server.monitoring.ApplicationEvent;
import org.glassfish.jersey.server.monitoring.ApplicationEventListener;
import org.glassfish.jersey.server.monitoring.RequestEvent;
import org.glassfish.jersey.server.monitoring.RequestEventListener;
import org.jspecify.annotations.Nullable;

/**
 * Records what no response filter can: a throwable that nobody maps goes to the container, which
 * answers 500 before Jersey runs its filters once more. The key is settled before that, when the
 * exception is first seen; and once more, to be sure, when everything is over.
 */
final class UnmappedFailures implements ApplicationEventListener, RequestEventListener {
  /** Jersey's own, which comes after the container's 500. Not public. */
  private static final String DEFAULT = "org.glassfish.jersey.server.DefaultExceptionMapper";

  @Context private @Nullable Providers providers;

  @Override
  public void onEvent(ApplicationEvent event) {}

  @Override
  public RequestEventListener onRequest(RequestEvent event) {
    return this;
  }

  @Override
  public void onEvent(RequestEvent event) {
    switch (event.getType()) {
      case ON_EXCEPTION -> Exchange.of(property(event)).ifPresent(it -> onException(it, event));
      case FINISHED -> Exchange.of(property(event)).ifPresent(it -> onFinished(it, event));
      default -> {}
    }
  }

  private static @Nullable Object property(RequestEvent event) {
    return event.getContainerRequest().getProperty(Exchange.PROPERTY);
  }

  private void onException(Exchange exchange, RequestEvent event) {
    Throwable thrown = unwrapped(event.getException());
    if (event.getExceptionCause() == RequestEvent.ExceptionCause.MAPPED_RESPONSE
        || !isMapped(thrown)) {
      var unused = exchange.fail(thrown);
    }
  }

  private static void onFinished(Exchange exchange, RequestEvent event) {
    Throwable thrown = event.getException();
    if (thrown == null) {
      exchange.abandon();
    } else {
      var unused = exchange.fail(unwrapped(thrown));
    }
  }

  /** A mapped exception's response is an answer like any other, and judged by its status. */
  private boolean isMapped(Throwable thrown) {
    if (thrown instanceof WebApplicationException) {
      return true;
    }
    ExceptionMapper<?> mapper =
        Objects.requireNonNull(providers).getExceptionMapper(thrown.getClass());
    return mapper != null && !mapper.getClass().getName().equals(DEFAULT);
  }

  private static Throwable unwrapped(Throwable thrown) {
    Throwable cause = thrown.getCause();
    return thrown instanceof MappableException && cause != null ? cause : thrown;
  }
}
