package io.idem4j.examples.payments;

import io.idem4j.examples.payments.Ledger.BalanceOutOfRange;

/** Arithmetic of balances. */
final class Balance {
  private Balance() {}

  static long add(long balance, long by) throws BalanceOutOfRange {
    try {
      return Math.addExact(balance, by);
    } catch (ArithmeticException e) {
      throw new BalanceOutOfRange();
    }
  }
}
