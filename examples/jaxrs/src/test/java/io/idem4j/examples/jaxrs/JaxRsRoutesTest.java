package io.idem4j.examples.jaxrs;

import static io.idem4j.examples.jaxrs.Service.isReplay;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpPolicy;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What the annotation covers, wherever it stands, and what the store's absence leaves of it. */
class JaxRsRoutesTest {
  private static final HttpPolicy RERUN = HttpPolicy.of(OperationPolicy.rerun());

  /** Takes route and operation from here. */
  @Path("ordered")
  public interface Ordered {
    /** Answers with the number of the effect and the body. */
    @POST
    @Idempotent("ordered")
    String order(String body);
  }

  /** Bears no annotation of its own. */
  public static final class Shop implements Ordered {
    private final AtomicInteger effects = new AtomicInteger();

    @Override
    public String order(String body) {
      return effects.incrementAndGet() + " " + body;
    }
  }

  /** Is not safe, and not among the policy's methods. */
  @Path("put")
  public static final class Putting {
    /** Would run without protection. */
    @PUT
    @Idempotent("put")
    public String put() {
      return "put";
    }
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  @Test
  void annotationOfAnInterface_protectsItsImplementation() throws Exception {
    try (Service service = new Service(Map.of("ordered", RERUN), new Shop())) {
      assertThat(text(service.post("/ordered", "k"))).isEqualTo("1 the body");
      HttpResponse<byte[]> again = service.post("/ordered", "k");
      assertThat(text(again)).isEqualTo("1 the body");
      assertThat(isReplay(again)).isTrue();
    }
  }

  @Test
  void methodThatThePolicyDoesNotName_isRefusedAtStart() {
    assertThatThrownBy(
            () -> {
              try (Service refused = new Service(Map.of("put", RERUN), new Putting())) {
                assertThat(refused).isNull();
              }
            })
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("PUT");
  }

  @Test
  void storeAwayAndFailingOpen_bodyReachesTheResourceAndNoSeatIsKept() throws Exception {
    HttpPolicy open = RERUN.failingOpen().withQuota(2, 1);
    try (Service service = new Service(Map.of("ordered", open), new Shop())) {
      service.store().leave();
      for (int turn = 1; turn <= 4; turn++) {
        HttpResponse<byte[]> response = service.post("/ordered", "k");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(text(response)).isEqualTo(turn + " the body");
      }
    }
  }
}
