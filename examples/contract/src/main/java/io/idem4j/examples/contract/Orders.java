package io.idem4j.examples.contract;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A client of one tenant of the service that each framework's example is. */
final class Orders {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI base;
  private final String tenant;

  Orders(URI base, String tenant) {
    this.base = base;
    this.tenant = tenant;
  }

  /** What came back. */
  record Answer(HttpResponse<byte[]> response) {
    int status() {
      return response.statusCode();
    }

    String header(String name) {
      return String.join(", ", response.headers().allValues(name));
    }

    String text() {
      return new String(response.body(), StandardCharsets.UTF_8);
    }

    boolean isReplay() {
      return header("Idempotent-Replayed").equals("true");
    }

    /** Says whether this is what the other one was, byte for byte. */
    boolean repeats(Answer first) {
      return status() == first.status()
          && MessageDigest.isEqual(response.body(), first.response.body())
          && header("Content-Type").equals(first.header("Content-Type"))
          && header("Location").equals(first.header("Location"));
    }
  }

  Answer post(String target, @Nullable String key, String body) throws Exception {
    return send(target, key, BodyPublishers.ofString(body));
  }

  Answer send(String target, @Nullable String key, BodyPublisher body) throws Exception {
    return new Answer(CLIENT.send(request(target, key, body), BodyHandlers.ofByteArray()));
  }

  CompletableFuture<Answer> postAsync(String target, String key, String body) {
    return CLIENT
        .sendAsync(request(target, key, BodyPublishers.ofString(body)), BodyHandlers.ofByteArray())
        .thenApply(Answer::new);
  }

  private HttpRequest request(String target, @Nullable String key, BodyPublisher body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(target))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Bearer " + tenant)
            .header("Content-Type", "text/plain; charset=utf-8")
            .POST(body);
    if (key != null) {
      request.header("Idempotency-Key", key);
    }
    return request.build();
  }

  /** Sends requests line by line as given, without a tenant of its own. */
  Answer raw(HttpRequest.Builder request) throws IOException, InterruptedException {
    return new Answer(CLIENT.send(request.build(), BodyHandlers.ofByteArray()));
  }

  HttpRequest.Builder to(String target) {
    return HttpRequest.newBuilder(base.resolve(target)).timeout(Duration.ofSeconds(60));
  }

  int effects() throws Exception {
    Answer answer = raw(to("/effects").header("Authorization", "Bearer " + tenant).GET());
    return Integer.parseInt(answer.text().strip());
  }

  /** Sends a whole request and leaves without waiting for the answer. */
  void postAndLeave(String target, String key, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    try (Socket socket = new Socket(base.getHost(), base.getPort())) {
      String head = head(target, key, bytes.length);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
      // Closed with a reset, so that the server learns it as soon as it looks.
      socket.setSoLinger(true, 0);
      awaitEffect();
    }
  }

  /** Sends the beginning of a request's body and leaves. */
  void postHalf(String target, String key) throws IOException {
    try (Socket socket = new Socket(base.getHost(), base.getPort())) {
      String half = head(target, key, 1000) + "half of it";
      socket.getOutputStream().write(half.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
    }
  }

  /**
   * Sends a request with a body of this length, and returns the status line. The body follows only
   * if the head alone is not answered: who is refused while still sending may find the connection
   * closed, and never read why.
   */
  String announce(String target, String key, int length) throws IOException {
    try (Socket socket = new Socket(base.getHost(), base.getPort())) {
      socket.getOutputStream().write(head(target, key, length).getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      socket.setSoTimeout(1_000);
      var lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      try {
        return Objects.requireNonNullElse(lines.readLine(), "");
      } catch (SocketTimeoutException e) {
        socket.getOutputStream().write(new byte[length]);
        socket.getOutputStream().flush();
        socket.setSoTimeout(60_000);
        return Objects.requireNonNullElse(lines.readLine(), "");
      }
    }
  }

  private String head(String target, String key, int length) {
    return "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
            .formatted(target, base.getAuthority(), tenant)
        + "Content-Type: text/plain; charset=utf-8\r\nIdempotency-Key: %s\r\n".formatted(key)
        + "Content-Length: %d\r\n\r\n".formatted(length);
  }

  private int before = -1;

  /** Names the number of effects after which {@link #postAndLeave} leaves. */
  Orders leavingAfterEffect() throws Exception {
    before = effects();
    return this;
  }

  private void awaitEffect() throws IOException {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    try {
      while (effects() <= before) {
        if (System.nanoTime() - end > 0) {
          throw new IOException("no effect in 30 s");
        }
        Thread.sleep(10);
      }
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(Objects.requireNonNullElse(e.getMessage(), "interrupted"), e);
    }
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
