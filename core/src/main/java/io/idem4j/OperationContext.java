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

  /** Returns {@link IdempotencyKey#derivedKey} of the key under which the operation runs. */
  default String derivedKey(String step) {
    return key().derivedKey(step);
  }

  /** Returns {@link IdempotencyKey#derivedUuid} of the key under which the operation runs. */
  default UUID derivedUuid(String step) {
    return key().derivedUuid(step);
  }

  /**
   * Replaces the record's reference with the next write of this holder, such as by the id of what
   * was created. See {@link IdempotencyKey#withReference}. Where the text comes from elsewhere, see
   * to its length: what an operation throws after its effect is a failure of the operation.
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
