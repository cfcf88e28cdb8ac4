package io.idem4j.examples.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordCodec;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.Samples;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** What the contract suite runs against: two stores on one directory, with a clock to move. */
final class FileSubject implements KeyStoreSubject {

  private final Path directory = Directories.make();
  private final AtomicLong movedMs = new AtomicLong();
  private final InstantSource clock =
      () -> Instant.now().plusMillis(movedMs.get()); // goes on by itself, too

  private final FileKeyStore store = open(directory);
  private final FileKeyStore second = open(directory);

  private FileKeyStore open(Path path) {
    return new FileKeyStore(path, clock, Duration.ofSeconds(10));
  }

  @Override
  public KeyStore store() {
    return store;
  }

  @Override
  public KeyStore secondInstance() {
    return second;
  }

  @Override
  public void elapse(Duration time) {
    movedMs.addAndGet(time.toMillis());
  }

  @Override
  public OptionalInt maximumSlot() {
    return OptionalInt.of(FileKeyStore.MAXIMUM_SLOT);
  }

  @Override
  public Optional<KeyStore> unreachable() {
    Path gone = Directories.make();
    KeyStore unreachable = open(gone);
    Directories.delete(gone);
    return Optional.of(unreachable);
  }

  @Override
  public List<Damage> damages() {
    return List.of(
        damage("emptied", false, file -> new byte[0]),
        damage("cut within the head", false, file -> Arrays.copyOf(file, 10)),
        damage("cut after the head", true, file -> Arrays.copyOf(file, 30)),
        damage("cut by one byte", true, file -> Arrays.copyOf(file, file.length - 1)),
        damage("a byte more", true, file -> Arrays.copyOf(file, file.length + 1)),
        damage("too long", false, file -> Arrays.copyOf(file, 8 << 20)),
        damage("retention end flipped to the past", false, file -> flip(file, 2)),
        damage("lease end flipped", false, file -> flip(file, 12)),
        damage("sum of the head flipped", false, file -> flip(file, 18)),
        damage("stamp flipped", true, file -> flip(file, 25)),
        damage("key id flipped", true, file -> flip(file, 45)),
        damage("last byte flipped", true, file -> flip(file, file.length - 1)),
        damage("record of another key", true, FileSubject::ofAnotherKey),
        damage(
            "foreign text",
            false,
            file -> "not a record, and long enough for one".getBytes(UTF_8)));
  }

  private Damage damage(String name, boolean expires, UnaryOperator<byte[]> how) {
    Consumer<KeyId> damage =
        id -> {
          Path file = directory.resolve(HexFormat.of().formatHex(id.bytes()));
          try {
            if (Files.exists(file)) {
              Files.write(file, how.apply(Files.readAllBytes(file)));
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    return new Damage(name, expires, damage);
  }

  private static byte[] ofAnotherKey(byte[] file) {
    KeyRecord other = Samples.completed(Samples.keyId(), Samples.stamp()).build();
    byte[] record = RecordCodec.encode(other);
    return ByteBuffer.allocate(20 + record.length).put(file, 0, 20).put(record).array();
  }

  private static byte[] flip(byte[] file, int at) {
    byte[] flipped = file.clone();
    flipped[at] ^= 0x10;
    return flipped;
  }

  @Override
  public void close() {
    Directories.delete(directory);
  }
}
