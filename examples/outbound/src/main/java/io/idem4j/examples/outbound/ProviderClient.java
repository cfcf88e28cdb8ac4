package io.idem4j.examples.outbound;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Sends requests to the provider, each once: it is the caller under its key that repeats. The JDK's
 * client repeats by itself what it finds on a stale connection, but only GET and HEAD, unless
 * {@code jdk.httpclient.enableAllMethodRetry} is set. Safe for use by many threads.
 */
final class ProviderClient {
  /** A request. Immutable. */
  record Call(String method, String path, Map<String, String> headers, Map<String, String> form) {
    static Call of(String method, String path) {
      return new Call(method, path, Map.of(), Map.of());
    }

    Call withHeader(String name, String value) {
      return new Call(method, path, with(headers, name, value), form);
    }

    Call withField(String name, String value) {
      return new Call(method, path, headers, with(form, name, value));
    }

    Call about(Order order) {
      return new Call(method, path, headers, order.form());
    }

    private static Map<String, String> with(Map<String, String> old, String name, String value) {
      Map<String, String> more = new LinkedHashMap<>(old);
      more.put(name, value);
      return more;
    }
  }

  private static final int MOST_QUESTIONS = 4;

  private final URI provider;
  private final Duration timeout;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /**
   * Makes a client.
   *
   * @param timeout how long one request may take
   */
  ProviderClient(URI provider, Duration timeout) {
    this.provider = provider;
    this.timeout = timeout;
  }

  /**
   * Sends a request.
   *
   * @return the reply, which has status 2xx, 404 or 409
   * @throws NoAnswerException if nobody knows whether it takes effect
   * @throws RefusedException if the provider refused it for good
   * @throws ExpiredException if the provider found it too old
   */
  Reply send(Call call)
      throws NoAnswerException, RefusedException, ExpiredException, InterruptedException {
    try {
      return understood(http.send(request(call), BodyHandlers.ofString()));
    } catch (NoAnswerException e) {
      throw e;
    } catch (IOException e) {
      throw new NoAnswerException("no reply: " + e.getClass().getSimpleName(), e);
    }
  }

  /** Sends a GET, which may be repeated freely, up to a few times; as {@link #send} otherwise. */
  Reply ask(String path)
      throws NoAnswerException, RefusedException, ExpiredException, InterruptedException {
    Call question = Call.of("GET", path);
    for (int time = 1; time < MOST_QUESTIONS; time++) {
      try {
        return send(question);
      } catch (NoAnswerException e) {
        // Lost, and the next one may not be.
      }
    }
    return send(question);
  }

  /** Sends a request without blocking a thread; fails as {@link #send} throws. */
  CompletableFuture<Reply> sendAsync(Call call) {
    return http.sendAsync(request(call), BodyHandlers.ofString())
        .handle(
            (response, failure) -> {
              if (response == null) {
                throw new CompletionException(new NoAnswerException("no reply", failure));
              }
              try {
                return understood(response);
              } catch (NoAnswerException | RefusedException | ExpiredException e) {
                throw new CompletionException(e);
              }
            });
  }

  private HttpRequest request(Call call) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(provider.resolve(call.path()))
            .timeout(timeout)
            .method(
                call.method(),
                call.form().isEmpty()
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString(Form.encode(call.form())));
    call.headers().forEach(request::header);
    return request.build();
  }

  private static Reply understood(HttpResponse<String> response)
      throws NoAnswerException, RefusedException, ExpiredException {
    Reply reply = new Reply(response.statusCode(), response.body());
    if (reply.status() / 100 == 2 || reply.status() == 404 || reply.status() == 409) {
      return reply;
    } else if (reply.status() == 410) {
      throw new ExpiredException();
    } else if (reply.status() == 422) {
      throw new RefusedException(reply.field("error"));
    }
    throw new NoAnswerException("status " + reply.status(), null);
  }
}
