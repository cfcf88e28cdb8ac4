package io.idem4j.examples.client;

import static io.idem4j.examples.client.RetryingClientTest.NO_JITTER;
import static io.idem4j.examples.client.RetryingClientTest.call;
import static io.idem4j.examples.client.ScriptedServer.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.examples.client.ScriptedServer.Step;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** How long the client waits, and when it waits no more. */
class PausesTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private FakeTime time = new FakeTime();

  private RetryingClient client(RetryPolicy policy, RandomGenerator random) {
    return new RetryingClient(HTTP, policy, time, random, line -> {});
  }

  private OutcomeUnknownException givenUp(RetryPolicy policy, KeyedCall call) {
    return catchThrowableOfType(
        OutcomeUnknownException.class, () -> client(policy, NO_JITTER).send(call));
  }

  private static ScriptedServer always(Step step) {
    return new ScriptedServer(Collections.nCopies(100, step).toArray(new Step[0]));
  }

  private static Optional<Duration> retryAfter(String value, String... date) {
    return RetryAfter.of(
        HttpHeaders.of(
            Map.of("Retry-After", List.of(value), "Date", List.of(date)), (name, it) -> true),
        NOW);
  }

  @Test
  void bad35_pause_isDrawnFromNoneToTheDoubledLimit() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    RetryPolicy policy = RetryPolicy.standard();
    for (int failures = 1; failures <= 70; failures += failures < 10 ? 1 : 20) {
      long most = failures > 5 ? 5_000_000_000L : 200_000_000L << (failures - 1);
      long sum = 0;
      long shortest = Long.MAX_VALUE;
      long longest = 0;
      for (int draw = 0; draw < 10_000; draw++) {
        long pause = policy.pause(failures, random).toNanos();
        sum += pause / 10_000;
        shortest = Math.min(shortest, pause);
        longest = Math.max(longest, pause);
      }
      assertThat(shortest).as("shortest, seed %d", seed).isBetween(0L, most / 100);
      assertThat(longest).as("longest, seed %d", seed).isBetween(most / 100 * 99, most);
      assertThat(sum).as("mean, seed %d", seed).isBetween(most / 100 * 47, most / 100 * 53);
    }
  }

  @Test
  void bad35_attempts_areBounded() throws Exception {
    for (int attempts : new int[] {1, 2, 7}) {
      try (ScriptedServer server = always(reply(503))) {
        OutcomeUnknownException e =
            givenUp(RetryPolicy.standard().withAttempts(attempts), call(server));
        assertThat(e.attempts()).isEqualTo(attempts);
        assertThat(e.lastFailure()).isEqualTo("status 503");
        assertThat(server.seen).hasSize(attempts);
      }
    }
  }

  @Test
  void pauses_betweenAttempts_areDrawn() throws Exception {
    long seed = new Random().nextLong();
    try (ScriptedServer server = always(reply(503))) {
      RetryPolicy policy = RetryPolicy.standard();
      assertThatThrownBy(() -> client(policy, new Random(seed)).send(call(server)))
          .isInstanceOf(OutcomeUnknownException.class);
      Random same = new Random(seed);
      for (int failures = 1; failures < 8; failures++) {
        assertThat(time.pauses.get(failures - 1))
            .as("seed %d", seed)
            .isEqualTo(policy.pause(failures, same));
      }
      assertThat(time.pauses).hasSize(7);
    }
  }

  @Test
  void row16_retryAfter_isWaitedForWithJitterOnTop() throws Exception {
    long seed = new Random().nextLong();
    for (int status : new int[] {409, 408, 425, 429, 500, 502, 503, 504}) {
      time = new FakeTime();
      try (ScriptedServer server =
          new ScriptedServer(reply(status, "", "Retry-After: 7"), reply(201))) {
        client(RetryPolicy.standard(), new Random(seed)).send(call(server));
        Duration jitter = RetryPolicy.standard().pause(1, new Random(seed));
        assertThat(time.pauses)
            .as("seed %d", seed)
            .containsExactly(Duration.ofSeconds(7).plus(jitter));
      }
    }
  }

  @Test
  void retryAfter_seconds_areRead() {
    assertThat(retryAfter("0")).contains(Duration.ZERO);
    assertThat(retryAfter("120")).contains(Duration.ofMinutes(2));
    assertThat(retryAfter(" 007 ")).contains(Duration.ofSeconds(7));
    // More than any deadline, and no overflow.
    assertThat(retryAfter("9".repeat(100)).orElseThrow()).isGreaterThan(Duration.ofDays(1));
  }

  @Test
  void retryAfter_dateInEachForm_isRead() {
    for (String date :
        new String[] {
          "Sun, 01 Mar 2026 12:01:30 GMT",
          "Sunday, 01-Mar-26 12:01:30 GMT",
          "Sun Mar  1 12:01:30 2026"
        }) {
      assertThat(retryAfter(date)).as(date).contains(Duration.ofSeconds(90));
    }
    assertThat(retryAfter("Thu Mar 12 12:00:00 2026")).contains(Duration.ofDays(11));
    assertThat(retryAfter("Sun, 01 Mar 2026 11:59:59 GMT")).contains(Duration.ZERO);
    assertThat(retryAfter("Sunday, 06-Nov-94 08:49:37 GMT")).contains(Duration.ZERO);
  }

  @Test
  void retryAfter_dateOfAnotherClock_countsFromTheAnswersOwnDate() {
    String then = "Sun, 01 Mar 2026 14:00:05 GMT";
    assertThat(retryAfter(then, "Sun, 01 Mar 2026 14:00:00 GMT")).contains(Duration.ofSeconds(5));
    assertThat(retryAfter(then, "garbage")).contains(Duration.ofHours(2).plusSeconds(5));
  }

  @Test
  void retryAfter_date_isWaitedFor() throws Exception {
    String then = "Retry-After: Sun, 01 Mar 2026 12:00:09 GMT";
    try (ScriptedServer server =
        new ScriptedServer(reply(503, "", then), reply(503, "", then), reply(201))) {
      client(RetryPolicy.standard(), NO_JITTER).send(call(server));
      assertThat(time.pauses).containsExactly(Duration.ofSeconds(9), Duration.ZERO);
    }
  }

  @Test
  void retryAfter_garbage_isIgnored() throws Exception {
    for (String value :
        new String[] {
          "",
          "-1",
          "+1",
          "1.5",
          "1s",
          "soon",
          "0x10",
          "٣",
          "1, 2",
          "9".repeat(101),
          "Sun, 01 Mar 2026 12:01:30",
          "Mon, 01 Mar 2026 12:01:30 GMT",
          "Sun, 32 Mar 2026 12:01:30 GMT",
          "Sun, 01 Mar 2026 12:01:30 +0000",
          "2026-03-01T12:01:30Z"
        }) {
      assertThat(retryAfter(value)).as(value).isEmpty();
    }
    try (ScriptedServer server =
        new ScriptedServer(
            reply(503, "", "Retry-After: -5"),
            reply(503, "", "Retry-After: 5", "Retry-After: 6"),
            reply(201))) {
      client(RetryPolicy.standard(), NO_JITTER).send(call(server));
      assertThat(time.pauses).containsExactly(Duration.ZERO, Duration.ZERO);
    }
  }

  @Test
  void retryAfter_longerThanWhatIsLeft_isNotWaitedFor() throws Exception {
    RetryPolicy policy = RetryPolicy.standard().withTimes(SECOND, Duration.ofSeconds(20));
    for (String value :
        new String[] {"20", "21", "9".repeat(30), "Sun, 01 Mar 2026 12:00:20 GMT"}) {
      time = new FakeTime();
      try (ScriptedServer server =
          new ScriptedServer(reply(503, "", "Retry-After: " + value), reply(201))) {
        OutcomeUnknownException e = givenUp(policy, call(server));
        assertThat(e.attempts()).isEqualTo(1);
        assertThat(e).hasMessageContaining("no time is left");
        assertThat(time.pauses).isEmpty();
        assertThat(server.seen).hasSize(1);
      }
    }
    time = new FakeTime();
    try (ScriptedServer server =
        new ScriptedServer(reply(503, "", "Retry-After: 19"), reply(201))) {
      assertThat(client(policy, NO_JITTER).send(call(server)).attempts()).isEqualTo(2);
    }
  }

  @Test
  void deadline_boundsTheWholeCall() throws Exception {
    RetryPolicy policy = RetryPolicy.standard().withTimes(SECOND, Duration.ofSeconds(35));
    try (ScriptedServer server = always(reply(503, "", "Retry-After: 10"))) {
      OutcomeUnknownException e = givenUp(policy, call(server));
      assertThat(e.attempts()).isEqualTo(4);
      assertThat(time.pauses).hasSize(3).containsOnly(Duration.ofSeconds(10));
    }
  }

  @Test
  void deadline_boundsAnAttempt() throws Exception {
    Step[] next = new Step[1];
    try (ScriptedServer server = new ScriptedServer(client -> next[0].play(client))) {
      next[0] = server.stuck("");
      RetryPolicy policy =
          RetryPolicy.standard().withTimes(Duration.ofHours(1), Duration.ofMillis(90));
      RetryingClient client =
          new RetryingClient(
              HTTP,
              policy,
              new FakeTime() {
                private int asked;

                @Override
                public long nanoTime() {
                  // The deadline is over when the attempt is.
                  if (++asked == 3) {
                    pass(Duration.ofMillis(90));
                  }
                  return super.nanoTime();
                }
              },
              NO_JITTER,
              line -> {});
      OutcomeUnknownException e =
          catchThrowableOfType(OutcomeUnknownException.class, () -> client.send(call(server)));
      assertThat(e.lastFailure()).isEqualTo("no answer in 90 ms");
      assertThat(e.attempts()).isEqualTo(1);
    }
  }

  @Test
  void deadline_sleptOver_isTheEnd() throws Exception {
    time =
        new FakeTime() {
          @Override
          public void sleep(Duration pause) throws InterruptedException {
            super.sleep(pause);
            pass(Duration.ofMinutes(1));
          }
        };
    try (ScriptedServer server = always(reply(503))) {
      OutcomeUnknownException e = givenUp(RetryPolicy.standard(), call(server));
      assertThat(e.attempts()).isEqualTo(1);
      assertThat(server.seen).hasSize(1);
    }
  }

  @Test
  void interrupt_whileWaiting_endsTheCallAtOnce() throws Exception {
    time =
        new FakeTime() {
          @Override
          public void sleep(Duration pause) throws InterruptedException {
            throw new InterruptedException();
          }
        };
    try (ScriptedServer server = always(reply(503))) {
      KeyedCall call = call(server);
      OutcomeUnknownException e = givenUp(RetryPolicy.standard(), call);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(e).hasMessageContaining("interrupted");
      assertThat(e.key()).isEqualTo(call.key());
      assertThat(e.lastFailure()).isEqualTo("status 503");
      assertThat(server.seen).hasSize(1);
    }
  }

  @Test
  void interrupt_whileAnAttemptRuns_endsItAndHangsUp() throws Exception {
    Thread caller = Thread.currentThread();
    Step[] next = new Step[1];
    try (ScriptedServer server =
        new ScriptedServer(
            client -> {
              caller.interrupt();
              next[0].play(client);
            })) {
      next[0] = server.stuck("");
      OutcomeUnknownException e =
          givenUp(
              RetryPolicy.standard().withTimes(Duration.ofMinutes(1), Duration.ofMinutes(2)),
              call(server));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(e).hasMessageContaining("interrupted");
      assertThat(e.attempts()).isEqualTo(1);
      assertThat(server.clientGone.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(server.seen).hasSize(1);
    }
  }

  @Test
  void interrupt_before_sendsNothing() throws Exception {
    try (ScriptedServer server = always(reply(201))) {
      Thread.currentThread().interrupt();
      OutcomeUnknownException e = givenUp(RetryPolicy.standard(), call(server));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(e.attempts()).isZero();
      assertThat(server.seen).isEmpty();
    }
  }

  @Test
  void policy_thatCannotBeMeant_isRefused() {
    RetryPolicy policy = RetryPolicy.standard();
    Duration tooLong = Duration.ofDays(1).plusNanos(1);
    assertThatThrownBy(() -> policy.withAttempts(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> policy.withMaximumBody(-1))
        .isInstanceOf(IllegalArgumentException.class);
    for (Duration wrong : new Duration[] {Duration.ZERO, SECOND.negated(), tooLong}) {
      assertThatThrownBy(() -> policy.withTimes(wrong, SECOND))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> policy.withTimes(SECOND, wrong))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new RetryPolicy(1, SECOND, SECOND, wrong, SECOND, 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new RetryPolicy(1, SECOND, SECOND, SECOND, wrong, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
    Duration day = Duration.ofDays(1);
    assertThat(new RetryPolicy(99, day, day, day, day, 0).pause(98, new Random(1)))
        .isLessThanOrEqualTo(day);
  }
}
