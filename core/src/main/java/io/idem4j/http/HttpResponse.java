package io.idem4j.http;

import io.idem4j.MisuseException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A final response: status, header fields and the whole body. What is sent to the first caller, and
 * what is recorded of it for the others. Immutable; the body's array is not copied and must not be
 * changed.
 */
public final class HttpResponse {
  private static final byte[] EMPTY = new byte[0];

  private final int status;
  private final HttpHeaders headers;
  private final byte[] body;
  private final boolean bodyKept;

  private HttpResponse(int status, HttpHeaders headers, byte[] body, boolean bodyKept) {
    if (status < 200 || status > 599) {
      throw new MisuseException("status " + status + " is no final status");
    }
    headers.forEach(HttpResponse::requireField);
    this.status = status;
    this.headers = headers;
    this.body = Objects.requireNonNull(body, "body");
    this.bodyKept = bodyKept;
  }

  /**
   * Returns a response.
   *
   * @param status from 200 to 599
   * @throws MisuseException if the status is no final one, a field's name is no token of RFC 9110
   *     (section 5.6.2), or a value has a character that would end its line or is not of
   *     ISO-8859-1: a response is never split. In a handler, where the effect is made by then, text
   *     from elsewhere is made fit before: see {@link HttpHeaders#sendable}
   */
  public static HttpResponse of(int status, HttpHeaders headers, byte[] body) {
    return new HttpResponse(status, headers, body, true);
  }

  /** Returns a response without header fields and body. */
  public static HttpResponse of(int status) {
    return of(status, HttpHeaders.none(), EMPTY);
  }

  /** Returns a response with a body of text, as UTF-8. */
  public static HttpResponse of(int status, String contentType, String body) {
    return of(
        status, HttpHeaders.of("Content-Type", contentType), body.getBytes(StandardCharsets.UTF_8));
  }

  static HttpResponse recorded(int status, HttpHeaders headers, byte[] body, boolean bodyKept) {
    return new HttpResponse(status, headers, body, bodyKept);
  }

  /** Returns the status. */
  public int status() {
    return status;
  }

  /** Returns the header fields. */
  public HttpHeaders headers() {
    return headers;
  }

  /** Returns the body: the array itself, which must not be changed. */
  public byte[] body() {
    return body;
  }

  /**
   * Returns the same response with one line of this field.
   *
   * @throws MisuseException as {@link #of(int, HttpHeaders, byte[])}
   */
  public HttpResponse withHeader(String name, String value) {
    return withHeaders(headers.with(name, value));
  }

  HttpResponse withHeaders(HttpHeaders changed) {
    return new HttpResponse(status, changed, body, bodyKept);
  }

  /**
   * Says whether the body is what was answered; of a recorded response it may be nothing because it
   * was not kept.
   */
  public boolean bodyKept() {
    return bodyKept;
  }

  static void requireField(String name, String value) {
    if (name.isEmpty() || !name.chars().allMatch(HttpResponse::isToken)) {
      throw new MisuseException("the name of a header field is no token");
    }
    if (!value.chars().allMatch(HttpResponse::isText)) {
      throw new MisuseException(
          "the header field " + name + " has a character that cannot be sent");
    }
  }

  static boolean isToken(int c) {
    return (c >= '0' && c <= '9')
        || (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }

  static boolean isText(int c) {
    return c == '\t' || (c >= ' ' && c <= '~') || (c >= 0x80 && c <= 0xFF);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HttpResponse that
        && status == that.status
        && bodyKept == that.bodyKept
        && headers.equals(that.headers)
        && Arrays.equals(body, that.body);
  }

  @Override
  public int hashCode() {
    return 31 * status + Arrays.hashCode(body);
  }

  @Override
  public String toString() {
    return "HttpResponse[" + status + ", " + body.length + " bytes]";
  }
}
