package io.idem4j.examples.jaxrs;

import jakarta.inject.Singleton;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.NewCookie;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The service's resource methods, none of which knows that retries exist. */
@Path("/")
@Singleton
@Produces("text/plain")
public final class OrdersResource {
  private final AtomicInteger effects = new AtomicInteger();

  /** Makes an order. */
  @POST
  @Path("orders")
  @Idempotent("POST /orders")
  public Response order(
      @QueryParam("status") @Nullable Integer status,
      @QueryParam("delay") @DefaultValue("0") long delay,
      @QueryParam("fail") @Nullable String fail,
      @QueryParam("empty") @Nullable String empty,
      byte[] body)
      throws InterruptedException {
    int number = effects.incrementAndGet();
    Thread.sleep(delay);
    if (fail != null) {
      throw new IllegalStateException("asked to fail");
    } else if (empty != null) {
      return Response.noContent().build();
    } else if (status != null) {
      return Response.status(status).entity("status " + status).build();
    }
    return Response.created(URI.create("/orders/" + number))
        .cookie(new NewCookie.Builder("session").value(Integer.toString(number)).build())
        .entity("order " + number + ": " + sha256(body))
        .build();
  }

  /** Makes an order of whoever sends a key. */
  @POST
  @Path("strict")
  @Idempotent("POST /strict")
  public Response strictOrder(byte[] body) throws InterruptedException {
    return order(null, 0, null, null, body);
  }

  /** Makes an effect each time. */
  @POST
  @Path("plain")
  public String plain() {
    return "plain " + effects.incrementAndGet();
  }

  /** Returns how many effects were made. */
  @GET
  @Path("effects")
  public String effects() {
    return Integer.toString(effects.get());
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
