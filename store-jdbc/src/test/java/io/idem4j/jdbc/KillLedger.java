package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.IdempotencyException;
import io.idem4j.KeyId;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.History;
import io.idem4j.tck.HistoryFile;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.Together;
import io.idem4j.tck.Worker;
import io.idem4j.tck.WorkerRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * Workers whose effects are rows, killed or stopped at points that nobody chose, and the table of
 * those effects: one row for each key, always, and it is what every caller was told. The histories
 * of all of them and of the one who asks afterwards go through the checker: transactions that were
 * cut off are in them as writes that nobody knows about.
 */
final class KillLedger {
  private static final int WORKERS = 4;
  private static final int ASKING = 4;
  private static final int THREADS = 3;
  private static final Duration LEASE = Duration.ofSeconds(1);
  private static final Duration NUMBER_EACH = Duration.ofMillis(5);
  private static final Duration LONGEST_LIFE = Duration.ofMillis(160);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Path directory;
  private final String url;
  private final long seed = KillRun.seed();
  private final HistoryRecorder recorder = new HistoryRecorder();
  private final WorkerRuns runs;

  KillLedger(Path directory, String url) {
    this.directory = directory;
    this.url = url;
    Worker.Plan plan =
        new Worker.Plan(
            directory,
            LEASE,
            THREADS,
            NUMBER_EACH,
            false,
            KillTransactions.class,
            List.of(url, directory.toString()));
    try (HikariDataSource pool = KillWorkerStore.pool(url)) {
      KillTransactions.prepare(pool);
    }
    this.runs = new WorkerRuns(plan, seed);
  }

  /** Kills workers, and the server too. */
  void kill(int kills, int serverKills, WorkerRuns.Harm killServer) throws Exception {
    long begun = System.nanoTime();
    runs.kill(WORKERS, kills, LONGEST_LIFE, serverKills, killServer);
    judge("%d workers and %d servers killed".formatted(kills, serverKills), begun);
  }

  /** Stops a worker for longer than its leases, while another asks for what it holds. */
  void pause(int rounds) throws Exception {
    long begun = System.nanoTime();
    runs.pause(
        rounds,
        () -> {
          // The lease of what is held now is over when the wait for it is.
          int highest = runs.highestNumber();
          ask(IntStream.rangeClosed(Math.max(0, highest - 12), highest).boxed().toList(), false);
        },
        () -> !lines("late-").isEmpty());
    judge("%d times paused".formatted(rounds), begun);
    assertThat(lines("late-")).as("holders that came too late, seed %d", seed).isNotEmpty();
  }

  private void judge(String what, long begun) throws Exception {
    Map<Integer, List<String>> effects = new HashMap<>();
    List<String> told = lines("told-");
    Map<Integer, String> standing;
    try (HikariDataSource pool = KillWorkerStore.pool(url)) {
      effects(pool, effects);
      Set<Integer> numbers = new TreeSet<>(effects.keySet());
      told.forEach(each -> numbers.add(number(each)));
      // Of what was begun and left without an effect, the latest is the most.
      int highest = runs.highestNumber();
      IntStream.rangeClosed(Math.max(0, highest - 100), highest).forEach(numbers::add);
      standing = ask(List.copyOf(numbers), true);
      effects.clear();
      effects(pool, effects);
    }
    System.out.printf(
        "%s in %d ms, seed %d: %d keys, %d answers%n",
        what, (System.nanoTime() - begun) / 1_000_000, seed, effects.size(), told.size());
    judgeHistory(effects.keySet());
    assertThat(effects.keySet())
        .as("keys with an effect, seed %d", seed)
        .isEqualTo(standing.keySet());
    standing.forEach(
        (number, answer) ->
            assertThat(effects.get(number))
                .as("committed effects of number %d, seed %d", number, seed)
                .containsExactly(answer));
    for (String each : told) {
      assertThat(each)
          .as("what a caller was told, seed %d", seed)
          .isEqualTo(number(each) + "=" + standing.get(number(each)));
    }
    assertThat(told).as("answers").isNotEmpty();
  }

  private void judgeHistory(Set<Integer> numbers) throws IOException {
    List<Path> files = files(KillTransactions.HISTORY);
    for (int i = 0; i < files.size(); i++) {
      HistoryFile.read(files.get(i), i + 1).addTo(recorder);
    }
    History history = recorder.history();
    Set<KeyId> atomic = new HashSet<>();
    Set<KeyId> completed = new HashSet<>();
    Set<KeyId> expected = new HashSet<>();
    for (int number : numbers) {
      KeyId id = KillTransactions.Caller.key(number).id();
      expected.add(id);
      if (KillTransactions.Caller.isAtomic(number)) {
        atomic.add(id);
      }
    }
    long unanswered = 0;
    for (History.Call each : history.calls()) {
      unanswered += each.answer() == History.Answer.MAYBE ? 1 : 0;
      each.next()
          .filter(it -> it.state() == KeyState.COMPLETED)
          .ifPresent(it -> completed.add(each.id()));
    }
    System.out.printf(
        "history of %d processes: %d calls (%d unanswered), %d deeds%n",
        files.size() + 1, history.calls().size(), unanswered, history.deeds().size());
    assertThat(history.violations()).as("seed %d", seed).isEmpty();
    assertThat(completed).as("keys whose completion is in the history").containsAll(expected);
    assertThat(history.calls())
        .as("claims of the atomic mode that somebody saw, seed %d", seed)
        .noneMatch(
            each ->
                atomic.contains(each.id())
                    && each.seen()
                        .filter(it -> it.record().state() == KeyState.LOCKED)
                        .isPresent());
  }

  private static int number(String line) {
    return Integer.parseInt(line.substring(0, line.indexOf('=')));
  }

  /**
   * Asks for these numbers.
   *
   * @param toTheEnd whether until each has an answer; or else once
   */
  private Map<Integer, String> ask(List<Integer> numbers, boolean toTheEnd) throws Exception {
    Map<Integer, String> answers = new ConcurrentHashMap<>();
    long end = System.nanoTime() + PATIENCE_NANOS;
    try (KillTransactions.Caller caller =
            new KillTransactions.Caller(
                KillWorkerStore.pool(url), recorder, LEASE.multipliedBy(2));
        Together together = new Together(ASKING)) {
      together.run(
          lane -> {
            SplittableRandom random = new SplittableRandom(seed + lane);
            for (int i = lane; i < numbers.size(); i += ASKING) {
              int number = numbers.get(i);
              Optional<String> answer;
              do {
                assertThat(System.nanoTime()).as("no key stays locked").isLessThan(end);
                answer = ask(caller, number, random);
              } while (answer.isEmpty() && toTheEnd);
              if (answer.isPresent()) {
                answers.put(number, answer.get());
              }
            }
            return null;
          });
    }
    return answers;
  }

  private static Optional<String> ask(
      KillTransactions.Caller caller, int number, SplittableRandom random) throws Exception {
    try {
      return caller.call(number, random);
    } catch (IdempotencyException | IOException | SQLException e) {
      return Optional.empty();
    }
  }

  private static void effects(DataSource dataSource, Map<Integer, List<String>> into)
      throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT number, answer FROM " + KillTransactions.EFFECTS)) {
      while (rows.next()) {
        into.computeIfAbsent(rows.getInt(1), number -> new ArrayList<>()).add(rows.getString(2));
      }
    }
  }

  /** All lines that are whole. */
  private List<String> lines(String kind) throws IOException {
    List<String> lines = new ArrayList<>();
    for (Path each : files(kind)) {
      String text = Files.readString(each);
      text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(lines::add);
    }
    return lines;
  }

  private List<Path> files(String kind) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(it -> it.getFileName().toString().startsWith(kind)).toList();
    }
  }
}
