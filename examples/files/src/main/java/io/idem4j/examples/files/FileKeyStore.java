package io.idem4j.examples.files;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps records in a directory, one file per key, for the processes of one machine: an example for
 * authors of stores.
 *
 * <p>Clock: the wall clock of the machine (S5), because its processes share no other that goes on
 * after a restart. Slewing it does no harm. Set forward, it ends leases and retentions early, so
 * that an operation may be taken over while it runs; set back, it ends them late.
 *
 * <p>The directory must exist, on a local POSIX file system: locks over a network are not to be
 * trusted. Nobody else may change it, and it should be private, because records hold answers. In
 * one JVM, one class loader alone may use it. A call goes on when it is interrupted; it waits for
 * others for ten seconds at most.
 *
 * <p>Safe for use by many threads; several instances and processes may share a directory (S9).
 */
public final class FileKeyStore implements RecordPurger, RecordScanner {

  /** The largest payload and the largest checkpoint, in bytes: 1 MiB each. */
  public static final int MAXIMUM_SLOT = 1 << 20;

  /** Longer than the file of any record; a foreign file must not fill the memory. */
  private static final int LONGEST_FILE = 4 * MAXIMUM_SLOT;

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(FileKeyStore.class);

  private final LockedDirectory directory;
  private final InstantSource clock;

  /**
   * Opens a store.
   *
   * @throws KeyStoreException if the directory does not exist, or cannot be written or locked
   */
  public FileKeyStore(Path directory) {
    this(directory, InstantSource.system(), PATIENCE);
  }

  /** Opens a store with a clock and a patience for tests. */
  FileKeyStore(Path directory, InstantSource clock, Duration patience) {
    this.clock = clock;
    try {
      this.directory = new LockedDirectory(directory, patience);
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    requireFit(next.slots().payload());
    requireFit(next.slots().checkpoint());
    try (LockedDirectory.Lock held = lock(id)) { // S1: what follows is one atomic step
      long now = clock.millis(); // read under the lock: the write counts from here (S5)
      Optional<StoredRecord> live = live(held, id, now);
      Stamp stored = live.map(StoredRecord::stamp).orElse(Stamp.ABSENT);
      if (!stored.equals(expected)) { // S2
        if (stored.equals(next.stamp())) {
          // S8: an earlier delivery was applied, but its force may have failed or never been
          // reached; and whoever reads this refusal takes the write for kept.
          held.force();
        }
        return live.map(CasResult::refusedBy).orElse(CasResult.NONE_LIVE); // S3
      }
      // S10: record() throws if the live record, though it bears the stamp, is of a later format.
      KeyRecord resolved = next.resolveSlots(live.map(StoredRecord::record).orElse(null));
      held.replace(RecordFile.name(id), RecordFile.encode(resolved, now));
      return CasResult.APPLIED;
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    // S1: without the lock, it could answer with a write that is not forced yet, and may be undone
    // by a power failure. (The write of a process killed between the two still may.)
    try (LockedDirectory.Lock held = lock(id)) {
      return live(held, id, clock.millis());
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  private Optional<StoredRecord> live(LockedDirectory.Lock held, KeyId id, long now)
      throws IOException {
    Optional<byte[]> content = held.read(RecordFile.name(id), LONGEST_FILE + 1);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    if (content.get().length > LONGEST_FILE) {
      throw KeyStoreException.unreadable(id, "its file is too long");
    }
    RecordFile file =
        RecordFile.of(content.get())
            .orElseThrow(() -> KeyStoreException.unreadable(id, "the head of its file is broken"));
    // S6, S10: the retention first, and of a record that is over nothing else.
    return file.isOver(now) ? Optional.empty() : Optional.of(file.decode(id, now));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Lists the whole directory, and frees what killed writers left there, too.
   */
  @Override
  public int purge(int limit) {
    requirePositive(limit);
    int deleted = 0;
    try {
      for (String file : directory.names()) {
        if (deleted == limit) {
          break;
        }
        boolean leftOver = file.endsWith(LockedDirectory.LEFT_OVER);
        String name =
            leftOver ? file.substring(0, file.length() - LockedDirectory.LEFT_OVER.length()) : file;
        if (!RecordFile.isName(name) || !(leftOver || isToPurge(name))) {
          continue;
        }
        try (LockedDirectory.Lock held = lock(RecordFile.idOf(name))) {
          if (leftOver) {
            held.delete(file);
          } else if (isToPurge(name)) { // again: before the lock another call may have replaced it
            held.delete(file);
            deleted++;
          }
        }
      }
      return deleted;
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  private boolean isToPurge(String name) throws IOException {
    return directory
        .read(name, RecordFile.GLANCE)
        .flatMap(RecordFile::of)
        .filter(file -> file.isToPurge(clock.millis()))
        .isPresent();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Lists the whole directory for each page.
   */
  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    requirePositive(limit);
    String last = from.orElse("");
    if (from.isPresent() && !RecordFile.isName(last)) {
      throw new MisuseException("a scan goes on where a page of this store ended, nowhere else");
    }
    List<StoredRecord> found = new ArrayList<>();
    for (String name : namesAfter(last)) {
      if (found.size() == limit) {
        return new Page(found, Optional.of(last));
      }
      understood(RecordFile.idOf(name)).filter(record -> isOf(kind, record)).ifPresent(found::add);
      last = name;
    }
    return new Page(found, Optional.empty());
  }

  private List<String> namesAfter(String last) {
    try {
      return directory.names().stream()
          .filter(name -> RecordFile.isName(name) && name.compareTo(last) > 0)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  private Optional<StoredRecord> understood(KeyId id) {
    try {
      return find(id).filter(stored -> stored.format() == KeyRecord.FORMAT);
    } catch (KeyStoreException e) {
      if (e.reason() != Reason.UNREADABLE) {
        throw e;
      }
      LOG.warn("a scan left out a record: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private static boolean isOf(Kind kind, StoredRecord stored) {
    KeyState state = stored.record().state();
    return switch (kind) {
      case ABANDONED ->
          state == KeyState.LOCKED && stored.leaseLeft().compareTo(Duration.ZERO) <= 0;
      case IN_DOUBT -> state == KeyState.FAILED_IN_DOUBT;
    };
  }

  private LockedDirectory.Lock lock(KeyId id) throws IOException {
    return directory.lock(id.bytes()[0]);
  }

  /** S4: before anything is written. Both slots are null where they stay as they are. */
  private static void requireFit(byte @Nullable [] slot) {
    if (slot != null && slot.length > MAXIMUM_SLOT) {
      throw new PayloadTooLargeException(slot.length, MAXIMUM_SLOT);
    }
  }

  private static void requirePositive(int limit) {
    if (limit <= 0) {
      throw new MisuseException("the limit must be positive");
    }
  }
}
