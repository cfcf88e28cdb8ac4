package io.idem4j;

import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;

/**
 * What the tests of single guards have in common: each shows what would go wrong without one. In
 * virtual time; the timeout is for an engine that never comes to an end.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class EngineGuards {
  static final Duration MILLI = Duration.ofMillis(1);

  final Bench bench = new Bench();
  final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  final Operation<String> hold = bench.operation(OperationPolicy.hold());

  /** Another process: the same store, its own engine. */
  final Operation<String> elsewhere = on(bench.memory, OperationPolicy.rerun());

  Operation<String> on(KeyStore store, OperationPolicy policy) {
    return bench.engineOn(store).operation("charge", Codec.text(), policy);
  }

  void onWrites(Fault fault, int times) {
    bench.onWrites(fault, times);
  }

  void delayWrites(Duration... delays) {
    beforeWrites(
        Arrays.stream(delays)
            .<Runnable>map(delay -> () -> bench.pass(delay))
            .toArray(Runnable[]::new));
  }

  /** Before each write one of these, as long as there are any. */
  void beforeWrites(Runnable... steps) {
    List<Runnable> left = new ArrayList<>(List.of(steps));
    bench.store.beforeWrite =
        () -> {
          if (!left.isEmpty()) {
            left.remove(0).run();
          }
        };
  }

  /** Fails the renewals from now on: the lease must end at this time since the start, exactly. */
  void assertLeaseEnds(Lease<String> lease, Duration at, long start) {
    onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(at.minus(MILLI).minus(since(start)));
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.pass(MILLI);
    assertThat(lease.context().isLeaseLost()).isTrue();
  }

  /** A store during whose next refusal the holder completes: the bell rings before the wait. */
  KeyStore completingDuringARefusal(List<Lease<String>> held) {
    return writing(
        (id, expected, next) -> {
          CasResult result = bench.memory.compareAndSet(id, expected, next);
          if (!held.isEmpty()) {
            held.remove(0).complete("theirs");
          }
          return result;
        });
  }

  Duration since(long nanos) {
    return Duration.ofNanos(bench.timing.nanoTime() - nanos);
  }

  /** How a store answers a write. */
  interface Cas {
    CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next);
  }

  KeyStore writing(Cas cas) {
    return new KeyStore() {
      @Override
      public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
        return cas.compareAndSet(id, expected, next);
      }

      @Override
      public Optional<StoredRecord> find(KeyId id) {
        return bench.memory.find(id);
      }
    };
  }

  /** A store that is read first. */
  record Cheap(KeyStore store) implements ReadFirst {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return store.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return store.find(id);
    }
  }

  /** Another stamp of the same claim, which the claim itself does not draw in a test. */
  static Stamp later(Stamp stamp) {
    return new Stamp(stamp.high(), stamp.low() + 1_000);
  }

  static KeyStoreException lost() {
    return KeyStoreException.unknown("lost", null);
  }

  void replace(KeyRecord.Builder next) {
    StoredRecord live = bench.live("k");
    KeyRecord record = next.lease(seconds(30)).retention(seconds(6_000)).build();
    assertThat(bench.memory.compareAndSet(key("k").id(), live.stamp(), record))
        .isEqualTo(CasResult.APPLIED);
  }

  void replaceByTheNextFormat() {
    replace(bench.record("k").toBuilder().stamp(new Stamp(1, 1)).format(2));
  }
}
