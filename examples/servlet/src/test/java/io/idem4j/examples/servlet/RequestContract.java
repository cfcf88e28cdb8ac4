package io.idem4j.examples.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.AsyncContext;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the filter does with the rest of the servlet API, on each container: the requests. */
abstract class RequestContract extends ServletContract {
  private static final String[] FORM = {
    "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"
  };

  @Test
  void form_hasTheParametersOfQueryAndBody() {
    cases()
        .on(
            "/form",
            (request, response) -> {
              response.setContentType("text/plain;charset=UTF-8");
              response
                  .getWriter()
                  .print(
                      String.join(",", request.getParameterValues("a"))
                          + " "
                          + request.getParameter("b")
                          + " "
                          + request.getParameter("none")
                          + " "
                          + request.getParameterMap().size());
            });
    String key = newKey();
    HttpResponse<byte[]> first = cases().post("/cases/form?a=1", key, "a=%C3%A9+2&b=x%3Dy&c", FORM);
    assertThat(Cases.text(first)).isEqualTo("1,é 2 x=y null 3");
    assertThat(cases().post("/cases/form?a=1", key, "a=%C3%A9+2&b=x%3Dy&c", FORM).body())
        .isEqualTo(first.body());
    assertThat(cases().post("/cases/form?a=1", key, "a=3", FORM).statusCode()).isEqualTo(422);
    assertThat(Cases.text(cases().post("/cases/form?a=1", "", "a=%C3%A9+2&b=x%3Dy&c", FORM)))
        .as("without a key the container parses it")
        .isEqualTo("1,é 2 x=y null 3");
  }

  @Test
  void formOfBrokenEscapes_isNoFormToTheHandler() {
    cases()
        .on(
            "/broken",
            (request, response) ->
                assertThatThrownBy(() -> request.getParameter("a"))
                    .isInstanceOf(IllegalStateException.class));
    assertThat(twice("/cases/broken", "a=%zz", FORM).statusCode()).isEqualTo(200);
  }

  @Test
  void bodyReadBeforeTheFilter_isRefusedAndRunsNothing() {
    cases().on("/greedy", (request, response) -> response.setStatus(204));
    for (String query : List.of("?b=2&", "?&&")) {
      String[] fields = {FORM[0], FORM[1], "X-Greedy", "parameter"};
      assertThat(cases().chunked("/cases/greedy" + query, newKey(), "a=1", fields).statusCode())
          .as(query)
          .isEqualTo(500);
    }
    for (String how : List.of("parameter", "stream")) {
      int runs = cases().runs();
      String[] fields = {FORM[0], FORM[1], "X-Greedy", how};
      HttpResponse<byte[]> answer = cases().post("/cases/greedy?b=2", newKey(), "a=1", fields);
      assertThat(answer.statusCode()).as(how).isEqualTo(500);
      HttpResponse<byte[]> chunked = cases().chunked("/cases/greedy?b=2", newKey(), "a=1", fields);
      assertThat(chunked.statusCode()).as(how + ", chunked").isEqualTo(500);
      assertThat(cases().runs()).as(how).isEqualTo(runs);
    }
    HttpResponse<byte[]> empty = cases().chunked("/cases/greedy?b=2", newKey(), "", FORM);
    assertThat(empty.statusCode()).as("an empty form in chunks, or one read before").isEqualTo(500);
    assertThat(cases().post("/cases/greedy", newKey(), "", "X-Greedy", "stream").statusCode())
        .as("there was no body to read")
        .isEqualTo(204);
  }

  @Test
  void reader_isOfTheEncodingThatTheHandlerSets() {
    cases()
        .on(
            "/reader",
            (request, response) -> {
              request.setCharacterEncoding("UTF-8");
              assertThat(request.getCharacterEncoding()).isEqualTo("UTF-8");
              String text = request.getReader().readLine();
              assertThatThrownBy(request::getInputStream).isInstanceOf(IllegalStateException.class);
              response.setCharacterEncoding("UTF-8");
              response.getWriter().print(text.equals("é") ? "read" : "misread " + text);
            });
    assertThat(Cases.text(twice("/cases/reader", "é", "Content-Type", "text/plain")))
        .isEqualTo("read");
  }

  @Test
  void stream_endsAndSaysSo() {
    cases()
        .on(
            "/stream",
            (request, response) -> {
              var stream = request.getInputStream();
              assertThat(stream.isFinished()).isFalse();
              assertThat(stream.isReady()).isTrue();
              assertThat(stream.readAllBytes()).isEqualTo(new byte[] {'a', 'b'});
              assertThat(stream.isFinished()).isTrue();
              assertThat(stream.read()).isEqualTo(-1);
              assertThat(request.getInputStream()).isSameAs(stream);
              assertThatThrownBy(request::getReader).isInstanceOf(IllegalStateException.class);
              response.setStatus(204);
            });
    assertThat(twice("/cases/stream", "ab").statusCode()).isEqualTo(204);
  }

  @Test
  void whatOutlivesTheFilter_isRefused() {
    cases()
        .on(
            "/beyond",
            (request, response) -> {
              assertThat(request.isAsyncSupported()).isFalse();
              assertThatThrownBy(request::startAsync).isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(() -> request.startAsync(request, response))
                  .isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(() -> request.upgrade(null))
                  .isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(request::getParts).isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(() -> request.getPart("a"))
                  .isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(() -> request.getInputStream().setReadListener(null))
                  .isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(() -> response.getOutputStream().setWriteListener(null))
                  .isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(() -> response.setTrailerFields(java.util.Map::of))
                  .isInstanceOf(IllegalStateException.class);
              response.setStatus(204);
            });
    assertThat(twice("/cases/beyond", "").statusCode()).isEqualTo(204);
  }

  @Test
  void withoutKey_theServletHasAllOfTheApi() {
    cases()
        .on(
            "/async",
            (request, response) -> {
              AsyncContext async = request.startAsync();
              async.start(
                  () -> {
                    response.setStatus(202);
                    async.complete();
                  });
            });
    assertThat(cases().post("/cases/async", "", "").statusCode()).isEqualTo(202);
    assertThat(cases().post("/cases/async", newKey(), "").statusCode()).isEqualTo(500);
  }

  @Test
  void forwardAndInclude_areOfTheHandler() {
    cases()
        .on("/part", (request, response) -> response.getWriter().print("part"))
        .on(
            "/forward",
            (request, response) -> {
              request.getRequestDispatcher("/cases/part").forward(request, response);
            })
        .on(
            "/include",
            (request, response) -> {
              response.getWriter().print("before ");
              request.getRequestDispatcher("/cases/part").include(request, response);
              response.getWriter().print(" after");
            });
    for (String[] each : new String[][] {{"forward", "part"}, {"include", "before part after"}}) {
      String key = newKey();
      int runs = cases().runs();
      HttpResponse<byte[]> first = cases().post("/cases/" + each[0], key, "");
      assertThat(Cases.text(first)).isEqualTo(each[1]);
      assertThat(cases().post("/cases/" + each[0], key, "").body()).isEqualTo(first.body());
      assertThat(cases().runs()).isEqualTo(runs + 2);
    }
  }

  @Test
  void otherSpellingOfThePath_isProtectedToo() {
    cases().on("/spelled", (request, response) -> response.setStatus(204));
    twice("/%63ases/spelled", "");
    twice("/cases/spelled;v=1", "");
  }

  @Test
  void handler_knowsItsRun() {
    cases()
        .on(
            "/context",
            (request, response) ->
                response
                    .getOutputStream()
                    .print(
                        IdempotencyFilter.context(request)
                            .map(it -> "attempt " + it.attempt())
                            .orElse("unprotected")));
    assertThat(Cases.text(twice("/cases/context", ""))).isEqualTo("attempt 1");
    assertThat(Cases.text(cases().post("/cases/context", "", ""))).isEqualTo("unprotected");
  }

  @Test
  void row15_keyOnASafeMethod_isIgnored() {
    cases()
        .on(
            "/safe",
            (request, response) -> {
              assertThat(request.getClass()).isNotEqualTo(CapturedRequest.class);
              response.getOutputStream().print("safe");
            });
    String key = newKey();
    int runs = cases().runs();
    for (String method : List.of("HEAD", "GET", "OPTIONS")) {
      HttpResponse<byte[]> answer = cases().send(method, "/cases/safe", key, "");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(Cases.isReplay(answer)).isFalse();
    }
    assertThat(cases().runs()).isEqualTo(runs + 3);
  }

  @Test
  void storeDownAndFailingOpen_theBodyStillReachesTheHandler() {
    cases()
        .on(
            "/open",
            (request, response) -> {
              response.getOutputStream().write(request.getInputStream().readAllBytes());
            });
    String key = newKey();
    int runs = cases().runs();
    // More often than the quota has places.
    for (int attempt = 0; attempt < 4; attempt++) {
      HttpResponse<byte[]> answer = cases().post("/cases/open", key, "body");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo("body");
    }
    assertThat(cases().runs()).isEqualTo(runs + 4);
  }

  @Test
  void bad28_fieldThatCannotBeSent_losesNoCompletion() {
    cases()
        .on(
            "/fields",
            (request, response) -> {
              response.setHeader("Content-Disposition", "attachment; filename=\"\u20ac\n.pdf\"");
              response.setHeader("X Note", "no token");
              response.setLocale(null);
              response.getOutputStream().print("done");
            });
    String key = newKey();
    int runs = cases().runs();
    for (int attempt = 1; attempt <= 2; attempt++) {
      HttpResponse<byte[]> answer = cases().post("/cases/fields", key, "");
      assertThat(Cases.text(answer)).isEqualTo("done");
      assertThat(Cases.field(answer, "Content-Disposition"))
          .isEqualTo("attachment; filename=\"??.pdf\"");
      assertThat(Cases.isReplay(answer)).isEqualTo(attempt == 2);
    }
    assertThat(cases().runs()).isEqualTo(runs + 1);
  }

  @Test
  void bad28_answerThatCannotBeSent_isAFailureOfTheHandler() {
    cases().on("/status", (request, response) -> response.setStatus(700));
    String key = newKey();
    int runs = cases().runs();
    for (int attempt = 1; attempt <= 2; attempt++) {
      assertThat(cases().post("/cases/status", key, "").statusCode()).isEqualTo(500);
      assertThat(cases().runs()).isEqualTo(runs + attempt);
    }
  }
}
