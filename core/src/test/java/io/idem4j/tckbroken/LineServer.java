package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;

/**
 * A server in miniature: a store in memory, behind messages that begin with their length. For
 * {@link LineKeyStore}, which is there to be broken.
 */
final class LineServer implements AutoCloseable {
  static final byte COMPARE_AND_SET = 1;
  static final byte FIND = 2;
  static final byte APPLIED = 0;
  static final byte NONE = 1;
  static final byte LIVE = 2;

  final KeyStore store = new MemoryKeyStore(100_000);
  private final ServerSocket listener;

  LineServer() {
    try {
      this.listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  InetSocketAddress address() {
    return (InetSocketAddress) listener.getLocalSocketAddress();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        start(() -> serve(client));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      while (true) {
        byte[] request = new byte[in.readInt()];
        in.readFully(request);
        client.getOutputStream().write(framed(answer(request)));
      }
    } catch (IOException e) {
      // The client is gone.
    }
  }

  private byte[] answer(byte[] request) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(request));
    byte verb = in.readByte();
    KeyId id = KeyId.of(in.readNBytes(KeyId.LENGTH));
    if (verb == FIND) {
      return reply(store.find(id));
    }
    Stamp expected = Stamp.of(in.readNBytes(Stamp.LENGTH));
    Duration lease = Duration.ofMillis(in.readLong());
    Duration retention = Duration.ofMillis(in.readLong());
    boolean unchanged = in.readBoolean();
    KeyRecord record =
        RecordCodec.decode(id, in.readAllBytes(), Duration.ZERO, Duration.ofDays(1)).record();
    KeyRecord next =
        record.toBuilder()
            .lease(lease)
            .retention(retention)
            .slots(unchanged ? Slots.UNCHANGED : record.slots())
            .build();
    CasResult result = store.compareAndSet(id, expected, next);
    return result instanceof CasResult.Refused refused
        ? reply(refused.live())
        : new byte[] {APPLIED};
  }

  private static byte[] reply(Optional<StoredRecord> live) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeByte(live.isPresent() ? LIVE : NONE);
    if (live.isPresent()) {
      out.writeLong(live.get().leaseLeft().toMillis());
      out.writeLong(live.get().retentionLeft().toMillis());
      out.write(RecordCodec.encode(live.get().record()));
    }
    return bytes.toByteArray();
  }

  /** Puts the length before a message. */
  static byte[] framed(byte[] message) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(message.length);
    out.write(message);
    return bytes.toByteArray();
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "line-server");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
