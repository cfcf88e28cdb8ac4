package io.idem4j;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyStore;
import java.nio.ByteBuffer;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.Security;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Draws grants from the operating system's own source of randomness, anew for each: two processes
 * that were restored from one image, or cloned, must not share what they draw. Safe for use by many
 * threads.
 */
final class Grants implements Supplier<Grant> {
  // Sources that ask the operating system at each draw; a DRBG would carry its state in the image.
  private static final String[] SOURCES = {"NativePRNGNonBlocking", "Windows-PRNG"};

  private final SecureRandom random;

  /** Counts, across all instances: of one class, so that it can be told from what draws. */
  private static final class Counter implements Supplier<Grant> {
    private static final AtomicLong COUNTED = new AtomicLong();

    @Override
    public Grant get() {
      return new Grant(COUNTED.incrementAndGet(), 0);
    }
  }

  /**
   * Returns a source for the claims of this store. Records that never leave the process need grants
   * that no other claim of the process has, and nothing to guess or to share with its clones: a
   * counter.
   */
  static Supplier<Grant> of(KeyStore store) {
    return store instanceof MemoryKeyStore ? new Counter() : new Grants();
  }

  /** What a transaction writes may leave the process, whatever the store of the operation is. */
  static Supplier<Grant> inTransaction(Supplier<Grant> grants) {
    return grants instanceof Counter ? new Grants() : grants;
  }

  Grants() {
    this(systemRandom());
  }

  Grants(SecureRandom random) {
    this.random = random;
  }

  @Override
  public Grant get() {
    ByteBuffer drawn = ByteBuffer.wrap(draw(random, Grant.LENGTH));
    return new Grant(drawn.getLong(), drawn.getInt());
  }

  /**
   * Reads from the operating system itself: {@code nextBytes} of the same source keeps up to 256
   * bytes read ahead for 100 ms, and two clones of a machine whose clocks stand still would share
   * them.
   */
  static byte[] draw(SecureRandom random, int bytes) {
    return random.generateSeed(bytes);
  }

  /** Returns a source that asks the operating system at each draw. */
  static SecureRandom systemRandom() {
    Set<String> offered = Security.getAlgorithms("SecureRandom");
    for (String source : SOURCES) {
      if (offered.contains(source.toUpperCase(Locale.ROOT))) {
        try {
          return SecureRandom.getInstance(source);
        } catch (NoSuchAlgorithmException e) {
          throw new IllegalStateException("offered and yet not there: " + source, e);
        }
      }
    }
    throw new IllegalStateException(
        "this platform has no random source of its operating system: "
            + String.join(", ", SOURCES));
  }
}
