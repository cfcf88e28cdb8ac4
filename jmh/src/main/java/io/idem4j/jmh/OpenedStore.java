package io.idem4j.jmh;

import io.idem4j.spi.KeyStore;
import java.util.Optional;

/** A store that was opened for a trial. Closed after it. Safe for use by many threads. */
public interface OpenedStore extends AutoCloseable {
  /** Returns the store. */
  KeyStore store();

  /** Returns the same work done by hand, on the same connections; empty where nobody wrote it. */
  default Optional<Contender> floor() {
    return Optional.empty();
  }

  /**
   * Returns what the store was opened on, as a data source or as a client of its server, if it has
   * one of this type: others are measured on it too.
   */
  default <T> Optional<T> resource(Class<T> type) {
    return Optional.empty();
  }

  /**
   * Adds copies of one of the records that are there, faster than calls could make them.
   *
   * @return whether that was done; if not, calls make them
   */
  default boolean addCopies(int copies) throws Exception {
    return false;
  }

  /** Closes it, with what it left in the database. */
  @Override
  void close();
}
