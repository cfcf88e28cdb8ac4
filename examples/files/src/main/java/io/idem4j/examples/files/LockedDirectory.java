package io.idem4j.examples.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory whose files are replaced as a whole, under locks. Knows nothing of records. Safe for
 * use by many threads.
 *
 * <p>Its lock files are made at start-up and never deleted: who holds the lock of a deleted file
 * does not exclude who holds that of its successor. No call makes them again, so that a directory
 * that was removed or unmounted is an error and not an empty store.
 */
final class LockedDirectory {

  /** How many lock files there are. Every process must agree on it, whatever its release. */
  private static final int LOCKS = 64;

  /** What follows the name of a file that is being written, or was when its writer was killed. */
  static final String LEFT_OVER = ".tmp";

  private static final long PAUSE_MS = 1;
  private static final Logger LOG = LoggerFactory.getLogger(LockedDirectory.class);

  /**
   * One lock per lock file, for all instances in this JVM. The operating system locks files for
   * processes, not for threads; and when a channel is closed, it may drop every lock that the
   * process has on that file. So a lock file is open only where its lock of this map is held.
   */
  private static final ConcurrentMap<Path, ReentrantLock> IN_THIS_JVM = new ConcurrentHashMap<>();

  private final Path directory;
  private final Duration patience;

  /** Takes each lock once, which makes its file and shows that the file system has locks. */
  LockedDirectory(Path directory, Duration patience) throws IOException {
    this.directory = directory.toRealPath(); // two ways to one directory must find the same locks
    this.patience = patience;
    for (int number = 0; number < LOCKS; number++) {
      lock(number, StandardOpenOption.WRITE, StandardOpenOption.CREATE).close();
    }
  }

  /**
   * Locks the names that begin with this byte, against all other threads and processes.
   *
   * @throws BusyException if others held the lock for as long as a call may wait
   */
  Lock lock(byte first) throws IOException {
    return lock(first & (LOCKS - 1), StandardOpenOption.WRITE);
  }

  private Lock lock(int number, OpenOption... options) throws IOException {
    Path file = directory.resolve("lock-%02d".formatted(number));
    ReentrantLock inThisJvm = IN_THIS_JVM.computeIfAbsent(file, path -> new ReentrantLock());
    long end = System.nanoTime() + patience.toNanos();
    if (!undisturbed(() -> inThisJvm.tryLock(end - System.nanoTime(), TimeUnit.NANOSECONDS))) {
      throw new BusyException();
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, options);
      // Not FileChannel.lock(): it would wait for ever for a process that was stopped.
      while (channel.tryLock() == null) {
        if (System.nanoTime() - end > 0) {
          throw new BusyException();
        }
        undisturbed(LockedDirectory::pause);
      }
      return new Lock(inThisJvm, channel);
    } catch (OverlappingFileLockException e) {
      release(inThisJvm, channel);
      throw new IOException("another class loader of this JVM uses the directory", e);
    } catch (IOException | RuntimeException e) {
      release(inThisJvm, channel);
      throw e;
    }
  }

  /**
   * Throws nothing: an exception from here would hide the answer of a write that was applied. The
   * lock is gone whatever {@code close} says, and nothing was written through this channel.
   */
  private static void release(ReentrantLock inThisJvm, @Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      LOG.debug("closing a lock file failed", e);
    } finally {
      inThisJvm.unlock();
    }
  }

  /** Returns the first bytes of a file, or nothing if there is none of that name. */
  Optional<byte[]> read(String name, int atMost) throws IOException {
    return undisturbed(
        () -> {
          // Not FileInputStream: it throws the same for a missing file and for a forbidden one.
          try (InputStream in = Files.newInputStream(directory.resolve(name))) {
            return Optional.of(in.readNBytes(atMost));
          } catch (NoSuchFileException e) {
            return Optional.empty();
          }
        });
  }

  /** Returns the names of all files, those of lock files included. */
  List<String> names() throws IOException {
    // Not a DirectoryStream: what it throws half-way is no IOException.
    String[] names = directory.toFile().list();
    if (names == null) {
      throw new IOException("the directory cannot be listed");
    }
    return List.of(names);
  }

  /**
   * Does a step to its end although the thread is or becomes interrupted, and leaves the flag set
   * (S12). An interrupt closes the channel in use; but every such step can be done again on another
   * one, so that no answer is lost to an interrupt.
   */
  private static <T> T undisturbed(Step<T> step) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return step.run();
        } catch (InterruptedException | ClosedByInterruptException e) {
          interrupted = true;
          Thread.interrupted(); // else the flag, if still set, closes the next channel too
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static boolean pause() throws InterruptedException {
    Thread.sleep(PAUSE_MS);
    return true;
  }

  private interface Step<T> {
    T run() throws IOException, InterruptedException;
  }

  /** A lock that is held, and what may be done under it alone. For use by one thread. */
  final class Lock implements AutoCloseable {

    private final ReentrantLock inThisJvm;
    private final FileChannel channel;

    private Lock(ReentrantLock inThisJvm, FileChannel channel) {
      this.inThisJvm = inThisJvm;
      this.channel = channel;
    }

    /** Reads a file, which nobody changes meanwhile. */
    Optional<byte[]> read(String name, int atMost) throws IOException {
      return LockedDirectory.this.read(name, atMost);
    }

    /**
     * Replaces a file, all of it or nothing, whoever looks or dies meanwhile.
     *
     * @throws UnprovenException if the file may or may not be replaced
     * @throws IOException if it certainly is not
     */
    void replace(String name, byte[] content) throws IOException {
      Path prepared = directory.resolve(name + LEFT_OVER);
      undisturbed(() -> write(prepared, content));
      try {
        Files.move(prepared, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        throw new UnprovenException(e);
      }
      force();
    }

    /** Returns when no power failure can undo what was moved before. */
    void force() throws UnprovenException {
      try {
        undisturbed(() -> forceEntries(directory));
      } catch (IOException e) {
        throw new UnprovenException(e);
      }
    }

    void delete(String name) throws IOException {
      Files.deleteIfExists(directory.resolve(name));
    }

    @Override
    public void close() {
      release(inThisJvm, channel);
    }
  }

  /** Begins anew what an interrupted or killed call left under this name. */
  private static boolean write(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer left = ByteBuffer.wrap(content);
      while (left.hasRemaining()) {
        channel.write(left);
      }
      // Before the move, or a power failure may keep the move and lose the bytes.
      channel.force(true);
      return true;
    }
  }

  private static boolean forceEntries(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
      return true;
    }
  }

  /** Others held the lock for as long as a call may wait; nothing was done. */
  static final class BusyException extends IOException {
    private static final long serialVersionUID = 1L;

    BusyException() {
      super("others held the lock for too long");
    }
  }

  /** Nobody knows whether a file was replaced, or whether it would stay so. */
  static final class UnprovenException extends IOException {
    private static final long serialVersionUID = 1L;

    UnprovenException(IOException cause) {
      super(cause);
    }
  }
}
