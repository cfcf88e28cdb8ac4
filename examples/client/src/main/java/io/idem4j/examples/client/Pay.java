package io.idem4j.examples.client;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Makes one payment and shows each attempt. With a file for the order it may be killed and started
 * again: the payment is made once.
 */
public final class Pay {
  private static final int REFUSED = 1;
  private static final int MISUSED = 2;
  private static final int UNKNOWN = 3;

  private static final String ORDER = "{\"amount\":12.50,\"currency\":\"EUR\"}";

  private Pay() {}

  /** Pays; the exit status is 0 only if the payment was made. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  private static int run(String... args) {
    KeyedCall call;
    try {
      call = call(args);
    } catch (IllegalArgumentException e) {
      System.err.println(
          "usage: Pay [--bare] URL [ORDER-FILE], URL being http://HOST:PORT/payments");
      return MISUSED;
    } catch (IOException e) {
      System.err.println("the order cannot be stored or read, and nothing was sent: " + e);
      return MISUSED;
    }
    var policy = RetryPolicy.standard().withTimes(Duration.ofSeconds(3), Duration.ofSeconds(30));
    var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    var client = new RetryingClient(http, policy).withLog(System.out::println);
    System.out.println("key " + call.key());
    try {
      Answer answer = client.send(call);
      System.out.println(answer + ": " + answer.text());
      if (answer.mayHaveTakenEffect()) {
        System.out.println("an earlier attempt may have paid; run it again with the same order");
        return UNKNOWN;
      }
      return answer.isSuccess() ? 0 : REFUSED;
    } catch (OutcomeUnknownException e) {
      System.out.println(e.getMessage());
      return UNKNOWN;
    }
  }

  private static KeyedCall call(String... args) throws IOException {
    int first = args.length > 0 && args[0].equals("--bare") ? 1 : 0;
    int given = args.length - first;
    if (given < 1 || given > 2) {
      throw new IllegalArgumentException("arguments");
    }
    URI uri = URI.create(args[first]);
    KeyedCall call;
    if (given == 2) {
      Order order = Order.open(Path.of(args[first + 1]), ORDER);
      call = call(uri, order.body()).withKey(order.key());
      call = order.isNew() ? call : call.resumed();
    } else {
      call = call(uri, ORDER);
    }
    return (first == 1 ? call.withBareKey() : call)
        .withHeader("Authorization", "Bearer demo")
        .withHeader("Content-Type", "application/json");
  }

  private static KeyedCall call(URI uri, String body) {
    return KeyedCall.of("POST", uri, body.getBytes(StandardCharsets.UTF_8));
  }
}
