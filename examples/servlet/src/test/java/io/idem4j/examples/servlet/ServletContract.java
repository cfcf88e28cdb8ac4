package io.idem4j.examples.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Idempotency;
import io.idem4j.examples.contract.FrameworkContract;
import io.idem4j.memory.MemoryKeyStore;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What the filter does with the rest of the servlet API, on each container: the responses. */
abstract class ServletContract extends FrameworkContract {
  private final Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(100_000)).build();
  private final Cases cases = new Cases();

  /** Starts the container on a free port. */
  abstract URI start(Consumer<ServletContext> installer) throws Exception;

  @Override
  protected final URI start() throws Exception {
    URI base =
        start(
            context -> {
              OrdersApplication.install(context, idempotency);
              cases.install(context);
            });
    cases.at(URI.create("http://127.0.0.1:" + base.getPort()));
    return base;
  }

  @AfterAll
  void closeIdempotency() {
    idempotency.close();
  }

  final Cases cases() {
    return cases;
  }

  static String newKey() {
    return UUID.randomUUID().toString();
  }

  /** Sends a request twice, sees that it ran once and the answers are equal; returns the first. */
  final HttpResponse<byte[]> twice(String path, String body, String... fields) {
    String key = newKey();
    int runs = cases.runs();
    HttpResponse<byte[]> first = cases.post(path, key, body, fields);
    HttpResponse<byte[]> again = cases.post(path, key, body, fields);
    assertThat(cases.runs()).isEqualTo(runs + 1);
    assertThat(Cases.isReplay(first)).isFalse();
    assertThat(Cases.isReplay(again)).isTrue();
    assertThat(again.statusCode()).isEqualTo(first.statusCode());
    assertThat(again.body()).isEqualTo(first.body());
    for (String name :
        new String[] {"Content-Type", "Content-Length", "Content-Language", "Location", "Date"}) {
      if (!name.equals("Date")) {
        assertThat(Cases.field(again, name)).as(name).isEqualTo(Cases.field(first, name));
      }
      assertThat(again.headers().allValues(name)).as(name).hasSizeLessThan(2);
    }
    assertThat(Cases.field(first, "Transfer-Encoding")).isEmpty();
    assertThat(Cases.field(again, "Set-Cookie")).isEqualTo("outer=1");
    assertThat(Cases.field(again, "X-Outer")).isEqualTo("outer");
    return first;
  }

  @Test
  void writer_keepsItsEncodingAndIsReplayed() {
    cases.on(
        "/writer",
        (request, response) -> {
          response.setContentType("text/html;charset=ISO-8859-1");
          response.getWriter().write("é");
          response.setContentType("text/html;charset=UTF-8");
          response.setCharacterEncoding("UTF-16");
          response.getWriter().write("ü");
          assertThatThrownBy(response::getOutputStream).isInstanceOf(IllegalStateException.class);
        });
    HttpResponse<byte[]> first = twice("/cases/writer", "");
    assertThat(first.body()).isEqualTo("éü".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(Cases.field(first, "Content-Type").toLowerCase(Locale.ROOT))
        .isEqualTo("text/html;charset=iso-8859-1");
  }

  @Test
  void writerWithoutEncoding_tellsTheOneItUses() {
    cases.on(
        "/plain-writer",
        (request, response) -> {
          response.setContentType("text/plain");
          response.getWriter().print("é");
        });
    HttpResponse<byte[]> first = twice("/cases/plain-writer", "");
    assertThat(first.body()).isEqualTo("é".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(Cases.field(first, "Content-Type").toLowerCase(Locale.ROOT))
        .isEqualTo("text/plain;charset=iso-8859-1");
  }

  @Test
  void locale_isReplayed() {
    cases.on("/locale", (request, response) -> response.setLocale(Locale.CANADA_FRENCH));
    assertThat(Cases.field(twice("/cases/locale", ""), "Content-Language")).isEqualTo("fr-CA");
  }

  @Test
  void sendError_endsTheResponseAndIsReplayed() {
    cases.on(
        "/error",
        (request, response) -> {
          response.getOutputStream().print("dropped");
          response.sendError(404, "no such örder");
          response.setStatus(200);
          response.getOutputStream().print("dropped");
          assertThat(response.isCommitted()).isTrue();
          assertThatThrownBy(() -> response.sendError(500))
              .isInstanceOf(IllegalStateException.class);
          assertThatThrownBy(response::reset).isInstanceOf(IllegalStateException.class);
        });
    HttpResponse<byte[]> first = twice("/cases/error", "");
    assertThat(first.statusCode()).isEqualTo(404);
    assertThat(Cases.text(first)).isEqualTo("no such örder");
  }

  @Test
  void sendErrorOf5xx_releasesTheKey() {
    cases.on("/busy", (request, response) -> response.sendError(503));
    String key = newKey();
    int runs = cases.runs();
    assertThat(cases.post("/cases/busy", key, "").statusCode()).isEqualTo(503);
    assertThat(cases.post("/cases/busy", key, "").statusCode()).isEqualTo(503);
    assertThat(cases.runs()).isEqualTo(runs + 2);
  }

  @Test
  void redirect_isReplayed() {
    cases.on(
        "/redirect",
        (request, response) -> {
          response.getWriter().print("dropped");
          response.sendRedirect("/cases/elsewhere", 303);
          response.getWriter().print("dropped");
        });
    HttpResponse<byte[]> first = twice("/cases/redirect", "");
    assertThat(first.statusCode()).isEqualTo(303);
    assertThat(Cases.field(first, "Location")).endsWith("/cases/elsewhere");
    assertThat(first.body()).isEmpty();
    cases.on("/found", (request, response) -> response.sendRedirect("there"));
    assertThat(twice("/cases/found", "").statusCode()).isEqualTo(302);
  }

  @Test
  void reset_forgetsAllButItsNewContent() {
    cases.on(
        "/reset",
        (request, response) -> {
          response.setStatus(404);
          response.setHeader("Location", "/dropped");
          response.getWriter().print("dropped");
          response.reset();
          response.setHeader("X-Outer", "outer");
          response.addHeader("Set-Cookie", "outer=1");
          response.setStatus(202);
          response.getOutputStream().print("dropped too");
          response.resetBuffer();
          response.getOutputStream().print("kept");
        });
    HttpResponse<byte[]> first = twice("/cases/reset", "");
    assertThat(first.statusCode()).isEqualTo(202);
    assertThat(Cases.text(first)).isEqualTo("kept");
    assertThat(Cases.field(first, "Location")).isEmpty();
  }

  @Test
  void earlyFlushAndClose_sendNothingBeforeItIsRecorded() {
    cases.on(
        "/flush",
        (request, response) -> {
          response.setStatus(201);
          response.setContentLength(7);
          response.getOutputStream().print("partial");
          response.getOutputStream().flush();
          response.flushBuffer();
          response.getOutputStream().close();
          assertThat(response.isCommitted()).isFalse();
          throw new IllegalStateException("after the flush");
        });
    String key = newKey();
    int runs = cases.runs();
    for (int attempt = 1; attempt <= 2; attempt++) {
      HttpResponse<byte[]> answer = cases.post("/cases/flush", key, "");
      assertThat(answer.statusCode()).isEqualTo(500);
      assertThat(Cases.text(answer)).doesNotContain("partial");
      assertThat(cases.runs()).isEqualTo(runs + attempt);
    }
  }

  @Test
  void wrongLengthAndFraming_areNotSent() {
    cases.on(
        "/length",
        (request, response) -> {
          response.setContentLengthLong(3);
          response.setHeader("Content-Length", "4");
          response.setHeader("Transfer-Encoding", "chunked");
          response.getOutputStream().print("twelve bytes");
        });
    HttpResponse<byte[]> first = twice("/cases/length", "");
    assertThat(Cases.field(first, "Content-Length")).isEqualTo("12");
    assertThat(Cases.text(first)).isEqualTo("twelve bytes");
  }

  @Test
  void cookies_reachTheFirstCallerAlone() {
    cases.on("/cookies", (request, response) -> response.addCookie(new Cookie("own", "1")));
    HttpResponse<byte[]> first = twice("/cases/cookies", "");
    assertThat(Cases.field(first, "Set-Cookie")).contains("outer=1 | ").contains("own=1");
  }

  @Test
  void bad31_largeBody_reachesTheFirstCallerAndIsToldToRetries() {
    byte[] large = new byte[10 << 20];
    Arrays.fill(large, (byte) 'x');
    cases.on("/large", (request, response) -> response.getOutputStream().write(large));
    String key = newKey();
    assertThat(cases.post("/cases/large", key, "").body()).isEqualTo(large);
    HttpResponse<byte[]> again = cases.post("/cases/large", key, "");
    assertThat(again.statusCode()).isEqualTo(200);
    assertThat(again.body()).isEmpty();
    assertThat(Cases.field(again, "Idempotent-Body-Omitted")).isEqualTo("true");
  }

  @Test
  void row17_clientThatLeavesWhileTheAnswerIsSent_losesNoCompletion() throws Exception {
    byte[] large = new byte[32 << 20];
    cases.on("/leaving", (request, response) -> response.getOutputStream().write(large));
    String key = newKey();
    int runs = cases.runs();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), base().getPort())) {
      String head =
          "POST /cases/leaving HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer alice\r\n"
              + "Content-Length: 0\r\nIdempotency-Key: "
              + key
              + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      socket.setSoLinger(true, 0);
    }
    // Its first byte was sent, so it was recorded.
    assertThat(Cases.isReplay(cases.post("/cases/leaving", key, ""))).isTrue();
    assertThat(cases.runs()).isEqualTo(runs + 1);
  }

  @Test
  void compressionOutside_isOfEachAnswerItself() throws IOException {
    cases.on("/gzip", (request, response) -> response.getOutputStream().print("compressed"));
    String key = newKey();
    for (int attempt = 0; attempt < 2; attempt++) {
      HttpResponse<byte[]> answer = cases.post("/cases/gzip", key, "", "Accept-Encoding", "gzip");
      assertThat(Cases.field(answer, "Content-Encoding")).isEqualTo("gzip");
      assertThat(new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes())
          .isEqualTo("compressed".getBytes(StandardCharsets.US_ASCII));
    }
  }

  @Test
  void answerOfAnother_replacesTheOwnOne() {
    String key = newKey();
    int[] turn = {0};
    cases.on(
        "/late",
        (request, response) -> {
          boolean isFirst = turn[0]++ == 0;
          if (isFirst) {
            cases.jump(Duration.ofMinutes(1));
            cases.post("/cases/late", key, "");
            response.setContentType("text/html");
          }
          response.setStatus(isFirst ? 202 : 201);
          response.setHeader(isFirst ? "X-First" : "Location", "/here");
          response.getOutputStream().print(isFirst ? "first" : "second");
        });
    HttpResponse<byte[]> first = cases.post("/cases/late", key, "");
    assertThat(turn[0]).isEqualTo(2);
    assertThat(first.statusCode()).isEqualTo(201);
    assertThat(Cases.text(first)).isEqualTo("second");
    assertThat(Cases.field(first, "Location")).isEqualTo("/here");
    assertThat(Cases.field(first, "X-First")).isEmpty();
    assertThat(Cases.field(first, "Content-Type")).isEmpty();
    assertThat(Cases.field(first, "Set-Cookie")).isEqualTo("outer=1");
    assertThat(Cases.field(first, "X-Outer")).isEqualTo("outer");
    assertThat(Cases.isReplay(first)).isTrue();
  }

  @Test
  void exception_isJudgedByItsCause() {
    cases.on(
        "/hold",
        (request, response) -> {
          throw new ServletException(new ServletException(new ArithmeticException()));
        });
    String key = newKey();
    assertThat(cases.post("/cases/hold", key, "").statusCode()).isEqualTo(500);
    assertThat(cases.post("/cases/hold", key, "").statusCode())
        .as("released, since its type is named")
        .isEqualTo(500);
    cases.on(
        "/hold",
        (request, response) -> {
          throw new ServletException("of the servlet itself");
        });
    assertThat(cases.post("/cases/hold", key, "").statusCode()).isEqualTo(500);
    assertThat(cases.post("/cases/hold", key, "").statusCode()).as("in doubt").isEqualTo(409);
  }
}
