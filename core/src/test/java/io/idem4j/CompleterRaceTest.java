package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Recovery.Finding;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.FaultyKeyStore.Fault;
import io.idem4j.tck.HistoryRecorder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Completers of many nodes beside each other and beside callers, on one store behind lines that
 * lose messages, in real time and with short leases; the histories go through the checker.
 */
@Timeout(60)
class CompleterRaceTest {
  private static final int KEYS = 60;
  private static final int NODES = 4;
  private static final long SEED = Long.getLong("idem4j.completer.seed", 20261122);
  private static final OperationPolicy HOLD =
      OperationPolicy.hold()
          .withLease(Duration.ofMillis(60))
          .withStoreDeadline(Duration.ofMillis(20))
          .withRecoveryPause(Duration.ofMillis(5));

  private final MemoryKeyStore memory = new MemoryKeyStore(1_000);
  private final HistoryRecorder recorder = new HistoryRecorder();
  private final Map<KeyId, AtomicInteger> inHand = new ConcurrentHashMap<>();
  private final Map<KeyId, AtomicInteger> asked = new ConcurrentHashMap<>();
  private final AtomicInteger together = new AtomicInteger();

  private Idempotency node(FaultyKeyStore line) {
    KeyStore recorded = recorder.around(line);
    return Idempotency.builder(new ScannedStore(recorded, memory, recorder)).build();
  }

  private static Operation<String> on(Idempotency node) {
    return node.operation("charge", Codec.text(), HOLD);
  }

  private static Operation<String> on(Idempotency node, OperationPolicy policy) {
    return node.operation("charge", Codec.text(), policy);
  }

  /** Half of the keys are abandoned, half are in doubt. */
  private void prepare() throws Exception {
    Operation<String> first = on(node(new FaultyKeyStore(memory)));
    for (int i = 0; i < KEYS; i++) {
      while (!leave(first, key("k" + i), i % 2 == 0)) {
        pause(1);
      }
    }
    Thread.sleep(70);
  }

  /** Says whether the key was left as a process leaves it that dies, or fails. */
  private static boolean leave(Operation<String> first, IdempotencyKey key, boolean dies) {
    try {
      Lease<String> lease = ExecuteTest.granted(first.claim(key, BODY));
      if (dies) {
        lease.close();
      } else {
        lease.fail(new IOException());
      }
      return true;
    } catch (KeyStoreException e) {
      // This thread had to wait for longer than the store deadline.
      return false;
    }
  }

  private Finding<String> count(OperationContext context) throws InterruptedException {
    KeyId id = context.key().id();
    AtomicInteger present = inHand.computeIfAbsent(id, each -> new AtomicInteger());
    if (present.incrementAndGet() > 1) {
      together.incrementAndGet();
    }
    asked.computeIfAbsent(id, each -> new AtomicInteger()).incrementAndGet();
    Thread.sleep(1);
    present.decrementAndGet();
    return Finding.done("found");
  }

  @Test
  void row45_manyNodes_handleEachRecordOnce() throws Exception {
    prepare();
    ExecutorService threads = Executors.newFixedThreadPool(NODES);
    try {
      List<Future<Integer>> done = new ArrayList<>();
      for (int i = 0; i < NODES; i++) {
        // A lease that no pause of this machine outlasts: each record is somebody's, once.
        Operation<String> charge =
            on(
                node(new FaultyKeyStore(memory)),
                HOLD.withLease(Duration.ofSeconds(30)).withStoreDeadline(Duration.ofSeconds(5)));
        Completer<String> completer =
            charge.completer(record -> true, (record, context) -> count(context)).withPageSize(20);
        done.add(threads.submit(() -> completer.run().done() + completer.run().done()));
      }
      int sum = 0;
      for (Future<Integer> each : done) {
        sum += each.get();
      }
      assertThat(sum).isEqualTo(KEYS);
    } finally {
      threads.shutdownNow();
    }
    assertThat(asked).hasSize(KEYS);
    assertThat(asked.values()).allSatisfy(times -> assertThat(times).hasValue(1));
    assertThat(together).hasValue(0);
    assertThat(recorder.history().violations()).as("seed %d", SEED).isEmpty();
  }

  @Test
  void completersAndCallersBehindBadLines_leaveACleanHistory() throws Exception {
    prepare();
    ExecutorService threads = Executors.newFixedThreadPool(2 * NODES);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int node = 0; node < NODES; node++) {
        Random random = new Random(SEED + node);
        FaultyKeyStore line = new FaultyKeyStore(memory);
        for (int i = 0; i < 120; i++) {
          Fault[] faults = Fault.values();
          line.onWrites(
              random.nextInt(3) == 0 ? faults[random.nextInt(faults.length)] : Fault.NONE);
        }
        Idempotency idempotency = node(line);
        Operation<String> charge = on(idempotency);
        Completer<String> completer =
            charge
                .completer(
                    record -> true,
                    (record, context) -> {
                      // Now and then it stalls beyond its lease.
                      int turn = random.nextInt(40);
                      Thread.sleep(turn == 0 ? 90 : 0);
                      return switch (turn % 4) {
                        case 0 -> Finding.notDone();
                        case 1 -> Finding.unknown();
                        case 2 -> Finding.failed(RecordedFailure.of("undone"));
                        default -> Finding.done("found");
                      };
                    })
                .withLimit(25)
                .withPageSize(10);
        all.add(threads.submit(() -> runUntilSettled(completer)));
        Operation<String> calls = on(idempotency);
        all.add(threads.submit(() -> callAll(calls, random)));
        line.deliverHeld();
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
      assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }
    settleTheRest();
    assertThat(recorder.history().violations()).as("seed %d", SEED).isEmpty();
  }

  /** What the bad lines left over is still there to be found: nothing is lost. */
  private void settleTheRest() {
    Completer<String> calm =
        on(node(new FaultyKeyStore(memory)))
            .completer(record -> true, (record, context) -> Finding.done("found"));
    while (!isSettled()) {
      calm.run();
      pause(5);
    }
  }

  private boolean isSettled() {
    for (int i = 0; i < KEYS; i++) {
      KeyState state = memory.find(key("k" + i).id()).orElseThrow().record().state();
      if (state == KeyState.LOCKED || state == KeyState.FAILED_IN_DOUBT) {
        return false;
      }
    }
    return true;
  }

  private static void runUntilSettled(Completer<String> completer) {
    for (int run = 0; run < 25; run++) {
      completer.run();
      pause(4);
    }
  }

  private Object callAll(Operation<String> calls, Random random) {
    for (int i = 0; i < KEYS; i++) {
      try {
        recorder.execute(
            calls,
            Codec.text(),
            key("k" + (i * 7) % KEYS),
            BODY,
            context -> {
              pause(1);
              return "answer";
            });
      } catch (KeyStoreException | LeaseLostException e) {
        // What the caller was told is in the history.
        pause(1);
      }
    }
    return random;
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
