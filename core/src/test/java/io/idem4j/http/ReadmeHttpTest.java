package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Idempotency;
import io.idem4j.memory.MemoryKeyStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's code on HTTP compiles as it stands, and does what it says. */
class ReadmeHttpTest {
  private static final String CLASS =
      """
      import io.idem4j.*;
      import io.idem4j.http.*;
      import io.idem4j.http.IdempotencyKeyHeader.Syntax;
      import java.io.InputStream;
      import java.time.Duration;
      import java.util.function.Supplier;

      public class Readme {
        public static HttpResponse run(
            Idempotency idempotency, String tenant, String method, String target,
            HttpHeaders headers, InputStream bodyStream, Supplier<String> effect)
            throws Exception {
          %s
          return response;
        }

        private static String pay(java.util.Optional<OperationContext> context) {
          throw new AssertionError();
        }

        private static HttpResponse current(String reference) {
          return HttpResponse.of(200, "text/plain", "now " + reference);
        }

        public static HttpPolicy policy() {
          %s
          return paypal;
        }
      }
      """;

  @Test
  void readme_httpCode_compilesAndPaysOnce(@TempDir Path directory) throws Exception {
    List<List<String>> blocks = blocks();
    String code = String.join("\n", blocks.get(0)).replace("pay(context)", "effect.get()");
    Path source = directory.resolve("Readme.java");
    Files.writeString(source, CLASS.formatted(code, String.join("\n", blocks.get(1))));
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-Xlint:all",
                "-classpath",
                System.getProperty("java.class.path")
                    + java.io.File.pathSeparator
                    + System.getProperty("jdk.module.path", ""),
                "-d",
                directory.toString(),
                source.toString());
    assertThat(result).isZero();
    AtomicInteger payments = new AtomicInteger();
    Supplier<String> effect = () -> "{\"payment\":" + payments.incrementAndGet() + "}";
    try (Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(10)).build();
        URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
      Class<?> readme = loader.loadClass("Readme");
      var run =
          readme.getMethod(
              "run",
              Idempotency.class,
              String.class,
              String.class,
              String.class,
              HttpHeaders.class,
              InputStream.class,
              Supplier.class);
      HttpHeaders key = HttpHeaders.of("Idempotency-Key", "k");
      List<HttpResponse> responses = new ArrayList<>();
      for (String body : List.of("one", "one", "two")) {
        InputStream in = new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
        responses.add(
            (HttpResponse) run.invoke(null, idempotency, "t", "POST", "/p", key, in, effect));
      }
      assertThat(responses).extracting(HttpResponse::status).containsExactly(201, 201, 422);
      assertThat(responses.get(1))
          .isEqualTo(responses.get(0).withHeader("Idempotent-Replayed", "true"));
      assertThat(payments).hasValue(1);
      assertPaypal(idempotency, (HttpPolicy) readme.getMethod("policy").invoke(null));
    }
  }

  private static void assertPaypal(Idempotency idempotency, HttpPolicy policy) throws IOException {
    HttpOperation orders = HttpIdempotency.of(idempotency).operation("POST /orders", policy);
    HttpRequest request =
        HttpRequest.of("POST", "/orders", HttpHeaders.of("PayPal-Request-Id", "k"), new byte[] {1});
    for (String expected : List.of("created", "now O-1")) {
      HttpResponse response =
          orders.handle(
              io.idem4j.Scope.single(),
              request,
              context -> {
                context.orElseThrow().reference("O-1");
                return HttpResponse.of(201, "text/plain", "created");
              });
      assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo(expected);
    }
  }

  /** The code blocks that speak of HTTP. */
  private static List<List<String>> blocks() throws IOException {
    List<List<String>> blocks = new ArrayList<>();
    List<String> block = null;
    for (String line : Files.readAllLines(Path.of("..", "README.md"))) {
      if (line.equals("```java")) {
        block = new ArrayList<>();
      } else if (line.equals("```") && block != null) {
        if (String.join("\n", block).contains("HttpPolicy")) {
          blocks.add(block);
        }
        block = null;
      } else if (block != null) {
        block.add(line);
      }
    }
    assertThat(blocks).hasSize(2);
    return blocks;
  }
}
