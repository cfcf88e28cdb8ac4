package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Claim;
import io.idem4j.IdempotencyKey;
import io.idem4j.Outcome;
import java.util.Optional;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * architecture.md §4: what a call costs on each server, counted with what the benchmarks count
 * with; and that there, too, what is compared does the same. Runs in Maven's phase verify, because
 * the servers are started by the jar of the payments example.
 */
class ServersGateTest {
  private static final byte[] ANSWER = new byte[256];

  /** What is done with an open store. */
  @FunctionalInterface
  private interface Check {
    void on(OpenedStore opened) throws Exception;
  }

  private static void with(StoreType type, Check check) throws Exception {
    String property = StoreType.ADDRESS + type.storeName();
    try (StartedServer server = StartedServer.start(type.serverName())) {
      System.setProperty(property, server.address());
      try (OpenedStore opened = type.open()) {
        awaitPool(opened);
        check.on(opened);
      } finally {
        System.clearProperty(property);
      }
    }
  }

  /** A pool fills itself beside the calls, and its connections have round trips of their own. */
  private static void awaitPool(OpenedStore opened) throws Exception {
    Optional<DataSource> pool = opened.resource(DataSource.class);
    if (pool.isPresent()) {
      HikariDataSource connections = pool.get().unwrap(HikariDataSource.class);
      long end = System.nanoTime() + 20_000_000_000L;
      while (connections.getHikariPoolMXBean().getIdleConnections()
          < connections.getMaximumPoolSize()) {
        assertThat(System.nanoTime()).as("the pool is filled").isLessThan(end);
        Thread.sleep(5);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = StoreType.class,
      names = {"POSTGRESQL", "MARIADB"})
  void database_firstCallIsTwoTripsAndConnections_furtherCallsAreOne(StoreType type)
      throws Exception {
    with(
        type,
        opened -> {
          bothSides_runOnce_andReplayTheRecordedAnswer(opened);
          firstCallIsTwo_furtherCallsAreOne(opened, Counts.TRIPS);
          firstCallIsTwo_furtherCallsAreOne(opened, Counts.CHECKOUTS);
        });
  }

  @Test
  void redis_firstCallIsTwoTrips_furtherCallsAreOne() throws Exception {
    with(
        StoreType.REDIS,
        opened -> {
          bothSides_runOnce_andReplayTheRecordedAnswer(opened);
          firstCallIsTwo_furtherCallsAreOne(opened, Counts.TRIPS);
        });
  }

  /** A claim and a completion of this size are a unit each; of a refused write nobody says it. */
  @Test
  void dynamoDb_firstCallIsTwoTripsAndUnits_furtherCallsAreOneTripOfUntoldUnits() throws Exception {
    with(
        StoreType.DYNAMODB,
        opened -> {
          bothSides_runOnce_andReplayTheRecordedAnswer(opened);
          firstCallIsTwo_furtherCallsAreOne(opened, Counts.TRIPS);
          units(opened);
          PeersTest.runsOnceAndRefuses(Peers.DYNAMODB_LOCK_CLIENT, opened);
        });
  }

  /** As {@link ContendersTest} does where no server is needed. */
  private static void bothSides_runOnce_andReplayTheRecordedAnswer(OpenedStore opened)
      throws Exception {
    byte[] answer = {1, 2, 3};
    try (Contender floor = opened.floor().orElseThrow();
        Contender idem4j = new Idem4j(opened.store())) {
      for (Contender each : new Contender[] {floor, idem4j}) {
        Object key = each.prepare("k");
        assertThat(each.first(key, answer)).isEqualTo(answer);
        assertThat((byte[]) each.replay(key)).containsExactly(answer);
        assertThatThrownBy(() -> each.first(key, answer)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> each.replay(each.prepare("another")))
            .isInstanceOfAny(IllegalStateException.class, NullPointerException.class);
      }
    }
  }

  private static void firstCallIsTwo_furtherCallsAreOne(OpenedStore opened, Counts what)
      throws Exception {
    try (Contender floor = opened.floor().orElseThrow();
        Idem4j idem4j = new Idem4j(opened.store())) {
      for (Contender each : new Contender[] {floor, idem4j}) {
        String by = each.getClass().getSimpleName() + ", " + what;
        assertThat(first(each, what)).as("first call, %s", by).isEqualTo(2);
        assertThat(replay(each, what)).as("replay, %s", by).isEqualTo(1);
      }
      assertThat(refusal(idem4j, what)).as("refusal, %s", what).isEqualTo(1);
      assertThat(mismatch(idem4j, what)).as("mismatch, %s", what).isEqualTo(1);
    }
  }

  private static void units(OpenedStore opened) throws Exception {
    try (Contender floor = opened.floor().orElseThrow();
        Idem4j idem4j = new Idem4j(opened.store())) {
      for (Contender each : new Contender[] {floor, idem4j}) {
        String by = each.getClass().getSimpleName();
        assertThat(first(each, Counts.UNITS)).as("first call, %s", by).isEqualTo(2);
        assertThat(first(each, Counts.UNITS_UNTOLD)).as("first call, %s", by).isEqualTo(0);
        assertThat(replay(each, Counts.UNITS)).as("replay, %s", by).isEqualTo(0);
        assertThat(replay(each, Counts.UNITS_UNTOLD)).as("replay, %s", by).isEqualTo(1);
      }
    }
  }

  private static double first(Contender contender, Counts what) throws Exception {
    String keys = "first-" + what + "-";
    return CountedCalls.of(
        what, number -> contender.first(contender.prepare(keys + number), ANSWER));
  }

  private static double replay(Contender contender, Counts what) throws Exception {
    Object key = contender.prepare("replay-" + what);
    contender.first(key, ANSWER);
    return CountedCalls.of(what, number -> contender.replay(key));
  }

  private static double refusal(Idem4j calls, Counts what) throws Exception {
    IdempotencyKey key = calls.prepare("refusal-" + what);
    Claim<byte[]> claim = calls.operation().claim(key, Idem4j.REQUEST);
    // The lease runs on, but is not renewed: a renewal is a round trip of its own.
    ((Claim.Granted<byte[]>) claim).lease().close();
    return CountedCalls.of(
        what,
        number ->
            assertThat(calls.operation().execute(key, Idem4j.REQUEST, Idem4j::mustNotRun))
                .isInstanceOf(Outcome.InFlight.class));
  }

  private static double mismatch(Idem4j calls, Counts what) throws Exception {
    IdempotencyKey key = calls.prepare("mismatch-" + what);
    calls.first(key, ANSWER);
    return CountedCalls.of(
        what,
        number ->
            assertThat(calls.operation().execute(key, Idem4j.OTHER_REQUEST, Idem4j::mustNotRun))
                .isInstanceOf(Outcome.KeyReused.class));
  }
}
