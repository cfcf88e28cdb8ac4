package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultSubject;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/** A {@link LineServer} behind a sound client or a broken one. */
final class LineSubject implements FaultSubject {
  /** Makes a client. */
  interface Client {
    KeyStore open(int port, int connections);
  }

  private final LineServer server = new LineServer();
  private final Client client;
  private final KeyStore direct = new PlainStore(server.store);

  LineSubject(Client client) {
    this.client = client;
  }

  @Override
  public InetSocketAddress server() {
    return server.address();
  }

  @Override
  public Proxied open(int port, int connections) {
    return new Proxied(client.open(port, connections), () -> {});
  }

  @Override
  public KeyStore direct() {
    return direct;
  }

  @Override
  public Duration patience() {
    return Duration.ofSeconds(2);
  }

  @Override
  public void close() {
    server.close();
  }

  /** The server's own store, without the abilities that the line does not have. */
  private record PlainStore(KeyStore store) implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return store.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return store.find(id);
    }
  }
}
