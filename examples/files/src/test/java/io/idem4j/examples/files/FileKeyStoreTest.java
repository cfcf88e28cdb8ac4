package io.idem4j.examples.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.examples.files.LockedDirectory.UnprovenException;
import io.idem4j.tck.Samples;
import io.idem4j.tck.Together;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the contract suite cannot know: files, links, locks and left-overs. */
final class FileKeyStoreTest {

  private final Path path = Directories.make();

  @AfterEach
  void delete() {
    Directories.delete(path);
  }

  @Test
  void store_isTestedAsAModule() {
    assertThat(FileKeyStore.class.getModule().getName()).isEqualTo("io.idem4j.examples.files");
    assertThat(KeyId.class.getModule().getName()).isEqualTo("io.idem4j");
  }

  @Test
  void open_noDirectory_isATypedErrorAndMakesNone() {
    Path missing = path.resolve("missing");
    assertThatExceptionOfType(KeyStoreException.class)
        .isThrownBy(() -> new FileKeyStore(missing))
        .returns(Certainty.NOT_APPLIED, KeyStoreException::certainty);
    assertThat(missing).doesNotExist();
  }

  @Test
  void s01_lockFilesGone_isAnErrorAndNotAnEmptyStore() throws Exception {
    FileKeyStore store = new FileKeyStore(path);
    for (int number = 0; number < 64; number++) {
      Files.delete(path.resolve("lock-%02d".formatted(number)));
    }
    assertThatExceptionOfType(KeyStoreException.class)
        .isThrownBy(() -> store.find(Samples.keyId()))
        .returns(Reason.UNAVAILABLE, KeyStoreException::reason);
  }

  @Test
  void s09_instancesByWayOfALink_excludeEachOther() throws Exception {
    Path link = path.resolve("link");
    Files.createSymbolicLink(link, path);
    FileKeyStore[] stores = {new FileKeyStore(path), new FileKeyStore(link)};
    KeyId id = Samples.keyId();
    int times = 50;
    try (Together together = new Together(4)) {
      together.run(
          thread -> {
            for (int time = 0; time < times; time++) {
              Counters.increment(stores[thread % 2], id, Long.BYTES);
            }
            return true;
          });
    }
    assertThat(Counters.read(stores[0], id)).isEqualTo(4L * times);
  }

  @Test
  void s09_tornFileOfAKilledWriter_isIgnoredOverwrittenAndPurged() throws Exception {
    FileKeyStore store = new FileKeyStore(path);
    KeyId written = Samples.keyId();
    KeyId left = Samples.keyId();
    Files.write(temporary(written), new byte[5000]);
    Files.write(temporary(left), new byte[5000]);

    assertThat(store.find(written)).isEmpty();
    assertThat(Counters.increment(store, written, Long.BYTES)).isEqualTo(1);
    assertThat(Counters.read(store, written)).isEqualTo(1);
    assertThat(temporary(written)).doesNotExist();

    assertThat(store.purge(1)).isZero();
    assertThat(temporary(left)).doesNotExist();
    assertThat(Counters.read(store, written)).isEqualTo(1);
  }

  @Test
  void purge_foreignFiles_stay() throws Exception {
    FileKeyStore store = new FileKeyStore(path);
    Path note = Files.writeString(path.resolve("README"), "not ours");
    Path draft = Files.writeString(path.resolve("README.tmp"), "not ours");
    Path unreadable = Files.write(path.resolve("ab".repeat(32)), new byte[100]);
    assertThat(store.purge(10)).isZero();
    assertThat(note).exists();
    assertThat(draft).exists();
    assertThat(unreadable).exists();
  }

  @Test
  void s07_fileCannotBeWritten_isNotAppliedAndShowsNoKeyId() throws Exception {
    FileKeyStore store = new FileKeyStore(path);
    KeyId id = Samples.keyId();
    Files.createDirectory(temporary(id));
    assertThatExceptionOfType(KeyStoreException.class)
        .isThrownBy(() -> Counters.increment(store, id, Long.BYTES))
        .returns(Certainty.NOT_APPLIED, KeyStoreException::certainty)
        .satisfies(
            thrown ->
                assertThat(trace(thrown)).contains("Is a directory").doesNotContain(name(id)));
  }

  @Test
  void s07_moveFails_isUnknownAndShowsNoName() throws Exception {
    LockedDirectory directory = new LockedDirectory(path, Duration.ofSeconds(10));
    Files.createDirectories(path.resolve("secret").resolve("full"));
    try (LockedDirectory.Lock held = directory.lock((byte) 0)) {
      assertThatExceptionOfType(UnprovenException.class)
          .isThrownBy(() -> held.replace("secret", new byte[10]))
          .returns(Certainty.UNKNOWN, thrown -> Failures.of(thrown).certainty())
          .satisfies(thrown -> assertThat(trace(Failures.of(thrown))).doesNotContain("secret"));
    }
  }

  @Test
  void s12_interruptedAgainAndAgain_everyCallIsAnswered() {
    FileKeyStore store = new FileKeyStore(path);
    KeyId id = Samples.keyId();
    Thread writer = Thread.currentThread();
    Thread interrupter =
        new Thread(
            () -> {
              for (int time = 0; time < 300; time++) {
                writer.interrupt();
                LockSupport.parkNanos(1_000_000); // several times within a write
              }
            });
    interrupter.start();
    long count = 0;
    while (interrupter.isAlive()) {
      assertThat(Counters.increment(store, id, Long.BYTES)).isEqualTo(++count);
    }
    Thread.interrupted();
    assertThat(Counters.read(store, id)).isEqualTo(count);
  }

  private static String trace(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }

  private Path temporary(KeyId id) {
    return path.resolve(name(id) + LockedDirectory.LEFT_OVER);
  }

  private static String name(KeyId id) {
    return HexFormat.of().formatHex(id.bytes());
  }
}
