package io.idem4j.spi;

import io.idem4j.KeyId;

/**
 * A store for which a read is much cheaper than a refused write: core asks {@link KeyStore#find}
 * before it draws a stamp and claims. A first call then costs one read more; a replay is one read.
 * Not worth it where a refused write, which brings the record, costs about as much as a read.
 *
 * <p>A read that throws {@link io.idem4j.KeyStoreException.Reason#READ_ONLY} or {@link
 * io.idem4j.KeyStoreException.Reason#BUSY} is left to the claim. What else may pass is repeated for
 * a second at most; then it ends the call, as do all other failures, and nothing was sent.
 */
public interface ReadFirst extends KeyStore {
  /**
   * Says whether a claim of this key is to begin with a read. Without being overridden, each is.
   *
   * <p>A guess will do, at whether the key has a live record: only what the call costs depends on
   * it. Answers at once, without asking anybody; throws nothing. Called by many threads.
   */
  default boolean readsFirst(KeyId id) {
    return true;
  }
}
