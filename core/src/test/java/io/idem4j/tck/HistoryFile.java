package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;

/**
 * A {@link History} of one process, in a file that outlives the process however it ends.
 *
 * <p>A write is put down before it is sent, as one that nobody knows about, and once more when it
 * is answered; the start of an action is put down before the action begins. Each goes to the
 * operating system as one appended piece, at once: a process that is killed leaves what it had
 * under way as {@link Answer#MAYBE}, and at most its last piece torn, which had not been followed
 * by anything. (It is not flushed to the disk: the end of the machine would be another matter.)
 *
 * <p>Times are {@link System#nanoTime()}, which all processes of a machine share where it is the
 * system's monotonic clock, as on Linux; HistoryFileTest sees to it.
 *
 * <p>The layout: pieces of a length (4), a CRC-32C (4), and the bytes; the first byte says what it
 * is. Written by one process, safe for its many threads; each process has a file of its own.
 */
public final class HistoryFile implements AutoCloseable {
  private static final int HEAD = 2 * Integer.BYTES;
  private static final byte CALL = 1;
  private static final byte DEED = 2;

  /** Threads and callers of one file stay below it. */
  private static final int MOST_NUMBERS = 1 << 20;

  private final FileChannel channel;
  private final ReentrantLock lock = new ReentrantLock();

  private HistoryFile(FileChannel channel) {
    this.channel = channel;
  }

  /** Makes the file; there must be none. */
  public static HistoryFile create(Path path) {
    try {
      return new HistoryFile(
          FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts a call down, as it is known now: what is put down later of the same call counts. */
  void add(Call call) {
    append(CALL, HistoryCodec.encode(call));
  }

  /** Puts a deed down. */
  void add(Deed deed) {
    append(DEED, HistoryCodec.encode(deed));
  }

  private void append(byte kind, byte[] bytes) {
    ByteBuffer piece = ByteBuffer.allocate(HEAD + 1 + bytes.length);
    piece.putInt(1 + bytes.length).putInt(0).put(kind).put(bytes);
    piece.putInt(Integer.BYTES, sum(piece.array(), HEAD, 1 + bytes.length)).flip();
    lock.lock();
    try {
      while (piece.hasRemaining()) {
        channel.write(piece);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What a file holds. Immutable.
   *
   * @param calls the calls, each once, as it was known last
   * @param deeds the deeds
   */
  public record Content(List<Call> calls, List<Deed> deeds) {
    /** Returns the keys of which something was under way when the process ended, or now. */
    public List<KeyId> underWay() {
      List<KeyId> ids = new ArrayList<>();
      calls.stream().filter(it -> it.answer() == Answer.MAYBE).map(Call::id).forEach(ids::add);
      for (Deed each : deeds) {
        if (each.kind() == Kind.STARTED
            && deeds.stream()
                .noneMatch(it -> it.caller() == each.caller() && it.kind() != Kind.STARTED)) {
          ids.add(each.id());
        }
      }
      return ids.stream().distinct().toList();
    }

    /**
     * Returns how many holders came back to a key that had been settled without them, and were told
     * so.
     */
    public long lateHolders() {
      return deeds.stream()
          .filter(it -> it.fence().isPresent())
          .filter(it -> it.kind() == Kind.LOST || it.kind() == Kind.REPLAYED)
          .count();
    }

    /** Adds it all to what a recorder has, threads and callers apart from those of others. */
    public void addTo(HistoryRecorder recorder) {
      calls.forEach(recorder::add);
      deeds.forEach(recorder::add);
    }
  }

  /**
   * Reads a file, of a process that has ended or that goes on. A torn last piece is left out.
   *
   * @param number tells the threads and callers of one file from those of all others: from 1
   * @throws IllegalStateException if it is broken otherwise
   */
  public static Content read(Path path, int number) {
    if (number < 1 || number > Integer.MAX_VALUE / MOST_NUMBERS) {
      throw new IllegalArgumentException("no number of a file: " + number);
    }
    Map<List<Long>, Call> calls = new LinkedHashMap<>();
    List<Deed> deeds = new ArrayList<>();
    byte[] all = bytes(path);
    ByteBuffer in = ByteBuffer.wrap(all);
    while (in.remaining() >= HEAD) {
      int length = in.getInt();
      int sum = in.getInt();
      if (length > in.remaining()) {
        break;
      }
      if (length < 1 || sum(all, in.position(), length) != sum) {
        throw new IllegalStateException("a history is broken at byte " + (in.position() - HEAD));
      }
      byte kind = in.get();
      byte[] bytes = new byte[length - 1];
      in.get(bytes);
      if (kind == CALL) {
        Call call = numbered(HistoryCodec.decodeCall(bytes), number);
        // A thread makes one call at a time.
        calls.put(List.of((long) call.thread(), call.invoked()), call);
      } else {
        deeds.add(numbered(HistoryCodec.decodeDeed(bytes), number));
      }
    }
    return new Content(List.copyOf(calls.values()), List.copyOf(deeds));
  }

  private static Call numbered(Call call, int number) {
    return new Call(
        call.id(),
        numbered(call.thread(), number),
        call.invoked(),
        call.returned(),
        call.answer(),
        call.expected(),
        call.next(),
        call.seen());
  }

  private static Deed numbered(Deed deed, int number) {
    return new Deed(
        deed.id(),
        numbered(deed.caller(), number),
        deed.kind(),
        deed.invoked(),
        deed.returned(),
        deed.offered(),
        deed.answer(),
        deed.code(),
        deed.fence(),
        deed.attempt());
  }

  private static int numbered(int own, int number) {
    if (own < 0 || own >= MOST_NUMBERS) {
      throw new IllegalStateException("too many threads or callers in one file: " + own);
    }
    return number * MOST_NUMBERS + own;
  }

  private static byte[] bytes(Path path) {
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int sum(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
