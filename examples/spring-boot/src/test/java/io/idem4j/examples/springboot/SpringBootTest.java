package io.idem4j.examples.springboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Idempotency;
import io.idem4j.OperationContext;
import io.idem4j.examples.contract.FrameworkContract;
import io.idem4j.examples.servlet.IdempotencyFilter;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** The filter and the annotation in Spring Boot, on its own Tomcat. */
final class SpringBootTest extends FrameworkContract {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  /** More endpoints than the service has; found by its scan. */
  @RestController
  @RequestMapping("/more")
  static class More {
    private final AtomicInteger runs = new AtomicInteger();

    @PostMapping("/items/{item}")
    @Idempotent(operation = "POST /items", policy = "keyRequired")
    String item(@PathVariable("item") String item, HttpServletRequest request) {
      return "item %s, run %d, attempt %s"
          .formatted(
              item,
              runs.incrementAndGet(),
              IdempotencyFilter.context(request).map(OperationContext::attempt).orElse(0));
    }

    @PostMapping("/form")
    @Idempotent(operation = "POST /form", policy = "keyRequired")
    String form(@RequestParam("name") String name) {
      return name + ", run " + runs.incrementAndGet();
    }

    @PatchMapping("/form")
    @Idempotent(operation = "PATCH /form", policy = "keyRequired")
    String patch(@RequestParam("name") String name) {
      return name + ", run " + runs.incrementAndGet();
    }

    @PostMapping("/gone")
    @Idempotent(operation = "POST /gone", policy = "keyRequired")
    String gone() {
      throw new ResponseStatusException(HttpStatus.GONE, "run " + runs.incrementAndGet());
    }
  }

  /** Maps the filter on all dispatches, as an embedder may by mistake. */
  @Configuration(proxyBeanMethods = false)
  static class AllDispatches {
    @Bean
    FilterRegistrationBean<IdempotencyFilter> again(
        FilterRegistrationBean<IdempotencyFilter> idempotencyFilter) {
      idempotencyFilter.setDispatcherTypes(
          DispatcherType.REQUEST,
          DispatcherType.ERROR,
          DispatcherType.ASYNC,
          DispatcherType.FORWARD,
          DispatcherType.INCLUDE);
      var second = new FilterRegistrationBean<>(idempotencyFilter.getFilter());
      second.setName("again");
      second.setOrder(200);
      return second;
    }
  }

  /** A second method of one operation, where it is asked for. */
  @RestController
  @Profile("twice")
  static class Twice {
    @PostMapping("/twice")
    @Idempotent(operation = "POST /orders", policy = "keyOptional")
    void twice() {}
  }

  @RestController
  @Profile("async")
  static class Async {
    @PostMapping("/async")
    @Idempotent(operation = "POST /async", policy = "keyOptional")
    CompletableFuture<String> later() {
      return CompletableFuture.completedFuture("");
    }
  }

  @RestController
  @Profile("put")
  static class Put {
    @PutMapping("/put")
    @Idempotent(operation = "PUT /put", policy = "keyOptional")
    void put() {}
  }

  private ConfigurableApplicationContext context = new GenericApplicationContext();

  @Override
  protected URI start() {
    context = OrdersApplication.start(0);
    String port = Objects.requireNonNull(context.getEnvironment().getProperty("local.server.port"));
    return URI.create("http://127.0.0.1:" + port);
  }

  /** Closed with the context. */
  @Override
  protected void stop() {
    Idempotency idempotency = context.getBean(Idempotency.class);
    context.close();
    assertThat(idempotency.isClosed()).isTrue();
  }

  private HttpResponse<String> send(
      String method, String path, String key, String body, String type)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base().resolve(path))
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Bearer alice")
            .header("Content-Type", type)
            .method(method, BodyPublishers.ofString(body));
    if (!key.isEmpty()) {
      request.header("Idempotency-Key", key);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String key)
      throws IOException, InterruptedException {
    return send("POST", path, key, "", "text/plain");
  }

  private static boolean isReplay(HttpResponse<String> answer) {
    return answer.headers().firstValue("Idempotent-Replayed").isPresent();
  }

  private static String newKey() {
    return UUID.randomUUID().toString();
  }

  @Test
  void annotationOnAPattern_coversEachPathOfIt() throws Exception {
    assertThat(post("/more/items/1", "").statusCode()).isEqualTo(400);
    for (String path : new String[] {"/more/items/1", "/more/%69tems/2", "/more/items;v=1/3"}) {
      String key = newKey();
      HttpResponse<String> first = post(path, key);
      assertThat(first.statusCode()).as(path).isEqualTo(200);
      assertThat(first.body()).as(path).endsWith("attempt 1");
      HttpResponse<String> again = post(path, key);
      assertThat(isReplay(again)).as(path).isTrue();
      assertThat(again.body()).isEqualTo(first.body());
    }
  }

  @Test
  void form_reachesTheMethod() throws Exception {
    String key = newKey();
    String type = "application/x-www-form-urlencoded";
    HttpResponse<String> first = send("POST", "/more/form", key, "name=%C3%A9", type);
    assertThat(first.body()).startsWith("é, run ");
    assertThat(send("POST", "/more/form", key, "name=%C3%A9", type).body()).isEqualTo(first.body());
    assertThat(send("POST", "/more/form", key, "name=b", type).statusCode()).isEqualTo(422);
  }

  @Test
  void formThatBootsFilterReadBefore_isRefused() throws Exception {
    String type = "application/x-www-form-urlencoded";
    assertThat(send("PATCH", "/more/form", newKey(), "name=a", type).statusCode()).isEqualTo(500);
  }

  @Test
  void exceptionThatIsAnAnswer_isReplayed() throws Exception {
    String key = newKey();
    HttpResponse<String> first = post("/more/gone", key);
    assertThat(first.statusCode()).isEqualTo(410);
    assertThat(first.body()).startsWith("run ");
    HttpResponse<String> again = post("/more/gone", key);
    assertThat(again.statusCode()).isEqualTo(410);
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(isReplay(again)).isTrue();
  }

  @Test
  void methodThatNoEndpointTakes_isAnsweredBySpring() throws Exception {
    assertThat(send("PUT", "/orders", newKey(), "", "text/plain").statusCode()).isEqualTo(405);
    assertThat(post("/nowhere", newKey()).statusCode()).isEqualTo(404);
  }

  @Test
  void operationOfTwoMethods_endsTheStart() {
    assertThatThrownBy(() -> OrdersApplication.start(0, "twice"))
        .rootCause()
        .hasMessage("two methods are POST /orders");
  }

  @Test
  void asynchronousMethod_endsTheStart() {
    assertThatThrownBy(() -> OrdersApplication.start(0, "async"))
        .rootCause()
        .hasMessage("POST /async is asynchronous");
  }

  @Test
  void methodThatThePolicyDoesNotName_endsTheStart() {
    assertThatThrownBy(() -> OrdersApplication.start(0, "put"))
        .rootCause()
        .hasMessage("the policy of PUT /put does not protect PUT");
  }
}
