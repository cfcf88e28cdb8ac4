package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.FaultyKeyStore.Fault;
import io.idem4j.tck.HistoryRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Checkpoints and renewals at the same time, on real threads and a real clock. */
class StepRaceTest {
  private static final int KEYS = 12;
  private static final int STEPS = 8;
  private static final Codec<String> TEXT = Codec.text();

  /**
   * Sees how many renewals and checkpoints of one lease are under way, and makes them long. The
   * settlement waits for none: a renewal that began just before it is refused, or followed.
   */
  private static final class Watch implements KeyStore {
    private final KeyStore store;
    private final Map<Grant, AtomicInteger> underWay = new ConcurrentHashMap<>();
    private final AtomicInteger most = new AtomicInteger();

    Watch(KeyStore store) {
      this.store = store;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      if (next.state() != KeyState.LOCKED) {
        return store.compareAndSet(id, expected, next);
      }
      AtomicInteger own = underWay.computeIfAbsent(next.stamp().grant(), it -> new AtomicInteger());
      most.accumulateAndGet(own.incrementAndGet(), Math::max);
      try {
        pause(1);
        return store.compareAndSet(id, expected, next);
      } finally {
        own.decrementAndGet();
      }
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return store.find(id);
    }
  }

  private static void pause(int millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void checkpointsBesideRenewals_areSerialisedAndAllKept() throws Exception {
    FaultyKeyStore line = new FaultyKeyStore(new MemoryKeyStore(1_000));
    Watch watch = new Watch(line);
    HistoryRecorder recorder = new HistoryRecorder();
    Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
    ExecutorService threads = Executors.newFixedThreadPool(KEYS);
    try (Idempotency idempotency = Idempotency.builder(recorder.around(watch)).build()) {
      // A renewal falls due while a step ends: each is about as long as a third of the lease.
      Operation<String> operation =
          idempotency.operation(
              "charge", TEXT, OperationPolicy.rerun().withLease(Duration.ofMillis(150)));
      List<Future<Outcome<String>>> calls = new ArrayList<>();
      for (int i = 0; i < KEYS; i++) {
        String value = "k" + i;
        Callable<Outcome<String>> call =
            () -> {
              while (true) {
                try {
                  Outcome<String> outcome =
                      recorder.execute(
                          operation, TEXT, key(value), BODY, context -> steps(context, line, runs));
                  if (!(outcome instanceof Outcome.InFlight)) {
                    return outcome;
                  }
                } catch (IdempotencyException e) {
                  // A machine that is busy elsewhere: the next attempt resumes.
                }
                pause(20);
              }
            };
        calls.add(threads.submit(call));
      }
      for (Future<Outcome<String>> each : calls) {
        assertThat(each.get(20, TimeUnit.SECONDS).orElseThrow()).isEqualTo("01234567");
      }
      assertThat(idempotency.close(Duration.ofSeconds(10))).isTrue();
    } finally {
      threads.shutdownNow();
    }
    assertThat(watch.most).as("renewals and checkpoints of one lease at once").hasValue(1);
    assertThat(runs).allSatisfy((grantAndStep, times) -> assertThat(times).hasValue(1));
    assertThat(runs).hasSizeGreaterThanOrEqualTo(KEYS * STEPS);
    assertThat(recorder.history().violations()).isEmpty();
  }

  private static String steps(
      OperationContext context, FaultyKeyStore line, Map<String, AtomicInteger> runs) {
    StringBuilder answer = new StringBuilder();
    for (int i = 0; i < STEPS; i++) {
      String name = Integer.toString(i);
      answer.append(
          context.step(
              name,
              TEXT,
              () -> {
                String run = context.key().id().shortDigest() + context.fence() + name;
                runs.computeIfAbsent(run, it -> new AtomicInteger()).incrementAndGet();
                pause(45 + ThreadLocalRandom.current().nextInt(10));
                if (ThreadLocalRandom.current().nextInt(8) == 0) {
                  line.onWrites(Fault.REPLY_LOST);
                }
                return name;
              }));
    }
    return answer.toString();
  }
}
