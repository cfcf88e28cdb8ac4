package io.idem4j.examples.servlet;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;

/** Compresses what it is asked to by {@code Accept-Encoding: gzip}. */
final class GzipFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!"gzip".equals(request.getHeader("Accept-Encoding"))) {
      chain.doFilter(request, response);
      return;
    }
    response.setHeader("Content-Encoding", "gzip");
    GZIPOutputStream gzip = new GZIPOutputStream(response.getOutputStream());
    chain.doFilter(request, new Compressed(response, gzip));
    gzip.finish();
  }

  private static final class Compressed extends HttpServletResponseWrapper {
    private final GZIPOutputStream gzip;

    Compressed(HttpServletResponse response, GZIPOutputStream gzip) {
      super(response);
      this.gzip = gzip;
    }

    @Override
    public void setContentLengthLong(long length) {
      // Of what is not sent so.
    }

    @Override
    public ServletOutputStream getOutputStream() {
      return new ServletOutputStream() {
        @Override
        public void write(int b) throws IOException {
          gzip.write(b);
        }

        @Override
        public boolean isReady() {
          return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
          throw new IllegalStateException();
        }
      };
    }
  }
}
