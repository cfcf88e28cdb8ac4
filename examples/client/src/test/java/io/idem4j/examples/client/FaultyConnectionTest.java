package io.idem4j.examples.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.tck.FaultProxy;
import io.idem4j.tck.FaultProxy.Strike;
import io.idem4j.tck.NetworkFault;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Payments through connections that drop, cut and delay: each is made and answered once. */
class FaultyConnectionTest {
  private static final int WORKERS = 4;

  /** Real time, and pauses that are over soon: the service's {@code Retry-After} is a second. */
  static final RetryingClient.Time HURRIED =
      new RetryingClient.Time() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public Instant now() {
          return Instant.now();
        }

        @Override
        public void sleep(Duration pause) throws InterruptedException {
          Thread.sleep(Math.min(20, pause.toMillis()));
        }
      };

  /** Attempts are many: the pauses between them are short. */
  static final RetryPolicy PATIENT =
      RetryPolicy.standard()
          .withAttempts(500)
          .withTimes(Duration.ofMillis(300), Duration.ofMinutes(1));

  private record Made(String key, String amount, Answer answer) {}

  /** One client behind one proxy. */
  private static final class Worker implements Callable<List<Made>>, AutoCloseable {
    private final Random random;
    private final String tenant;
    private final FaultProxy proxy;
    private final RetryingClient client;
    private final List<NetworkFault> faults = new ArrayList<>(List.of(NetworkFault.values()));
    private final List<Strike> strikes = new ArrayList<>();

    Worker(long seed, String tenant) throws Exception {
      this.random = new Random(seed);
      this.tenant = tenant;
      this.proxy = new FaultProxy(PaymentsProcess.address());
      this.client =
          new RetryingClient(
              HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(),
              PATIENT,
              HURRIED,
              random,
              line -> attempted());
      Collections.shuffle(faults, random);
    }

    private Strike strike(NetworkFault fault, int exchange) {
      Strike strike = proxy.plan(fault, exchange);
      strikes.add(strike);
      return strike;
    }

    /** What was late arrives now, or only after the whole call; and the next attempt is struck. */
    private void attempted() {
      if (random.nextBoolean()) {
        strikes.forEach(Strike::deliver);
      }
      // Not for ever: these replies are lost until the plan is taken back.
      proxy.takeBack();
      if (random.nextBoolean()) {
        strike(faults.get(random.nextInt(faults.size())), 1 + random.nextInt(2));
      }
    }

    /** Each fault strikes one call at least; on a connection that is dead already none does. */
    @Override
    public List<Made> call() throws Exception {
      List<Made> made = new ArrayList<>();
      for (NetworkFault fault : List.copyOf(faults)) {
        Strike strike;
        int tries = 0;
        do {
          assertThat(++tries).as("tries to strike: %s", fault).isLessThan(10);
          // Some are still running when their client has given an attempt up.
          String query = random.nextInt(4) == 0 ? "?delay=400ms" : "";
          String amount = (made.size() + 1) + ".25";
          KeyedCall call = PaymentsProcess.payment(proxy.port(), tenant, query, amount);
          strike = strike(fault, 1);
          made.add(new Made(call.key(), amount, client.send(call)));
          proxy.takeBack();
          strikes.forEach(Strike::deliver);
        } while (!strike.hasStruck());
      }
      return made;
    }

    @Override
    public void close() {
      proxy.close();
    }
  }

  @Test
  void row16_manyCallsUnderRandomFaults_haveOneEffectAndOneAnswerEach() throws Exception {
    long seed = new Random().nextLong();
    String tenant = "faulty-" + UUID.randomUUID();
    List<Worker> workers = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(WORKERS);
    try {
      List<Future<List<Made>>> results = new ArrayList<>();
      for (int i = 0; i < WORKERS; i++) {
        Worker worker = new Worker(seed + i, tenant);
        workers.add(worker);
        results.add(threads.submit(worker));
      }
      List<Made> all = new ArrayList<>();
      for (Future<List<Made>> result : results) {
        try {
          all.addAll(result.get(5, TimeUnit.MINUTES));
        } catch (ExecutionException e) {
          throw new AssertionError("seed " + seed, e);
        }
      }
      assertThat(PaymentsProcess.effects(tenant))
          .as("effects, seed %d", seed)
          .isEqualTo(all.size());
      assertAnswersAreTheRecordedOnes(all, tenant, seed);
      assertThat(all).as("repeated, seed %d", seed).anyMatch(it -> it.answer().attempts() > 2);
      assertThat(all).as("replays, seed %d", seed).anyMatch(it -> it.answer().isReplay());
      assertThat(PaymentsProcess.effects(tenant))
          .as("effects after the replays, seed %d", seed)
          .isEqualTo(all.size());
    } finally {
      threads.shutdownNow();
      workers.forEach(Worker::close);
    }
  }

  private static void assertAnswersAreTheRecordedOnes(List<Made> all, String tenant, long seed)
      throws Exception {
    int port = PaymentsProcess.address().getPort();
    var direct =
        new RetryingClient(HttpClient.newHttpClient(), PATIENT, HURRIED, new Random(1), it -> {});
    Set<String> ids = new HashSet<>();
    for (Made made : all) {
      KeyedCall again = PaymentsProcess.payment(port, tenant, "", made.amount());
      Answer recorded = direct.send(again.withKey(made.key()));
      assertThat(recorded.isReplay()).as("replay, seed %d", seed).isTrue();
      assertThat(made.answer().status()).as("status, seed %d", seed).isEqualTo(201);
      assertThat(made.answer().text()).as("body, seed %d", seed).isEqualTo(recorded.text());
      assertThat(made.answer().headers().firstValue("Location"))
          .as("location, seed %d", seed)
          .isEqualTo(recorded.headers().firstValue("Location"));
      ids.add(recorded.text());
    }
    assertThat(ids).as("payments, seed %d", seed).hasSize(all.size());
  }
}
