package io.idem4j.examples.servlet;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request's body, whose stream is opened with the first read: a request that turns out to run
 * without protection keeps its choice between stream, reader and parameters.
 */
final class LazyBody extends InputStream {
  private final HttpServletRequest request;
  private @Nullable ServletInputStream stream;
  private boolean isEmpty = true;

  LazyBody(HttpServletRequest request) {
    this.request = request;
  }

  boolean isOpen() {
    return stream != null;
  }

  private ServletInputStream stream() throws IOException {
    if (stream == null) {
      ServletInputStream opened = request.getInputStream();
      boolean hasBody =
          request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
      if (hasBody && opened.isFinished()) {
        throw readBefore();
      }
      stream = opened;
    }
    return stream;
  }

  /** Not every container says that its stream is finished before it was read. */
  private int checked(int result) {
    if (result < 0 && isEmpty && (request.getContentLengthLong() > 0 || hasParsedForm())) {
      throw readBefore();
    }
    isEmpty = false;
    return result;
  }

  /**
   * A form in chunks that is empty is one that was parsed before. To count its parameters tells
   * less: what a query without a value is, each container says for itself.
   */
  private boolean hasParsedForm() {
    String type = Objects.requireNonNullElse(request.getContentType(), "").toLowerCase(Locale.ROOT);
    return request.getHeader("Transfer-Encoding") != null
        && (type.startsWith("application/x-www-form-urlencoded") || type.startsWith("multipart/"));
  }

  /** An empty stream in place of a body would make all bodies the same request. */
  private static IllegalStateException readBefore() {
    return new IllegalStateException(
        "the body was read before IdempotencyFilter, which must stand before whatever reads it");
  }

  @Override
  public int read() throws IOException {
    return checked(stream().read());
  }

  @Override
  public int read(byte[] target, int offset, int count) throws IOException {
    return checked(stream().read(target, offset, count));
  }
}
