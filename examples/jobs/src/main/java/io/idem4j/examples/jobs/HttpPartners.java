package io.idem4j.examples.jobs;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** The partners' services over HTTP. Safe for use by many threads. */
final class HttpPartners implements Partners {
  private final HttpClient client = HttpClient.newHttpClient();
  private final URI base;
  private final Duration timeout;

  /**
   * Names the services.
   *
   * @param timeout of one request
   */
  HttpPartners(URI base, Duration timeout) {
    this.base = base;
    this.timeout = timeout;
  }

  @Override
  public String reserve(String key, String order) throws IOException, InterruptedException {
    return post("/reserve", key, order);
  }

  @Override
  public String charge(String key, String order) throws IOException, InterruptedException {
    return post("/charge", key, order);
  }

  @Override
  public void mail(String messageId, String text) throws IOException, InterruptedException {
    post("/mail", messageId, text);
  }

  @Override
  public boolean isMailed(String messageId) throws IOException, InterruptedException {
    HttpResponse<String> answer = send(request("/mail", messageId).GET().build());
    return switch (answer.statusCode()) {
      case 200 -> true;
      case 404 -> false;
      default -> throw new IOException("the mail service answered " + answer.statusCode());
    };
  }

  private String post(String path, String key, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer =
        send(request(path, key).POST(HttpRequest.BodyPublishers.ofString(body)).build());
    if (answer.statusCode() != 201) {
      throw new IOException(path + " answered " + answer.statusCode());
    }
    return answer.body();
  }

  private HttpRequest.Builder request(String path, String key) {
    return HttpRequest.newBuilder(base.resolve(path))
        .timeout(timeout)
        .header("Idempotency-Key", key);
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }
}
