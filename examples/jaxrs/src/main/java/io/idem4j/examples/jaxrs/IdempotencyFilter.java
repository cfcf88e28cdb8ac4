package io.idem4j.examples.jaxrs;

import io.idem4j.Scope;
import io.idem4j.http.HttpClaim;
import io.idem4j.http.HttpLease;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.function.Function;
import org.glassfish.jersey.server.ChunkedOutput;

/** The layer around one resource method. Safe for use by many threads. */
final class IdempotencyFilter
    implements ContainerRequestFilter, ContainerResponseFilter, WriterInterceptor {
  private final HttpOperation operation;
  private final Function<? super ContainerRequestContext, Scope> scope;

  IdempotencyFilter(
      HttpOperation operation, Function<? super ContainerRequestContext, Scope> scope) {
    this.operation = operation;
    this.scope = scope;
  }

  /** Claims the key. A client that leaves while it sends its body ends this by an IOException. */
  @Override
  public void filter(ContainerRequestContext request) throws IOException {
    HttpRequest received = Messages.received(request);
    HttpClaim claim = operation.begin(scope.apply(request), received);
    if (claim instanceof HttpClaim.Denied denied) {
      request.setProperty(Exchange.PROPERTY, Exchange.answered(denied.response()));
      request.abortWith(Messages.answer(denied.response()));
      return;
    }
    HttpLease lease = ((HttpClaim.Granted) claim).lease();
    // Of a request without protection too: its body may have been read before the store was found
    // to be down, and its place in the quotas is to be given back.
    request.setEntityStream(received.body());
    request.setProperty(Exchange.PROPERTY, Exchange.running(lease));
  }

  /** Runs after all other filters; records what has no entity, which no interceptor sees. */
  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    Optional<Exchange> found = Exchange.of(request.getProperty(Exchange.PROPERTY));
    if (found.isEmpty()) {
      return;
    }
    Exchange exchange = found.get();
    if (exchange.decided().isPresent()) {
      // Other filters have seen it meanwhile, and added what belongs to any response.
      Messages.overlay(exchange.decided().get(), response);
    } else if (response.getEntity() instanceof ChunkedOutput) {
      exchange.abandon();
    } else if (response.hasEntity()) {
      exchange.respond(response);
    } else if (exchange.isRunning()) {
      HttpResponse own = Messages.sent(response, new byte[0]);
      HttpResponse toSend = exchange.finish(own);
      if (!toSend.equals(own)) {
        exchange.decide(toSend);
        Messages.replace(toSend, response);
        Messages.append(toSend, response);
      }
    }
  }

  /** Encloses all other interceptors: what arrives in the buffer is what is sent. */
  @Override
  public void aroundWriteTo(WriterInterceptorContext context) throws IOException {
    Exchange exchange = Exchange.of(context.getProperty(Exchange.PROPERTY)).orElse(null);
    if (exchange != null && exchange.decided().isPresent()) {
      // Encoded when it was recorded: an interceptor would do it twice.
      context.getOutputStream().write(exchange.decided().get().body());
    } else if (exchange == null || !exchange.isRunning() || exchange.response().isEmpty()) {
      context.proceed();
    } else {
      record(exchange, exchange.response().get(), context);
    }
  }

  private static void record(
      Exchange exchange, ContainerResponseContext response, WriterInterceptorContext context)
      throws IOException {
    OutputStream out = context.getOutputStream();
    HttpResponse own = null;
    HttpResponse toSend;
    try {
      own = Messages.sent(response, buffered(context));
      toSend = exchange.finish(own);
    } catch (IOException | RuntimeException | Error e) {
      // The buffer holds half a response at most. Nothing of it was sent, and nothing is recorded.
      Optional<HttpResponse> recordedFirst = exchange.fail(e);
      if (recordedFirst.isEmpty()) {
        throw e;
      }
      toSend = recordedFirst.get();
    } finally {
      context.setOutputStream(out);
    }
    if (!toSend.equals(own)) {
      // The entity stays: Jersey sends nothing at all of a response that loses it now.
      Messages.replace(toSend, response);
    }
    if (toSend.body().length > 0) {
      response.getHeaders().putSingle("Content-Length", Integer.toString(toSend.body().length));
    }
    out.write(toSend.body());
  }

  private static byte[] buffered(WriterInterceptorContext context) throws IOException {
    ByteArrayOutputStream buffer = new ByteArrayOutputStream();
    context.setOutputStream(buffer);
    context.proceed();
    // An encoder has put its own stream here, and writes its end when that is closed.
    context.getOutputStream().close();
    return buffer.toByteArray();
  }
}
