package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.KeyId;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Kind;
import io.idem4j.tck.HistoryFile;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.Samples;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Histories of processes, in files: nothing that matters is lost, wherever a process ends. */
final class HistoryFileTest {
  private static final Codec<String> TEXT = Codec.text();

  @TempDir private Path directory;

  /** The end of a process, in the middle of a call. */
  private static final class End extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Runs some calls as two processes would, and returns what they left. */
  private HistoryRecorder twoProcesses(KeyStore store) throws Exception {
    for (int process = 1; process <= 2; process++) {
      try (HistoryFile file = HistoryFile.create(path(process))) {
        HistoryRecorder recorder = new HistoryRecorder(file);
        Idempotency idempotency = Idempotency.builder(recorder.around(store)).build();
        Operation<String> operation = idempotency.operation("pay", TEXT, OperationPolicy.rerun());
        for (int key = 0; key < 3; key++) {
          String value = "value " + key;
          recorder.execute(
              operation,
              TEXT,
              operation.key(Scope.single(), value),
              Fingerprint.sha256().part("body", value).build(),
              context -> value);
        }
        assertThat(recorder.history().calls()).as("the file has it").isEmpty();
      }
    }
    HistoryRecorder all = new HistoryRecorder();
    HistoryFile.read(path(1), 1).addTo(all);
    HistoryFile.read(path(2), 2).addTo(all);
    return all;
  }

  private Path path(int process) {
    return directory.resolve("history-" + process);
  }

  @Test
  void twoFiles_makeOneHistory() throws Exception {
    History history = twoProcesses(new MemoryKeyStore(10)).history();
    assertThat(history.violations()).isEmpty();
    assertThat(history.deeds()).filteredOn(it -> it.kind() == Kind.STARTED).hasSize(3);
    assertThat(history.deeds()).filteredOn(it -> it.kind() == Kind.EXECUTED).hasSize(3);
    assertThat(history.deeds()).filteredOn(it -> it.kind() == Kind.REPLAYED).hasSize(3);
    assertThat(history.calls()).noneMatch(it -> it.answer() == Answer.MAYBE);
    assertThat(history.calls()).allMatch(it -> it.returned() < Long.MAX_VALUE);
  }

  @Test
  void processThatEndsInACall_leavesItOpen() {
    try (HistoryFile file = HistoryFile.create(path(1))) {
      HistoryRecorder recorder = new HistoryRecorder(file);
      KeyStore ending =
          new KeyStore() {
            @Override
            public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
              HistoryFile.Content before = HistoryFile.read(path(1), 1);
              assertThat(before.calls()).as("put down before it is sent").hasSize(1);
              assertThat(before.underWay()).containsExactly(id);
              throw new End();
            }

            @Override
            public Optional<StoredRecord> find(KeyId id) {
              return Optional.empty();
            }
          };
      KeyRecord claim = Samples.locked(Samples.keyId(), Samples.stamp()).build();
      assertThatThrownBy(
              () -> recorder.around(ending).compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isInstanceOf(End.class);
    }
    assertThat(HistoryFile.read(path(1), 1).calls())
        .singleElement()
        .satisfies(
            call -> {
              assertThat(call.answer()).isEqualTo(Answer.MAYBE);
              assertThat(call.returned()).isEqualTo(Long.MAX_VALUE);
            });
  }

  @Test
  void actionUnderWay_isPutDownBeforeItBegins() throws Exception {
    try (HistoryFile file = HistoryFile.create(path(1))) {
      HistoryRecorder recorder = new HistoryRecorder(file);
      Idempotency idempotency =
          Idempotency.builder(recorder.around(new MemoryKeyStore(10))).build();
      Operation<String> operation = idempotency.operation("pay", TEXT, OperationPolicy.rerun());
      var key = operation.key(Scope.single(), "k");
      recorder.execute(
          operation,
          TEXT,
          key,
          Fingerprint.none(),
          context -> {
            HistoryFile.Content now = HistoryFile.read(path(1), 1);
            assertThat(now.deeds()).singleElement().matches(it -> it.kind() == Kind.STARTED);
            assertThat(now.underWay()).containsExactly(key.id());
            return "done";
          });
    }
    assertThat(HistoryFile.read(path(1), 1).underWay()).isEmpty();
  }

  /** Wherever the file was cut, what is left is a history, and one without objections. */
  @Test
  void tornLastPiece_isLeftOut_atEveryLength() throws Exception {
    twoProcesses(new MemoryKeyStore(10));
    byte[] whole = Files.readAllBytes(path(2));
    HistoryFile.Content first = HistoryFile.read(path(1), 1);
    int most = -1;
    for (int length = 0; length <= whole.length; length++) {
      Path torn = directory.resolve("torn-" + length);
      Files.write(torn, Arrays.copyOf(whole, length));
      HistoryFile.Content content = HistoryFile.read(torn, 2);
      HistoryRecorder all = new HistoryRecorder();
      first.addTo(all);
      content.addTo(all);
      int pieces = content.calls().size() + content.deeds().size();
      assertThat(pieces).as("pieces of %d bytes", length).isGreaterThanOrEqualTo(most);
      most = pieces;
      assertThat(all.history().violations()).as("of %d bytes", length).isEmpty();
    }
  }

  @Test
  void alteredPiece_isFound() throws Exception {
    twoProcesses(new MemoryKeyStore(10));
    byte[] bytes = Files.readAllBytes(path(1));
    bytes[bytes.length / 2] ^= 1;
    Files.write(path(1), bytes);
    assertThatThrownBy(() -> HistoryFile.read(path(1), 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("broken");
  }

  /** A worker that had a store of its own would be found out. */
  @Test
  void filesOfProcessesWithStoresOfTheirOwn_areFoundOut() throws Exception {
    twoProcesses(new MemoryKeyStore(10));
    HistoryRecorder all = new HistoryRecorder();
    HistoryFile.read(path(1), 1).addTo(all);
    Files.delete(path(1));
    Files.delete(path(2));
    twoProcesses(new MemoryKeyStore(10));
    HistoryFile.read(path(1), 2).addTo(all);
    assertThat(all.history().violations()).isNotEmpty();
  }

  /** The clock that all processes share: what a child reads lies between what its parent reads. */
  @Test
  void nanoTime_isOneClockForAllProcesses() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Clock.class.getName())
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII))) {
      for (int round = 0; round < 20; round++) {
        long before = System.nanoTime();
        child.getOutputStream().write('\n');
        child.getOutputStream().flush();
        long its = Long.parseLong(out.readLine());
        assertThat(its).isBetween(before, System.nanoTime());
      }
    } finally {
      child.destroyForcibly();
    }
  }

  /** Says what time it is, when asked. */
  static final class Clock {
    private Clock() {}

    /** Runs until nobody asks any more. */
    public static void main(String[] arguments) throws IOException {
      while (System.in.read() >= 0) {
        System.out.println(System.nanoTime());
      }
    }
  }
}
