package io.idem4j.examples.jaxrs;

import static io.idem4j.examples.jaxrs.Service.header;
import static io.idem4j.examples.jaxrs.Service.isReplay;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpPolicy;
import io.idem4j.spi.KeyState;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.sse.SseEventSink;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPInputStream;
import org.glassfish.jersey.message.GZipEncoder;
import org.glassfish.jersey.server.filter.EncodingFilter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JaxRsEdgesTest {
  private final Edges edges = new Edges();
  private final String key = UUID.randomUUID().toString();
  private Service service;

  @BeforeEach
  void start() throws Exception {
    ContainerResponseFilter adding =
        (request, response) -> {
          response.getHeaders().add("Link", "</terms>; rel=\"terms-of-service\"");
          response.getHeaders().add("X-Request-Id", UUID.randomUUID());
        };
    service =
        new Service(
            policies(),
            edges,
            new Edges.DeclinedMapper(),
            new Edges.UnwritableWriter(),
            adding,
            EncodingFilter.class,
            GZipEncoder.class);
  }

  private static Map<String, HttpPolicy> policies() {
    Map<String, HttpPolicy> policies = new HashMap<>();
    HttpPolicy rerun = HttpPolicy.of(OperationPolicy.rerun());
    for (String name :
        List.of(
            "throw",
            "unwritable",
            "stage",
            "suspended",
            "stream",
            "text",
            "turns",
            "context",
            "safe")) {
      policies.put(name, rerun);
    }
    policies.put("hold", HttpPolicy.of(OperationPolicy.hold()));
    return policies;
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private void assertReplayed(HttpResponse<byte[]> again, HttpResponse<byte[]> first) {
    assertThat(isReplay(first)).isFalse();
    assertThat(isReplay(again)).isTrue();
    assertThat(again.statusCode()).isEqualTo(first.statusCode());
    assertThat(again.body()).isEqualTo(first.body());
    for (String name :
        List.of("Content-Type", "Content-Encoding", "Content-Length", "Link", "Vary")) {
      assertThat(header(again, name)).as(name).isEqualTo(header(first, name));
    }
    assertThat(edges.effects).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mapped&status=402", "entity", "bare"})
  void exceptionMappedToARefusal_isTheAnswer(String what) throws Exception {
    HttpResponse<byte[]> first = service.post("/throw?what=" + what, key);
    assertThat(first.statusCode()).isBetween(402, 409);
    assertReplayed(service.post("/throw?what=" + what, key), first);
  }

  @Test
  void exceptionMappedToAServerError_releasesTheKey() throws Exception {
    for (int attempt = 1; attempt <= 2; attempt++) {
      HttpResponse<byte[]> answer = service.post("/throw?what=mapped&status=503", key);
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(text(answer)).isEqualTo("declined");
      assertThat(edges.effects).hasValue(attempt);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"unmapped", "error"})
  void unmappedThrowable_isRecordedBeforeItIsAnswered(String what) throws Exception {
    for (int attempt = 1; attempt <= 2; attempt++) {
      assertThat(service.post("/throw?what=" + what, key).statusCode()).isEqualTo(500);
      assertThat(service.store().applied())
          .hasSize(2 * attempt)
          .endsWith(KeyState.LOCKED, KeyState.FAILED_RETRYABLE);
      assertThat(edges.effects).hasValue(attempt);
    }
  }

  @Test
  void unmappedExceptionOfAHeldOperation_isInDoubtAtOnce() throws Exception {
    assertThat(service.post("/hold", key).statusCode()).isEqualTo(500);
    HttpResponse<byte[]> again = service.post("/hold", key);
    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(text(again)).contains("outcome-unknown");
    assertThat(edges.effects).hasValue(1);
  }

  @Test
  void entityThatCannotBeWritten_isNeverRecordedByHalf() throws Exception {
    for (int attempt = 1; attempt <= 2; attempt++) {
      HttpResponse<byte[]> answer = service.post("/unwritable", key);
      assertThat(answer.statusCode()).isEqualTo(500);
      assertThat(text(answer)).doesNotContain("half");
      assertThat(service.store().applied()).endsWith(KeyState.LOCKED, KeyState.FAILED_RETRYABLE);
      assertThat(edges.effects).hasValue(attempt);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/stage", "/suspended"})
  void answerFromAnotherThread_isReplayed(String target) throws Exception {
    HttpResponse<byte[]> first = service.post(target, key);
    assertThat(text(first)).isEqualTo("effect 1");
    assertReplayed(service.post(target, key), first);
  }

  @Test
  void failureFromAnotherThread_releasesTheKey() throws Exception {
    for (int attempt = 1; attempt <= 2; attempt++) {
      assertThat(service.post("/stage?fail=true", key).statusCode()).isEqualTo(500);
      assertThat(edges.effects).hasValue(attempt);
    }
  }

  @Test
  void largeStreamingOutput_isReplayedWithItsLength() throws Exception {
    HttpResponse<byte[]> first = service.post("/stream", key);
    assertThat(first.body()).hasSize(Edges.LARGE).containsOnly(1);
    assertThat(header(first, "Content-Length")).isEqualTo(Integer.toString(Edges.LARGE));
    assertReplayed(service.post("/stream", key), first);
  }

  @Test
  void encodedAnswer_isReplayedAsItWasSent() throws Exception {
    HttpResponse<byte[]> first = service.post("/text", key, "Accept-Encoding", "gzip");
    assertThat(header(first, "Content-Encoding")).isEqualTo("gzip");
    assertThat(first.body()).hasSizeLessThan(500);
    try (InputStream whole = new GZIPInputStream(new ByteArrayInputStream(first.body()))) {
      assertThat(whole.readAllBytes()).asString().startsWith("effect 1").hasSize(2008);
    }
    assertReplayed(service.post("/text", key, "Accept-Encoding", "gzip"), first);
    assertReplayed(service.post("/text", key), first);
  }

  @Test
  void plainAnswer_isReplayedPlainWhateverIsAskedForNow() throws Exception {
    HttpResponse<byte[]> first = service.post("/text", key);
    assertThat(text(first)).startsWith("effect 1");
    assertReplayed(service.post("/text", key, "Accept-Encoding", "gzip"), first);
  }

  @Test
  void fieldsOfOtherFilters_areRecordedAndNotAddedTwice() throws Exception {
    HttpResponse<byte[]> first = service.post("/text", key);
    HttpResponse<byte[]> again = service.post("/text", key);
    assertThat(again.headers().allValues("Link")).hasSize(2);
    assertThat(again.headers().allValues("X-Request-Id"))
        .as("what belongs to the exchange is its own")
        .hasSize(1)
        .isNotEqualTo(first.headers().allValues("X-Request-Id"));
    assertReplayed(again, first);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void answerThatSomebodyElseRecordedFirst_isSentInstead(int madeBefore) throws Exception {
    edges.effects.set(madeBefore);
    AtomicReference<HttpResponse<byte[]>> other = new AtomicReference<>();
    edges.turn =
        number -> {
          if (number == madeBefore + 1) {
            service.store().lose();
            try {
              other.set(service.post("/turns", key));
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        };
    HttpResponse<byte[]> own = service.post("/turns", key);
    assertThat(own.statusCode()).isEqualTo(other.get().statusCode());
    assertThat(own.body()).isEqualTo(other.get().body());
    assertThat(isReplay(own)).isTrue();
    assertThat(isReplay(other.get())).isFalse();
    assertThat(header(own, "X-Own")).as("nothing of its own answer is left").isEmpty();
    assertThat(edges.effects).hasValue(madeBefore + 2);
  }

  @Test
  void context_isTheResourcesToUse() throws Exception {
    assertThat(text(service.post("/context", key))).isEqualTo("attempt 1");
    HttpResponse<byte[]> without =
        service.send(service.to("/context").POST(BodyPublishers.noBody()));
    assertThat(text(without)).isEqualTo("none");
    assertThat(service.store().applied()).hasSize(2);
  }

  @Test
  void h26_safeMethods_passUntouched() throws Exception {
    for (int turn = 1; turn <= 2; turn++) {
      HttpResponse<byte[]> got =
          service.send(service.to("/safe").header("Idempotency-Key", key).GET());
      assertThat(text(got)).isEqualTo("effect " + (2 * turn - 1));
      HttpResponse<byte[]> head =
          service.send(
              service
                  .to("/safe")
                  .header("Idempotency-Key", key)
                  .method("HEAD", BodyPublishers.noBody()));
      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(head.body()).isEmpty();
    }
    assertThat(service.store().applied()).isEmpty();
  }

  /** Has no one response. */
  @Path("events")
  public static final class Events {
    @POST
    @Idempotent("events")
    public void events(@Context SseEventSink sink) {}
  }

  @Test
  void eventStream_isRefusedAtStart() {
    assertThatThrownBy(
            () -> {
              try (Service refused =
                  new Service(
                      Map.of("events", HttpPolicy.of(OperationPolicy.rerun())), new Events())) {
                assertThat(refused).isNull();
              }
            })
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("one response");
  }

  @Test
  void operationWithoutAPolicy_isRefusedAtStart() {
    assertThatThrownBy(
            () -> {
              try (Service refused = new Service(Map.of(), edges)) {
                assertThat(refused).isNull();
              }
            })
        .hasStackTraceContaining("no policy was given");
  }
}
