package io.idem4j.dynamodb;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpFullResponse;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;

/**
 * What can happen between the SDK and the service, below the SDK's retries. Each attempt takes the
 * next fault of the script; after the last, attempts go through.
 */
final class FaultyHttp implements SdkHttpClient {
  /** What becomes of one attempt. */
  enum Fault {
    NONE,
    /** Applied; the connection ends without an answer. */
    REPLY_DROPPED,
    /** Applied; answered by a fault of the service. */
    ERROR_AFTER_APPLY,
    /** Applied; the answer does not come before the SDK gives the attempt up. */
    REPLY_TOO_SLOW,
    /** Applied; the answer is cut. */
    REPLY_CUT,
    /** Not applied: nothing reaches the service. */
    REQUEST_LOST,
    /** Not applied; a fault of the service. */
    ERROR,
    /** Not applied; the service is unavailable. */
    UNAVAILABLE,
    /** Not applied; throttled. */
    THROTTLED,
    /** Not applied; not allowed. */
    DENIED,
    /** Applied, or refused; the refusal without its item, as older endpoints answer. */
    NO_ITEM
  }

  private final SdkHttpClient line = Apache5HttpClient.builder().build();
  private final Deque<Fault> script = new ArrayDeque<>();
  private Predicate<String> affected = operation -> true;
  private Fault afterwards = Fault.NONE;
  private int attempts;

  /** Sets the faults of the next attempts of writes. */
  synchronized FaultyHttp onWrites(Fault... faults) {
    return on(name -> name.equals("PutItem") || name.equals("UpdateItem"), faults);
  }

  /** Sets the faults of the next attempts of some operations. */
  synchronized FaultyHttp on(Predicate<String> operations, Fault... faults) {
    affected = operations;
    script.clear();
    script.addAll(Arrays.asList(faults));
    afterwards = Fault.NONE;
    attempts = 0;
    return this;
  }

  /** Sets the fault of all attempts after the script's end. */
  synchronized FaultyHttp thenAlways(Fault fault) {
    afterwards = fault;
    return this;
  }

  /** Returns how many attempts were affected since the script was set. */
  synchronized int attempts() {
    return attempts;
  }

  private synchronized Fault next(String operation) {
    if (!affected.test(operation)) {
      return Fault.NONE;
    }
    attempts++;
    return script.isEmpty() ? afterwards : script.remove();
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    String target = request.httpRequest().firstMatchingHeader("X-Amz-Target").orElse("");
    Fault fault = next(target.substring(target.lastIndexOf('.') + 1));
    ExecutableHttpRequest prepared = line.prepareRequest(request);
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        return FaultyHttp.call(prepared, fault);
      }

      @Override
      public void abort() {
        prepared.abort();
      }
    };
  }

  private static HttpExecuteResponse call(ExecutableHttpRequest prepared, Fault fault)
      throws IOException {
    switch (fault) {
      case NONE -> {
        return prepared.call();
      }
      case REQUEST_LOST -> throw new IOException("request lost");
      case ERROR -> {
        return answer(500, "InternalServerError");
      }
      case UNAVAILABLE -> {
        return answer(503, "ServiceUnavailable");
      }
      case THROTTLED -> {
        return answer(400, "ProvisionedThroughputExceededException");
      }
      case DENIED -> {
        return answer(400, "AccessDeniedException");
      }
      default -> {
        HttpExecuteResponse real = prepared.call();
        byte[] body = real.responseBody().orElseThrow().readAllBytes();
        return after(fault, real.httpResponse(), body);
      }
    }
  }

  private static HttpExecuteResponse after(Fault fault, SdkHttpResponse head, byte[] body)
      throws IOException {
    return switch (fault) {
      case REPLY_DROPPED -> throw new IOException("reply dropped");
      case ERROR_AFTER_APPLY -> answer(500, "InternalServerError");
      case REPLY_CUT -> response(200, Arrays.copyOf(body, 1), head);
      case NO_ITEM ->
          head.isSuccessful()
              ? response(200, body, head)
              : answer(400, "ConditionalCheckFailedException");
      case REPLY_TOO_SLOW -> {
        try {
          // Until the SDK's own timer interrupts the attempt.
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        throw new IOException("attempt given up");
      }
      default -> throw new AssertionError(fault);
    };
  }

  private static HttpExecuteResponse answer(int status, String code) {
    String body = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" + code + "\",\"message\":\"\"}";
    SdkHttpResponse head =
        SdkHttpFullResponse.builder()
            .statusCode(status)
            .putHeader(
                "Date",
                DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)))
            .build();
    return response(status, body.getBytes(StandardCharsets.UTF_8), head);
  }

  private static HttpExecuteResponse response(int status, byte[] body, SdkHttpResponse head) {
    SdkHttpResponse.Builder changed =
        head.toBuilder()
            .statusCode(status)
            .putHeader("Content-Type", "application/x-amz-json-1.0")
            .putHeader("Content-Length", Integer.toString(body.length))
            .removeHeader("x-amz-crc32");
    return HttpExecuteResponse.builder()
        .response(changed.build())
        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
        .build();
  }

  @Override
  public void close() {
    line.close();
  }
}
