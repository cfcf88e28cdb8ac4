package io.idem4j.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request as the layer sees it. The head is immutable. A body that comes as a stream is read by
 * the layer where its key needs it, once, and up to the policy's maximum; the handler then reads
 * {@link #body()}, which is the same bytes from the beginning. For one exchange, and one thread at
 * a time.
 */
public final class HttpRequest {
  private final String method;
  private final String target;
  private final HttpHeaders headers;
  private final @Nullable InputStream stream;
  private @Nullable CapturedBody captured;
  private boolean isTooLarge;
  private boolean wasReadInPart;

  private HttpRequest(
      String method,
      String target,
      HttpHeaders headers,
      @Nullable InputStream stream,
      @Nullable CapturedBody captured) {
    this.method = Objects.requireNonNull(method, "method");
    this.target = Objects.requireNonNull(target, "target");
    this.headers = Objects.requireNonNull(headers, "headers");
    this.stream = stream;
    this.captured = captured;
  }

  /**
   * Returns a request whose body was read before.
   *
   * @param method the method, in its exact case
   * @param target path and query as they were sent, undecoded
   * @param body the body as it was sent, before any decompression. Not copied
   */
  public static HttpRequest of(String method, String target, HttpHeaders headers, byte[] body) {
    return new HttpRequest(method, target, headers, null, CapturedBody.of(body));
  }

  /**
   * Returns a request whose body is still to be read.
   *
   * @param method the method, in its exact case
   * @param target path and query as they were sent, undecoded
   * @param body the body as it is sent, before any decompression. Never closed here
   */
  public static HttpRequest of(
      String method, String target, HttpHeaders headers, InputStream body) {
    return new HttpRequest(method, target, headers, Objects.requireNonNull(body, "body"), null);
  }

  /** Returns the method. */
  public String method() {
    return method;
  }

  /** Returns path and query as they were sent. */
  public String target() {
    return target;
  }

  /** Returns the header fields. */
  public HttpHeaders headers() {
    return headers;
  }

  /**
   * Returns the body for whoever handles the request: from the beginning where the layer read it,
   * and otherwise the stream that the request was made of, which can be read once.
   */
  public InputStream body() {
    return captured != null ? captured.stream() : Objects.requireNonNull(stream);
  }

  /** Reads the body if it is still to be read. */
  CapturedBody capture(int limit) throws IOException, CapturedBody.TooLargeException {
    if (isTooLarge) {
      throw new CapturedBody.TooLargeException();
    } else if (wasReadInPart) {
      // What is left of it is not what was sent.
      throw new IOException("the body was read before, and not to its end");
    }
    if (captured == null) {
      captured = read(Objects.requireNonNull(stream), limit);
    }
    if (captured.length() > limit) {
      throw new CapturedBody.TooLargeException();
    }
    return captured;
  }

  private CapturedBody read(InputStream body, int limit)
      throws IOException, CapturedBody.TooLargeException {
    wasReadInPart = true;
    try {
      CapturedBody whole = CapturedBody.read(body, declaredLength(), limit);
      wasReadInPart = false;
      return whole;
    } catch (CapturedBody.TooLargeException e) {
      isTooLarge = true;
      throw e;
    }
  }

  /** What the client declared, where it can be believed to have declared anything; or -1. */
  private long declaredLength() {
    String declared = headers.first("Content-Length").orElse("");
    return declared.matches("[0-9]{1,18}") ? Long.parseLong(declared) : -1;
  }

  @Override
  public String toString() {
    return "HttpRequest[" + method + "]";
  }
}
