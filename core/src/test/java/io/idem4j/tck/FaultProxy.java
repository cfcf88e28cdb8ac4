package io.idem4j.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A port on loopback that leads to a real server and, when told so, does harm to one exchange. It
 * knows no protocol: an exchange begins with the first bytes from a client after its last reply,
 * and a message ends when its sender falls silent for a moment.
 *
 * <p>A plan strikes the next exchanges after it was made, on any connection; so make it right
 * before the call, with connections that are already set up, and ask {@link Strike#hasStruck()}
 * afterwards: a fault that met nothing has tested nothing.
 *
 * <p>Safe for use by many threads. All its threads are daemons, and end with {@link #close()}.
 */
public final class FaultProxy implements AutoCloseable {
  private static final int BACKLOG = 100;
  private static final int CONNECT_MILLIS = 5_000;

  /** A fault that is planned or has struck. Safe for use by many threads. */
  public static final class Strike {
    private static final int LONGEST_DELAY_SECONDS = 60;

    private final NetworkFault fault;
    private final AtomicInteger exchanges;
    private final CountDownLatch struck = new CountDownLatch(1);
    private final CountDownLatch delivered = new CountDownLatch(1);
    private final CountDownLatch landed = new CountDownLatch(1);

    private Strike(NetworkFault fault, int exchange) {
      this.fault = fault;
      this.exchanges = new AtomicInteger(exchange);
    }

    /** Returns the fault. */
    public NetworkFault fault() {
      return fault;
    }

    /** Says whether it has been done to something. */
    public boolean hasStruck() {
      return struck.getCount() == 0;
    }

    /** Lets through what a late fault holds back, or will hold back. */
    public void deliver() {
      delivered.countDown();
    }

    /**
     * Waits until the server has answered a late request, or a late reply was sent on.
     *
     * @return whether that was in time
     */
    public boolean awaitLanding(Duration patience) throws InterruptedException {
      return landed.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private boolean isDue() {
      int left = exchanges.decrementAndGet();
      return left == 0 || (left < 0 && fault.repeats());
    }

    void strike() {
      struck.countDown();
    }

    void land() {
      landed.countDown();
    }

    void awaitDelivery() throws InterruptedException {
      // Bounded, so that no test leaves a thread behind.
      delivered.await(LONGEST_DELAY_SECONDS, TimeUnit.SECONDS);
    }
  }

  private final InetSocketAddress server;
  private final ServerSocket listener;
  private final Thread acceptor;
  private final Queue<FaultLink> links = new ConcurrentLinkedQueue<>();
  private final AtomicReference<Strike> plan = new AtomicReference<>();
  private final AtomicInteger exchanges = new AtomicInteger();

  /** Opens a free port that leads to this server. */
  public FaultProxy(InetSocketAddress server) {
    this.server = server;
    try {
      this.listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.acceptor = FaultLink.daemon("accept", this::accept);
    acceptor.start();
  }

  /** Returns the port, on the loopback address. */
  public int port() {
    return listener.getLocalPort();
  }

  /**
   * Plans a fault, in place of what was planned before.
   *
   * @param exchange which of the exchanges to come it is done to, from 1
   */
  public Strike plan(NetworkFault fault, int exchange) {
    Strike strike = new Strike(fault, exchange);
    plan.set(strike);
    return strike;
  }

  /** Takes back what is planned; a fault that has struck goes on. */
  public void takeBack() {
    plan.set(null);
  }

  /** Returns how many exchanges have begun so far. */
  public int exchanges() {
    return exchanges.get();
  }

  /** Closes the port and all connections. */
  @Override
  public void close() {
    FaultLink.close(listener);
    takeBack();
    try {
      // The port takes connections until the thread that waits for one has noticed.
      acceptor.join(2L * CONNECT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (FaultLink link = links.poll(); link != null; link = links.poll()) {
      link.close();
    }
  }

  /** An exchange begins: returns what is to be done to it, or null. */
  Strike begin() {
    exchanges.incrementAndGet();
    Strike planned = plan.get();
    return planned != null && planned.isDue() ? planned : null;
  }

  void ended(FaultLink link) {
    links.remove(link);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Socket upstream = new Socket();
        try {
          upstream.connect(server, CONNECT_MILLIS);
          FaultLink link = new FaultLink(this, client, upstream);
          links.add(link);
          link.start();
          if (listener.isClosed()) {
            link.close();
          }
        } catch (IOException e) {
          // The server is down: that is what the client is to see.
          FaultLink.reset(client);
          FaultLink.close(upstream);
        }
      } catch (IOException e) {
        // Closed, or a client that was gone before it was accepted.
      }
    }
  }
}
