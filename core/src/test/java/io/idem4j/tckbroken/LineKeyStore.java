package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;

/**
 * A sound client of a {@link LineServer}, with a pool. The broken ones differ from it in one method
 * each, in what they do when a connection fails.
 */
class LineKeyStore implements KeyStore {
  private static final int TIMEOUT_MILLIS = 120;

  /** A place in the pool, with a connection or without. */
  static final class Place {
    Socket socket;
  }

  private final int port;
  private final BlockingDeque<Place> pool = new LinkedBlockingDeque<>();

  LineKeyStore(int port, int connections) {
    this.port = port;
    for (int i = 0; i < connections; i++) {
      pool.add(new Place());
    }
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    try {
      return send(expected, next);
    } catch (IOException e) {
      return failed(expected, next, e);
    }
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    try {
      byte[] request =
          ByteBuffer.allocate(1 + KeyId.LENGTH).put(LineServer.FIND).put(id.bytes()).array();
      return live(id, exchange(request));
    } catch (IOException e) {
      return readFailed(e);
    }
  }

  CasResult send(Stamp expected, KeyRecord next) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeByte(LineServer.COMPARE_AND_SET);
    out.write(next.keyId().bytes());
    out.write(expected.bytes());
    out.writeLong(next.lease().toMillis());
    out.writeLong(next.retention().toMillis());
    out.writeBoolean(next.slots().isUnchanged());
    Slots slots = next.slots().isUnchanged() ? Slots.EMPTY : next.slots();
    out.write(RecordCodec.encode(next.toBuilder().slots(slots).build()));
    byte[] reply = exchange(bytes.toByteArray());
    return reply[0] == LineServer.APPLIED
        ? CasResult.APPLIED
        : new CasResult.Refused(live(next.keyId(), reply));
  }

  private static Optional<StoredRecord> live(KeyId id, byte[] reply) {
    if (reply[0] != LineServer.LIVE) {
      return Optional.empty();
    }
    ByteBuffer times = ByteBuffer.wrap(reply, 1, 16);
    return Optional.of(
        RecordCodec.decode(
            id,
            Arrays.copyOfRange(reply, 17, reply.length),
            Duration.ofMillis(times.getLong()),
            Duration.ofMillis(times.getLong())));
  }

  private byte[] exchange(byte[] request) throws IOException {
    Place place = place();
    boolean gone = false;
    try {
      if (place.socket == null) {
        place.socket = new Socket(InetAddress.getLoopbackAddress(), port);
        place.socket.setSoTimeout(TIMEOUT_MILLIS);
        place.socket.setTcpNoDelay(true);
      }
      place.socket.getOutputStream().write(LineServer.framed(request));
      return receive(new DataInputStream(place.socket.getInputStream()));
    } catch (IOException e) {
      gone = !keepsAfter(e, place);
      throw e;
    } finally {
      if (!gone) {
        pool.addFirst(place);
      }
    }
  }

  private Place place() throws IOException {
    try {
      Place place = pool.poll(1, TimeUnit.SECONDS);
      if (place == null) {
        throw new IOException("the pool is empty");
      }
      return place;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  // What follows is what the broken stores change.

  byte[] receive(DataInputStream in) throws IOException {
    byte[] reply = new byte[in.readInt()];
    in.readFully(reply);
    return reply;
  }

  /** Whether the place in the pool can be used again. */
  boolean keepsAfter(IOException failure, Place place) throws IOException {
    if (place.socket != null) {
      place.socket.close();
      place.socket = null;
    }
    return true;
  }

  CasResult failed(Stamp expected, KeyRecord next, IOException failure) {
    throw unknown();
  }

  Optional<StoredRecord> readFailed(IOException failure) {
    throw unknown();
  }

  static KeyStoreException unknown() {
    return KeyStoreException.unknown("the server did not answer", null);
  }
}
