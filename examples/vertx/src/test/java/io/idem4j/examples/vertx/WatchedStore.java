package io.idem4j.examples.vertx;

import io.idem4j.KeyId;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A store that tells on which threads it is called, and can be made to hang. */
final class WatchedStore implements KeyStore {
  private final MemoryKeyStore store = new MemoryKeyStore(1_000);
  private final Set<String> threads = ConcurrentHashMap.newKeySet();
  private volatile CountDownLatch open = new CountDownLatch(0);
  private volatile CountDownLatch stuck = new CountDownLatch(1);

  Set<String> threads() {
    return threads;
  }

  /** Hangs from now on, until the latch that is returned is counted down. */
  CountDownLatch hang() {
    stuck = new CountDownLatch(1);
    open = new CountDownLatch(1);
    return open;
  }

  boolean awaitStuckCall() throws InterruptedException {
    return stuck.await(10, TimeUnit.SECONDS);
  }

  private void pass() {
    threads.add(Thread.currentThread().getName());
    if (open.getCount() == 0) {
      return;
    }
    stuck.countDown();
    try {
      if (!open.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody opened the store");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    pass();
    return store.compareAndSet(id, expected, next);
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    pass();
    return store.find(id);
  }
}
