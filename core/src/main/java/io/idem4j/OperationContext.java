package io.idem4j;

import java.util.UUID;

/**
 * What an operation may know about its own run. Safe for use by many threads, and for as long as
 * the operation runs.
 */
public interface OperationContext {
  /** Returns the key under which the operation runs. */
  IdempotencyKey key();

  /** Returns how many times the operation may have started under this key, this run included. */
  int attempt();

  /**
   * Returns a number that rises with every claim of the key, for downstream systems that can refuse
   * writes which bear a lower one than they have seen. Across lives of a record it rises as long as
   * the claimers' clocks differ by less than the retention.
   */
  long fence();

  /**
   * Returns an idempotency key for a call to another system: the same for every attempt of this key
   * and step, another for every other. 43 characters of the URL-safe Base64 alphabet, derived by
   * SHA-256 from the key id; the client's own key cannot be told from it. It outlives the record: a
   * key that is used again after its retention derives the same.
   *
   * @param step the stable name of the call
   */
  String derivedKey(String step);

  /**
   * Returns an id for something that the operation creates: the same for every attempt of this key
   * and step, another for every other. A version 8 UUID (RFC 9562, section 5.8) derived by SHA-256
   * from the key id. It outlives the record like {@link #derivedKey}: a row that bears it is proof
   * only for the request that wrote it.
   *
   * @param step the stable name of what is created
   */
  UUID derivedUuid(String step);

  /**
   * Replaces the record's reference with the next write of this holder, such as by the id of what
   * was created. See {@link IdempotencyKey#withReference}.
   *
   * @throws IllegalKeyException if the text cannot be a reference
   */
  void reference(String reference);

  /**
   * Says whether somebody else may hold the key by now: the store refused a renewal, or no renewal
   * was confirmed in time. An operation that sees this should stop making effects. Advisory:
   * whether its answer is recorded is decided by the store alone.
   */
  boolean isLeaseLost();
}
