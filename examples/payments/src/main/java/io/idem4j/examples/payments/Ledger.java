package io.idem4j.examples.payments;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * The business tables. Each effect bears an id that is unique among all effects of its kind and is
 * written in one transaction: an effect whose id is there already is not made again, and its first
 * result is returned. Two effects of one id must be equal. Safe for use by many threads.
 */
interface Ledger {
  /** A payment. Immutable. */
  record Payment(UUID id, BigDecimal amount, String currency) {}

  /** How many effects a tenant's requests have made; deleted payments count. Immutable. */
  record Effects(long payments, long increments) {}

  /**
   * The id belongs to an effect of another content. Nothing was changed. Only possible once the
   * idempotency record is past its retention, because the fingerprint is compared before that.
   */
  final class IdTaken extends Exception {
    private static final long serialVersionUID = 1L;

    IdTaken() {
      super("the id belongs to another effect", null, false, false);
    }
  }

  /** The balance would leave the range of 64 bits. Nothing was changed. */
  final class BalanceOutOfRange extends Exception {
    private static final long serialVersionUID = 1L;

    BalanceOutOfRange() {
      super("the balance would leave the range of 64 bits", null, false, false);
    }
  }

  /** Makes a payment, or returns the one that bears its id. */
  Payment pay(String tenant, Payment payment) throws SQLException, IdTaken;

  /**
   * Says, without changing anything, whether {@link #pay} would refuse the payment.
   *
   * @throws IdTaken if its id belongs to another payment
   */
  void check(String tenant, Payment payment) throws SQLException, IdTaken;

  /** Returns a payment that was not deleted. */
  Optional<Payment> payment(String tenant, UUID id) throws SQLException;

  /**
   * Marks a payment as deleted. Its row stays, so that a late re-run does not make it again.
   *
   * @return whether there is such a payment, deleted before or not
   */
  boolean delete(String tenant, UUID id) throws SQLException;

  /**
   * Increments an account, which is made with the balance 0 if it does not exist.
   *
   * @param id the id of this increment
   * @return the balance right after this increment, also if it had been made before
   */
  long increment(String tenant, String account, UUID id, long by)
      throws SQLException, IdTaken, BalanceOutOfRange;

  /**
   * Says, without changing anything, whether {@link #increment} would refuse the id.
   *
   * @throws IdTaken if the id belongs to another increment
   */
  void checkIncrement(String tenant, String account, UUID id, long by) throws SQLException, IdTaken;

  /** Returns the balance of an account, 0 if nothing was ever added to it. */
  long balance(String tenant, String account) throws SQLException;

  /** Counts the rows of a tenant. */
  Effects effects(String tenant) throws SQLException;
}
