package io.idem4j.tck;

import io.idem4j.spi.KeyStore;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * What a store's author hands to {@link KeyStoreFaults}: where the server is, and stores that reach
 * it. All of them share one backend; nothing else may purge it meanwhile.
 */
public interface FaultSubject extends AutoCloseable {
  /**
   * A store whose connections lead through a proxy.
   *
   * @param store the store, on the real driver
   * @param closing gives back its connections
   */
  record Proxied(KeyStore store, Runnable closing) {}

  /** Returns where the server listens. */
  InetSocketAddress server();

  /**
   * Makes a store whose driver connects to this port of the loopback address in place of the
   * server's. The driver is to be used as it comes, with its own retries and its pool. Only the
   * time after which it gives up a silent connection is to be short, some 250 ms: it decides how
   * long the tests take. Too short a time makes faults that nobody planned; those harm nothing but
   * the test's speed.
   *
   * @param port the proxy's
   * @param connections how large the pool is, so that a wounded connection would be used again
   */
  Proxied open(int port, int connections) throws Exception;

  /** Returns a store that reaches the server directly; the same one each time. */
  KeyStore direct();

  /**
   * Returns how much later than its lease or its retention a record may be over, where the store
   * has no clock of its own; zero for all others.
   */
  default Duration margin() {
    return Duration.ZERO;
  }

  /**
   * Says whether the driver sends a write again by itself, unseen by the store (I23). Then a
   * refusal may be that of the second sending, of a write that the first had applied and that was
   * replaced since; the history checker allows for that, and for nothing else.
   */
  default boolean driverResends() {
    return false;
  }

  /** Returns how long a test waits for what must come, before it fails. */
  default Duration patience() {
    return Duration.ofSeconds(10);
  }

  /** Gives back what the subject holds; called after the last test of the class. */
  @Override
  default void close() {}
}
