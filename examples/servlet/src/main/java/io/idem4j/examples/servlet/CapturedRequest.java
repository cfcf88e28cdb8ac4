package io.idem4j.examples.servlet;

import io.idem4j.http.HttpRequest;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.Part;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UnsupportedEncodingException;
import java.nio.charset.Charset;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request whose body was read once and is read again from memory, as stream, as reader and as the
 * parameters of a form. What would outlive the filter is refused. For one request.
 */
final class CapturedRequest extends HttpServletRequestWrapper {
  private static final String FORM = "application/x-www-form-urlencoded";

  private final HttpRequest seen;
  private @Nullable String encoding;
  private @Nullable ServletInputStream stream;
  private @Nullable BufferedReader reader;
  private @Nullable Map<String, String[]> parameters;

  CapturedRequest(HttpServletRequest request, HttpRequest seen) {
    super(request);
    this.seen = seen;
    this.encoding = request.getCharacterEncoding();
  }

  @Override
  public @Nullable String getCharacterEncoding() {
    return encoding;
  }

  /** Kept here: a container ignores what is set once its own stream was opened. */
  @Override
  public void setCharacterEncoding(String encoding) throws UnsupportedEncodingException {
    if (!Charset.isSupported(encoding)) {
      throw new UnsupportedEncodingException(encoding);
    }
    this.encoding = encoding;
  }

  @Override
  public void setCharacterEncoding(Charset encoding) {
    this.encoding = encoding.name();
  }

  private Charset charset(String otherwise) {
    return Charset.forName(encoding == null ? otherwise : encoding);
  }

  @Override
  public ServletInputStream getInputStream() {
    if (reader != null) {
      throw new IllegalStateException("getReader() was called for this request");
    }
    stream = stream == null ? new Captured(seen.body()) : stream;
    return stream;
  }

  @Override
  public BufferedReader getReader() {
    if (stream != null) {
      throw new IllegalStateException("getInputStream() was called for this request");
    }
    reader =
        reader == null
            ? new BufferedReader(new InputStreamReader(seen.body(), charset("ISO-8859-1")))
            : reader;
    return reader;
  }

  @Override
  public Map<String, String[]> getParameterMap() {
    if (parameters == null) {
      // The container sees those of the query alone: its stream was read to the end.
      parameters =
          isForm()
              ? FormParameters.of(super.getParameterMap(), seen.body(), charset("UTF-8"))
              : super.getParameterMap();
    }
    return parameters;
  }

  private boolean isForm() {
    String type = Objects.requireNonNullElse(getContentType(), "").split(";", 2)[0].strip();
    return getMethod().equals("POST") && type.toLowerCase(Locale.ROOT).equals(FORM);
  }

  @Override
  public @Nullable String getParameter(String name) {
    String[] values = getParameterMap().get(name);
    return values == null ? null : values[0];
  }

  @Override
  public Enumeration<String> getParameterNames() {
    return Collections.enumeration(getParameterMap().keySet());
  }

  @Override
  public String @Nullable [] getParameterValues(String name) {
    String[] values = getParameterMap().get(name);
    return values == null ? null : values.clone();
  }

  private static IllegalStateException notCovered(String what) {
    return new IllegalStateException(what + " is not covered by IdempotencyFilter");
  }

  @Override
  public boolean isAsyncSupported() {
    return false;
  }

  @Override
  public AsyncContext startAsync() {
    throw notCovered("startAsync()");
  }

  @Override
  public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
    throw notCovered("startAsync()");
  }

  @Override
  public <T extends HttpUpgradeHandler> T upgrade(Class<T> handler) {
    throw notCovered("upgrade()");
  }

  /** The container has nothing left to take parts from, and would find none. */
  @Override
  public Collection<Part> getParts() {
    throw notCovered("getParts()");
  }

  @Override
  public Part getPart(String name) {
    throw notCovered("getPart()");
  }

  private static final class Captured extends ServletInputStream {
    private final InputStream body;

    Captured(InputStream body) {
      this.body = body;
    }

    @Override
    public int read() throws IOException {
      return body.read();
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
      return body.read(target, offset, count);
    }

    @Override
    public int available() throws IOException {
      return body.available();
    }

    @Override
    public boolean isFinished() {
      try {
        // A captured body has all its bytes at hand.
        return body.available() == 0;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setReadListener(ReadListener listener) {
      throw notCovered("setReadListener()");
    }
  }
}
