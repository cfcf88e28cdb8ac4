package io.idem4j.tck;

import io.idem4j.KeyStoreException;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.FaultSubject.Proxied;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A proxy and a store behind it, for one call at a time. */
final class FaultLane implements AutoCloseable {
  private final FaultSubject subject;
  private final FaultProxy proxy;
  private final Proxied proxied;
  private final int connections;

  FaultLane(FaultSubject subject, int connections) throws Exception {
    this.subject = subject;
    this.connections = connections;
    this.proxy = new FaultProxy(subject.server());
    try {
      this.proxied = subject.open(proxy.port(), connections);
    } catch (Exception | Error e) {
      proxy.close();
      throw e;
    }
  }

  FaultProxy proxy() {
    return proxy;
  }

  /** The store whose calls are harmed. */
  KeyStore store() {
    return proxied.store();
  }

  /** The store that sees what really is. */
  KeyStore direct() {
    return subject.direct();
  }

  int connections() {
    return connections;
  }

  Duration patience() {
    return subject.patience();
  }

  Duration margin() {
    return subject.margin();
  }

  /** Repeats a call that fails with a store's error, as one does after a fault. */
  <T> T answered(String what, Supplier<T> call) {
    long start = System.nanoTime();
    while (true) {
      try {
        return call.get();
      } catch (KeyStoreException e) {
        if (System.nanoTime() - start > patience().toNanos()) {
          throw new AssertionError(what + " had no answer for " + patience() + " after a fault", e);
        }
        pause();
      }
    }
  }

  /** Returns a history as the checker must see it: with what a driver may have sent twice. */
  History history(History recorded) {
    List<Call> calls = new ArrayList<>(recorded.calls());
    if (subject.driverResends()) {
      recorded.calls().stream()
          .filter(call -> call.answer() == Answer.REFUSED)
          .map(FaultLane::firstSending)
          .forEach(calls::add);
    }
    return recorded.deeds().isEmpty() ? History.of(calls) : History.of(calls, recorded.deeds());
  }

  private static Call firstSending(Call call) {
    return new Call(
        call.id(),
        call.thread(),
        call.invoked(),
        Long.MAX_VALUE,
        Answer.MAYBE,
        call.expected(),
        call.next(),
        Optional.empty());
  }

  /** Sleeps for a moment, between two looks. */
  static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted during a test", e);
    }
  }

  @Override
  public void close() {
    try (proxy) {
      proxied.closing().run();
    }
  }
}
