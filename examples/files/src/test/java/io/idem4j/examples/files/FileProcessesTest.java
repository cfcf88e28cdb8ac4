package io.idem4j.examples.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real processes on one directory (S9): that they exclude each other, and what a kill leaves. */
@Timeout(60)
final class FileProcessesTest {

  private static final Pattern WRITTEN = Pattern.compile("(\\d+) (\\d+)[.]");

  private final Path path = Directories.make();

  @AfterEach
  void delete() {
    Directories.delete(path);
  }

  @Test
  void s09_threeProcessesCountOnTheSameKeys_noneIsLost() throws Exception {
    int processes = 3;
    int keys = 3;
    int times = 300;
    List<FileChild> children = new ArrayList<>();
    try {
      for (int number = 0; number < processes; number++) {
        children.add(FileChild.start("count", path, keys, times));
      }
      for (FileChild child : children) {
        child.go();
      }
      for (FileChild child : children) {
        assertThat(child.line()).isEqualTo("done");
      }
    } finally {
      for (FileChild child : children) {
        child.close();
      }
    }
    FileKeyStore store = new FileKeyStore(path);
    for (int key = 0; key < keys; key++) {
      assertThat(Counters.read(store, Counters.key(key)))
          .isEqualTo((long) processes * times / keys);
    }
  }

  @Test
  void s09_writerKilled_everyAcknowledgedWriteIsThereAndTheStoreGoesOn() throws Exception {
    int keys = 4;
    FileKeyStore store = new FileKeyStore(path);
    for (int round = 1; round <= 4; round++) {
      long[] counts = new long[keys];
      for (int key = 0; key < keys; key++) {
        counts[key] = Counters.read(store, Counters.key(key));
      }
      try (FileChild child = FileChild.start("write", path, keys, FileKeyStore.MAXIMUM_SLOT)) {
        child.go();
        for (int line = 0; line < 5 * round; line++) {
          acknowledge(counts, child.line());
        }
        while (!writing()) {
          Thread.sleep(1);
        }
        child.kill();
        for (String line = child.line(); line != null; line = child.line()) {
          acknowledge(counts, line);
        }
      }
      for (int key = 0; key < keys; key++) {
        // The write that the kill fell into is there or not; no other may be missing or made up.
        assertThat(Counters.read(store, Counters.key(key))).isBetween(counts[key], counts[key] + 1);
        long before = Counters.read(store, Counters.key(key));
        assertThat(Counters.increment(store, Counters.key(key), Long.BYTES)).isEqualTo(before + 1);
      }
    }
    store.purge(1);
    assertThat(writing()).isFalse();
  }

  /** Says whether a write is half done, so that a kill falls into it. */
  private boolean writing() {
    return Stream.of(path.toFile().list())
        .anyMatch(name -> name.endsWith(LockedDirectory.LEFT_OVER));
  }

  /** A line may be cut by the kill; then it acknowledges nothing. */
  private static void acknowledge(long[] counts, String line) {
    Matcher written = WRITTEN.matcher(line);
    if (written.matches()) {
      counts[Integer.parseInt(written.group(1))] = Long.parseLong(written.group(2));
    }
  }

  @Test
  void s07_lockHeldByAnotherProcess_isNotAppliedUntilThatProcessDies() throws Exception {
    FileKeyStore store = new FileKeyStore(path, InstantSource.system(), Duration.ofMillis(50));
    int key = 7;
    try (FileChild child = FileChild.start("hold", path, key)) {
      child.go();
      assertThat(child.line()).isEqualTo("held");
      assertThatExceptionOfType(KeyStoreException.class)
          .isThrownBy(() -> Counters.increment(store, Counters.key(key), Long.BYTES))
          .returns(Certainty.NOT_APPLIED, KeyStoreException::certainty)
          .returns(Reason.BUSY, KeyStoreException::reason);
    }
    assertThat(Counters.increment(store, Counters.key(key), Long.BYTES)).isEqualTo(1);
  }

  @Test
  void s07_writeEndsHalfWay_isNotAppliedAndTheOldRecordStays() throws Exception {
    FileKeyStore store = new FileKeyStore(path);
    Counters.increment(store, Counters.key(0), Long.BYTES);
    // A limit on the length of files stands for a full disk.
    try (FileChild child = FileChild.startLimited("write", path, 1, FileKeyStore.MAXIMUM_SLOT)) {
      child.go();
      assertThat(child.line()).isEqualTo("NOT_APPLIED UNAVAILABLE");
    }
    assertThat(Counters.read(store, Counters.key(0))).isEqualTo(1);
    assertThat(Counters.increment(store, Counters.key(0), Long.BYTES)).isEqualTo(2);
  }
}
