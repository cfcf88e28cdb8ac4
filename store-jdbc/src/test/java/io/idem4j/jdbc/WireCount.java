package io.idem4j.jdbc;

import com.mysql.cj.conf.PropertySet;
import com.mysql.cj.protocol.StandardSocketFactory;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.SocketFactory;

/**
 * Counts the round trips on the wire: how often something was sent after something was received.
 * Named to the driver by its class, so the count is one for all its sockets.
 */
public final class WireCount extends SocketFactory {
  private static final AtomicInteger TRIPS = new AtomicInteger();

  /** Returns the trips since the last time. */
  static int take() {
    return TRIPS.getAndSet(0);
  }

  /** The same for MySQL's driver, which has factories of its own kind. */
  public static final class OfConnectorJ extends StandardSocketFactory {
    @Override
    protected Socket createSocket(PropertySet properties) {
      return new CountedSocket();
    }
  }

  @Override
  public Socket createSocket() {
    return new CountedSocket();
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException();
  }

  private static final class CountedSocket extends Socket {
    private volatile boolean received = true;

    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
          int read = super.read(bytes, offset, length);
          received = true;
          return read;
        }
      };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          if (received) {
            received = false;
            TRIPS.incrementAndGet();
          }
          out.write(bytes, offset, length);
        }
      };
    }
  }
}
