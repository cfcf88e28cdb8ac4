package io.idem4j.examples.servlet;

import io.idem4j.http.HttpHeaders;
import io.idem4j.http.HttpResponse;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A response that is held back: its status and fields are the container's, which sends neither
 * before there is a body, and its body is here. Nothing is committed before {@link #release}. For
 * one response.
 */
final class HeldResponse extends HttpServletResponseWrapper {
  /** The container frames the message. */
  private static final List<String> FRAMING = List.of("content-length", "transfer-encoding");

  private final HttpHeaders before;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable ServletOutputStream stream;
  private @Nullable PrintWriter writer;
  private @Nullable String charset;
  private boolean isEnded;

  HeldResponse(HttpServletResponse response) {
    super(response);
    this.before = fields(response);
  }

  private static HttpHeaders fields(HttpServletResponse response) {
    HttpHeaders.Builder fields = HttpHeaders.builder();
    for (String name : response.getHeaderNames()) {
      String lower = name.toLowerCase(Locale.ROOT);
      // Not every container has the content type among the fields before they are sent.
      if (!FRAMING.contains(lower) && !lower.equals("content-type")) {
        response.getHeaders(name).forEach(value -> fields.add(name, value));
      }
    }
    if (response.getContentType() != null) {
      fields.add("Content-Type", response.getContentType());
    }
    return fields.build();
  }

  /** Returns what the handler answered. */
  HttpResponse captured() {
    if (writer != null) {
      writer.flush();
      // What was set since then changes the encoding no more.
      setCharacterEncoding(charset);
    }
    return HttpResponse.of(getStatus(), fields(this).sendable(), body.toByteArray());
  }

  /**
   * Sends this in place of all that the handler answered; what others had set before it stays. No
   * reset of the target: a filter outside may have begun to write.
   */
  void release(HttpResponse response) throws IOException {
    HttpServletResponse target = (HttpServletResponse) getResponse();
    if (target.isCommitted()) {
      // What is recorded is replayed to the next one; this one must not take an empty body for it.
      throw new IllegalStateException("the response was committed around IdempotencyFilter");
    }
    List.copyOf(target.getHeaderNames()).forEach(name -> target.setHeader(name, null));
    target.setContentType(null);
    set(before, target);
    send(response, target);
  }

  /** Sends a response. */
  static void send(HttpResponse response, HttpServletResponse target) throws IOException {
    target.setStatus(response.status());
    set(response.headers(), target);
    if (response.status() != SC_NO_CONTENT && response.status() != SC_NOT_MODIFIED) {
      target.setContentLengthLong(response.body().length);
      target.getOutputStream().write(response.body());
    }
  }

  private static void set(HttpHeaders fields, HttpServletResponse target) {
    for (Map.Entry<String, List<String>> field : fields.map().entrySet()) {
      List<String> lines = field.getValue();
      target.setHeader(field.getKey(), lines.get(0));
      lines.stream().skip(1).forEach(line -> target.addHeader(field.getKey(), line));
    }
  }

  @Override
  public ServletOutputStream getOutputStream() {
    if (writer != null) {
      throw new IllegalStateException("getWriter() was called for this response");
    }
    stream = stream == null ? new Held() : stream;
    return stream;
  }

  @Override
  public PrintWriter getWriter() throws IOException {
    if (stream != null) {
      throw new IllegalStateException("getOutputStream() was called for this response");
    }
    if (writer == null) {
      // From here on the encoding is fixed; the client is told at the end.
      charset = getCharacterEncoding();
      writer = new PrintWriter(new OutputStreamWriter(new Held(), charset));
    }
    return writer;
  }

  @Override
  public void setLocale(@Nullable Locale locale) {
    super.setLocale(locale);
    // A container may derive the field only when it sends it.
    setHeader("Content-Language", locale == null ? null : locale.toLanguageTag());
  }

  @Override
  public void setStatus(int status) {
    if (!isEnded) {
      super.setStatus(status);
    }
  }

  @Override
  public void setContentLength(int length) {
    // That of what was written is sent.
  }

  @Override
  public void setContentLengthLong(long length) {
    // As above.
  }

  @Override
  public void setTrailerFields(Supplier<Map<String, String>> supplier) {
    throw new IllegalStateException("trailers are not covered by IdempotencyFilter");
  }

  @Override
  public void flushBuffer() {
    // Nothing is sent before it is recorded.
  }

  @Override
  public boolean isCommitted() {
    return isEnded;
  }

  @Override
  public void resetBuffer() {
    requireOpen();
    flushWriter();
    body.reset();
  }

  @Override
  public void reset() {
    resetBuffer();
    super.reset();
    writer = null;
    stream = null;
  }

  @Override
  public void sendError(int status) {
    sendError(status, null);
  }

  @Override
  public void sendError(int status, @Nullable String message) {
    resetBuffer();
    setStatus(status);
    if (message != null) {
      setHeader("Content-Type", "text/plain;charset=UTF-8");
      body.writeBytes(message.getBytes(StandardCharsets.UTF_8));
    }
    isEnded = true;
  }

  @Override
  public void sendRedirect(String location) {
    sendRedirect(location, SC_FOUND, true);
  }

  @Override
  public void sendRedirect(String location, int status) {
    sendRedirect(location, status, true);
  }

  @Override
  public void sendRedirect(String location, boolean clearsBuffer) {
    sendRedirect(location, SC_FOUND, clearsBuffer);
  }

  @Override
  public void sendRedirect(String location, int status, boolean clearsBuffer) {
    requireOpen();
    flushWriter();
    if (clearsBuffer) {
      resetBuffer();
    }
    setStatus(status);
    setHeader("Location", location);
    isEnded = true;
  }

  private void flushWriter() {
    if (writer != null) {
      writer.flush();
    }
  }

  private void requireOpen() {
    if (isEnded) {
      throw new IllegalStateException("the response is committed");
    }
  }

  /** What is written after the end of a response is dropped, as by a container. */
  private final class Held extends ServletOutputStream {
    @Override
    public void write(int b) {
      if (!isEnded) {
        body.write(b);
      }
    }

    @Override
    public void write(byte[] source, int offset, int count) {
      if (!isEnded) {
        body.write(source, offset, count);
      }
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      throw new IllegalStateException("setWriteListener() is not covered by IdempotencyFilter");
    }
  }
}
