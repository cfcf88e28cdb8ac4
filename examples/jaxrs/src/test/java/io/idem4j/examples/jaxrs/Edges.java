package io.idem4j.examples.jaxrs;

import io.idem4j.OperationContext;
import jakarta.ws.rs.ClientErrorException;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.MessageBodyWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** Resource methods that end in every way. Each makes its effect first. */
@Path("/")
@Produces("text/plain")
public final class Edges {
  static final int LARGE = 200_000;

  final AtomicInteger effects = new AtomicInteger();
  private final Executor elsewhere = ForkJoinPool.commonPool();

  static final class DeclinedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final int status;

    DeclinedException(int status) {
      super("declined");
      this.status = status;
    }
  }

  static final class DeclinedMapper implements ExceptionMapper<DeclinedException> {
    @Override
    public Response toResponse(DeclinedException exception) {
      return Response.status(exception.status).type("text/plain").entity("declined").build();
    }
  }

  /** What cannot be written. */
  record Unwritable(String text) {}

  static final class UnwritableWriter implements MessageBodyWriter<Unwritable> {
    @Override
    public boolean isWriteable(Class<?> type, Type generic, Annotation[] all, MediaType media) {
      return type == Unwritable.class;
    }

    @Override
    public void writeTo(
        Unwritable unwritable,
        Class<?> type,
        Type generic,
        Annotation[] all,
        MediaType media,
        MultivaluedMap<String, Object> headers,
        OutputStream out)
        throws IOException {
      out.write(unwritable.text().repeat(10_000).getBytes(StandardCharsets.UTF_8));
      throw new IOException("half of it");
    }
  }

  @POST
  @Path("throw")
  @Idempotent("throw")
  public String fail(@QueryParam("what") String what, @QueryParam("status") int status)
      throws Exception {
    effects.incrementAndGet();
    switch (what) {
      case "mapped" -> throw new DeclinedException(status);
      case "entity" -> throw new ClientErrorException(Response.status(409).entity("taken").build());
      case "bare" -> throw new NotFoundException();
      case "error" -> throw new AssertionError("an error");
      default -> throw new IllegalStateException("unmapped");
    }
  }

  @POST
  @Path("hold")
  @Idempotent("hold")
  public String hold() throws Exception {
    return fail("unmapped", 0);
  }

  @POST
  @Path("unwritable")
  @Idempotent("unwritable")
  public Unwritable unwritable() {
    effects.incrementAndGet();
    return new Unwritable("half");
  }

  @POST
  @Path("stage")
  @Idempotent("stage")
  public CompletionStage<String> stage(@QueryParam("fail") @DefaultValue("false") boolean fails) {
    int number = effects.incrementAndGet();
    return CompletableFuture.supplyAsync(
        () -> {
          if (fails) {
            throw new IllegalStateException("later");
          }
          return "effect " + number;
        },
        elsewhere);
  }

  @POST
  @Path("suspended")
  @Idempotent("suspended")
  public void suspended(@Suspended AsyncResponse response) {
    int number = effects.incrementAndGet();
    elsewhere.execute(() -> response.resume("effect " + number));
  }

  @POST
  @Path("stream")
  @Idempotent("stream")
  public StreamingOutput stream() {
    int number = effects.incrementAndGet();
    return out -> {
      byte[] piece = new byte[1000];
      Arrays.fill(piece, (byte) number);
      for (int written = 0; written < LARGE; written += piece.length) {
        out.write(piece);
        out.flush();
      }
    };
  }

  @POST
  @Path("text")
  @Idempotent("text")
  public Response text() {
    int number = effects.incrementAndGet();
    return Response.ok("effect " + number + " ".repeat(2000))
        .header("Link", "</own>; rel=\"self\"")
        .build();
  }

  /** Has an answer without an entity first, and one with it then. */
  @POST
  @Path("turns")
  @Idempotent("turns")
  public Response turns() {
    int number = effects.incrementAndGet();
    turn.accept(number);
    return number % 2 == 1
        ? Response.noContent().header("X-Own", number).build()
        : Response.ok("effect " + number).header("X-Own", number).build();
  }

  volatile IntConsumer turn = number -> {};

  @POST
  @Path("context")
  @Idempotent("context")
  public String context(@Context ContainerRequestContext request) {
    effects.incrementAndGet();
    return IdempotencyFeature.operationContext(request)
        .map(OperationContext::attempt)
        .map(attempt -> "attempt " + attempt)
        .orElse("none");
  }

  @GET
  @Path("safe")
  @Idempotent("safe")
  public String safe() {
    return "effect " + effects.incrementAndGet();
  }
}
