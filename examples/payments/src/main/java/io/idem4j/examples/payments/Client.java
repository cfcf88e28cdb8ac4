package io.idem4j.examples.payments;

import com.fasterxml.jackson.databind.JsonNode;
import io.idem4j.examples.payments.Ledger.Effects;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A client of the service on this machine. Safe for use by many threads. */
final class Client {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final int port;

  Client(int port) {
    this.port = port;
  }

  Received send(Call call) throws IOException, InterruptedException {
    return Received.of(http.send(request(call).build(), BodyHandlers.ofByteArray()));
  }

  /** Sends without waiting for the answer. */
  CompletableFuture<Received> start(Call call) {
    return http.sendAsync(request(call).build(), BodyHandlers.ofByteArray())
        .thenApply(Received::of);
  }

  /** Sends, and repeats unchanged for as long as the first request is said to be running. */
  Received sendUntilDone(Call call) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Received received = send(call);
      if (received.status() != 409
          || received.header("Retry-After").isEmpty()
          || System.nanoTime() - end > 0) {
        return received;
      }
      // Much sooner than Retry-After asks, so that the tour is short.
      Thread.sleep(PAUSE.toMillis());
    }
  }

  /** Sends and hangs up before the answer. */
  void sendAndHangUp(Call call) throws IOException {
    String body = String.valueOf(call.body());
    String head =
        """
        %s %s HTTP/1.1\r
        Host: 127.0.0.1\r
        Authorization: Bearer %s\r
        Idempotency-Key: %s\r
        Content-Type: application/json\r
        Content-Length: %d\r
        \r
        """
            .formatted(call.method(), call.target(), call.tenant(), call.key(), body.length());
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write((head + body).getBytes(StandardCharsets.US_ASCII));
      out.flush();
    }
  }

  Effects effects(String tenant) throws IOException, InterruptedException, Refusal {
    JsonNode counts = send(Call.get(tenant, "/effects")).json();
    return new Effects(counts.path("payments").asLong(-1), counts.path("increments").asLong(-1));
  }

  /** Waits until a tenant's payments have been made, for a while. */
  boolean awaitPayments(String tenant, long payments)
      throws IOException, InterruptedException, Refusal {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (effects(tenant).payments() != payments) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Thread.sleep(PAUSE.toMillis());
    }
    return true;
  }

  HttpRequest.Builder request(Call call) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + call.target()))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Bearer " + call.tenant());
    if (call.key() != null) {
      request.header("Idempotency-Key", call.key());
    }
    if (call.body() == null) {
      return request.method(call.method(), BodyPublishers.noBody());
    }
    return request
        .header("Content-Type", "application/json")
        .method(call.method(), BodyPublishers.ofString(call.body()));
  }
}
