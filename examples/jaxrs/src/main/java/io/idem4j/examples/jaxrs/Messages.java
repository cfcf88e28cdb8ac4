package io.idem4j.examples.jaxrs;

import io.idem4j.http.HttpHeaders;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.lang.annotation.Annotation;
import java.net.URI;
import java.util.ArrayList;

/** The layer's requests and responses from and to those of JAX-RS. */
final class Messages {
  private static final String CONTENT_TYPE = "Content-Type";

  private Messages() {}

  static HttpRequest received(ContainerRequestContext request) {
    URI uri = request.getUriInfo().getRequestUri();
    String query = uri.getRawQuery();
    return HttpRequest.of(
        request.getMethod(),
        query == null ? uri.getRawPath() : uri.getRawPath() + '?' + query,
        HttpHeaders.of(request.getHeaders()),
        request.getEntityStream());
  }

  static HttpResponse sent(ContainerResponseContext response, byte[] body) {
    HttpHeaders made = HttpHeaders.of(response.getStringHeaders());
    HttpHeaders sendable = made.sendable();
    if (!sendable.equals(made)) {
      // Sent as it is recorded: a container has its own way with what cannot be sent.
      response.getHeaders().clear();
      sendable.forEach(response.getHeaders()::add);
    }
    return HttpResponse.of(response.getStatus(), sendable, body);
  }

  static Response answer(HttpResponse response) {
    Response.ResponseBuilder builder = Response.status(response.status());
    response.headers().forEach(builder::header);
    return (response.body().length == 0 ? builder : builder.entity(response.body())).build();
  }

  /** Gives a response all of these fields, and no others that say how its body is encoded. */
  static void overlay(HttpResponse from, ContainerResponseContext to) {
    MultivaluedMap<String, Object> headers = to.getHeaders();
    headers.remove("Content-Encoding");
    headers.remove("Content-Length");
    from.headers().map().forEach((name, values) -> headers.put(name, new ArrayList<>(values)));
    if (from.body().length > 0) {
      headers.putSingle("Content-Length", Integer.toString(from.body().length));
    }
  }

  /** Gives a response this status, and these fields alone. */
  static void replace(HttpResponse from, ContainerResponseContext to) {
    to.setStatus(from.status());
    to.getHeaders().clear();
    overlay(from, to);
  }

  /** Gives a response that has no entity this body. */
  static void append(HttpResponse from, ContainerResponseContext to) {
    if (from.body().length > 0) {
      String type = from.headers().first(CONTENT_TYPE).orElse(MediaType.APPLICATION_OCTET_STREAM);
      to.setEntity(from.body(), new Annotation[0], MediaType.valueOf(type));
      overlay(from, to);
    }
  }
}
