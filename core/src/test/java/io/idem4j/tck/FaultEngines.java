package io.idem4j.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.spi.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

/**
 * Two engines, one behind the proxy and one that reaches the server directly, and many callers with
 * few keys: what the callers got must be what one engine without faults could have given them.
 */
final class FaultEngines {
  private static final Fingerprint BODY = Fingerprint.sha256().part("body", "17").build();
  private static final Duration LEASE = Duration.ofMillis(900);
  private static final Duration END = Duration.ofSeconds(30);

  private final HistoryRecorder recorder = new HistoryRecorder();
  private final FaultLane lane;
  private final OperationPolicy policy;
  private final List<IdempotencyKey> keys;
  private final Map<IdempotencyKey, Queue<String>> effects = new ConcurrentHashMap<>();

  FaultEngines(FaultLane lane, OperationPolicy policy, int keys) {
    this.lane = lane;
    this.policy = policy.withLease(LEASE);
    String name = "charge " + UUID.randomUUID();
    this.keys =
        IntStream.range(0, keys)
            .mapToObj(i -> IdempotencyKey.of(Scope.single(), name, "key " + i))
            .toList();
    this.keys.forEach(key -> effects.put(key, new ConcurrentLinkedQueue<>()));
  }

  /** Runs; returns how often the proxy struck. */
  int run(int threads, int callsEach, long seed) throws InterruptedException {
    int struck;
    Idempotency direct = engine(lane.direct());
    Idempotency proxied = engine(lane.store());
    try (Together together = new Together(threads);
        FaultChaos chaos = new FaultChaos(lane.proxy(), seed)) {
      together.run(
          thread -> {
            SplittableRandom random = new SplittableRandom(seed + thread);
            // Three of four callers are behind the proxy.
            Operation<String> operation = operation(thread % 4 == 3 ? direct : proxied);
            for (int i = 0; i < callsEach; i++) {
              call(operation, keys.get(random.nextInt(keys.size())), random.nextInt(8));
            }
            return null;
          });
      struck = chaos.end();
    }
    assertThat(proxied.close(END)).as("nothing is left behind the proxy").isTrue();
    for (IdempotencyKey key : keys) {
      last(operation(direct), key);
    }
    assertThat(direct.close(END)).as("nothing is left").isTrue();
    assertThat(lane.history(recorder.history()).violations())
        .as("the history checker's findings")
        .isEmpty();
    return struck;
  }

  private Idempotency engine(KeyStore store) {
    return Idempotency.builder(recorder.around(store)).build();
  }

  private Operation<String> operation(Idempotency engine) {
    return engine.operation(keys.get(0).operation(), Codec.text(), policy);
  }

  private void call(Operation<String> operation, IdempotencyKey key, int millis) {
    try {
      execute(operation, key, millis);
    } catch (IdempotencyException e) {
      // Not run, or its lease was lost: the history says whether that can be.
    }
  }

  private Outcome<String> execute(Operation<String> operation, IdempotencyKey key, int millis) {
    return recorder.execute(
        operation,
        Codec.text(),
        key,
        BODY,
        context -> {
          String effect = "effect " + UUID.randomUUID();
          effects.get(key).add(effect);
          sleep(millis);
          return effect;
        });
  }

  /** Calls until the key has an answer: one that an effect made, or that nobody knows. */
  private void last(Operation<String> operation, IdempotencyKey key) {
    long start = System.nanoTime();
    while (true) {
      Outcome<String> outcome = lane.answered("a last call", () -> execute(operation, key, 0));
      if (outcome instanceof Outcome.InFlight) {
        assertThat(System.nanoTime() - start).as("a key is held").isLessThan(END.toNanos());
        sleep(20);
      } else if (outcome instanceof Outcome.InDoubt) {
        assertThat(effects.get(key)).as("effects of a key in doubt").isNotNull();
        return;
      } else {
        assertThat(effects.get(key)).as("effects").contains(outcome.orElseThrow());
        return;
      }
    }
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted during a test", e);
    }
  }
}
