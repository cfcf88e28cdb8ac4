package io.idem4j.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/**
 * One server, killed with SIGKILL and started again, still loading, or robbed of its scripts.
 *
 * <p>A server without persistence forgets what it had acknowledged: a grant and an answer. That is
 * a limitation, told in the README and at {@link RedisKeyStore}; here the history checker shows it.
 * With an append-only file nothing is lost by the end of the process. That {@code appendfsync
 * always} also survives the end of the machine cannot be shown by a kill: what was written is in
 * the system's memory then.
 */
@StoreUnderTest("Redis")
class RedisServerFaultsTest {
  private static final int THREADS = 8;
  private static final int MAXIMUM_KILLS = 12;

  private final Callers callers = new Callers();
  private RedisProcess server;

  @AfterEach
  void end() {
    if (server != null) {
      server.close();
    }
  }

  private RedisKeyStore store() {
    return RedisKeyStore.builder(server.client()).build();
  }

  private Operation<String> process() {
    return callers.through(store());
  }

  private void killAndStart() {
    server.kill();
    server.start();
  }

  @Test
  void killed_withoutPersistence_lockIsForgottenAndGrantedTwice() {
    server = RedisServers.standalone();
    Operation<String> first = process();
    Operation<String> second = process();

    Outcome<String> outcome =
        callers.call(
            first,
            "order",
            () -> {
              killAndStart();
              assertThat(callers.call(second, "order")).isInstanceOf(Outcome.Executed.class);
            });

    assertThat(callers.effects("order")).isEqualTo(2);
    // The stamp still protects the second answer: the first caller is told of it.
    assertThat(outcome).isInstanceOf(Outcome.Replayed.class);
    assertThat(outcome.orElseThrow()).isEqualTo("effect 2 of order");
    callers.requireDoubleGrantShown();
  }

  @Test
  void killed_withoutPersistence_answerIsForgottenAndTheOperationRunsAgain() {
    server = RedisServers.standalone();
    Operation<String> process = process();
    assertThat(callers.call(process, "order")).isInstanceOf(Outcome.Executed.class);
    killAndStart();
    assertThat(callers.call(process, "order")).isInstanceOf(Outcome.Executed.class);
    assertThat(callers.effects("order")).isEqualTo(2);
    callers.requireDoubleGrantShown();
  }

  @Test
  void killed_withAppendFsyncAlways_underLoad_losesNothingAcknowledged() {
    server = RedisServers.standalone("appendonly yes", "appendfsync always");
    callers.callWhile(
        List.of(process(), process()),
        THREADS,
        () -> {
          int kills = 0;
          // Until a kill cut a call whose fate its caller cannot know.
          while (kills < 3 || (callers.unanswered() == 0 && kills < MAXIMUM_KILLS)) {
            callers.awaitAnswers(200);
            killAndStart();
            kills++;
          }
          callers.awaitAnswers(200);
        });
    assertThat(callers.unanswered()).as("writes without an answer").isPositive();
    callers.requireNothingWrong(store());
  }

  @Test
  void stores_3_4_14_restarted_stillLoading_isADefiniteNo() {
    // The server looks at its sockets once in two megabytes of its file.
    server = RedisServers.standalone("save 3600 1000000", "rdbcompression no");
    RedisKeyStore store = store();
    KeyRecord kept = Samples.completed(Samples.keyId(), Samples.stamp()).build();
    Hashes.apply(store, Stamp.ABSENT, kept);
    server.ask(jedis -> fill(jedis, 100) + jedis.save());
    server.kill();
    KeyRecord claim = Samples.locked(kept.keyId(), Samples.stamp()).build();
    // The first call finds out about the connection that it had, and what that proves is no matter
    // here; the second has none.
    Hashes.failing(() -> write(store, claim));
    Hashes.assertNotApplied(Reason.UNAVAILABLE, () -> write(store, claim));

    server.configure("key-load-delay 30000");
    server.launch();
    RedisServers.await("a server that loads", server::isLoading);
    List<Throwable> refusals = new ArrayList<>();
    while (server.isLoading()) {
      refusals.add(catchThrowable(() -> write(store, claim)));
    }
    // The last may be answered by a server that has loaded meanwhile.
    refusals.removeIf(Objects::isNull);
    assertThat(refusals).isNotEmpty();
    for (Throwable each : refusals) {
      Hashes.assertNotApplied(
          Reason.UNAVAILABLE,
          () -> {
            throw each;
          });
    }
    assertThat(write(store, claim)).isInstanceOf(CasResult.Refused.class);
    assertThat(store.find(kept.keyId()).orElseThrow().stamp()).isEqualTo(kept.stamp());
  }

  private static CasResult write(KeyStore store, KeyRecord claim) {
    return store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
  }

  private static String fill(Jedis jedis, int values) {
    for (int i = 0; i < values; i++) {
      jedis.set("filler " + i, "x".repeat(400_000));
    }
    return "filled";
  }

  @Test
  void stores_3_4_11_scriptFlush_underLoad_failsNoCall() {
    server = RedisServers.standalone();
    callers.callWhile(
        List.of(process(), process()),
        THREADS,
        () -> {
          for (int i = 0; i < 40; i++) {
            server.ask(jedis -> jedis.scriptFlush());
            callers.awaitAnswers(20);
          }
        });
    assertThat(callers.errors()).isEmpty();
    assertThat(callers.unanswered()).isZero();
    callers.requireNothingWrong(store());
  }
}
