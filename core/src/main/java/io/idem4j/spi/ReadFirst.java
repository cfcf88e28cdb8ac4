package io.idem4j.spi;

import io.idem4j.KeyId;

/**
 * A store of which core asks {@link KeyStore#find} before it draws a stamp and claims. A replay is
 * one read then, and a first call costs one read more: for stores whose reads cost much less than
 * refused writes, and for keys that are likely to have a record. A wrapper of such a store passes
 * the ability on, or its calls are claimed at once.
 *
 * <p>The read decides nothing that a claim would not. Where it fails for now, or without an answer,
 * or by {@link io.idem4j.KeyStoreException.Reason#READ_ONLY}, the claim is sent all the same; any
 * other failure ends the call, and nothing was sent.
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
