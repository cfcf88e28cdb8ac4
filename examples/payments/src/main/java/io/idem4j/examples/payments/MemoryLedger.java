package io.idem4j.examples.payments;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A ledger in this process, lost with it. Safe for use by many threads: one lock for all. */
final class MemoryLedger implements Ledger {
  private record Booked(String tenant, Payment payment) {}

  private record Account(String tenant, String name) {}

  private record Increment(Account account, long by, long balance) {}

  /** A step under the lock. */
  @FunctionalInterface
  private interface Step<R, X extends Exception> {
    R run() throws X;
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<UUID, Booked> payments = new HashMap<>();
  private final Set<UUID> deleted = new HashSet<>();
  private final Map<Account, Long> balances = new HashMap<>();
  private final Map<UUID, Increment> increments = new HashMap<>();

  @Override
  public Payment pay(String tenant, Payment payment) throws IdTaken {
    Booked booked = new Booked(tenant, payment);
    @Nullable Booked first = locked(() -> payments.putIfAbsent(payment.id(), booked));
    if (first != null && !first.equals(booked)) {
      throw new IdTaken();
    }
    return payment;
  }

  @Override
  public void check(String tenant, Payment payment) throws IdTaken {
    Optional<Booked> first = locked(() -> Optional.ofNullable(payments.get(payment.id())));
    if (first.isPresent() && !first.get().equals(new Booked(tenant, payment))) {
      throw new IdTaken();
    }
  }

  @Override
  public Optional<Payment> payment(String tenant, UUID id) {
    return locked(
        () ->
            Optional.ofNullable(payments.get(id))
                .filter(booked -> booked.tenant().equals(tenant) && !deleted.contains(id))
                .map(Booked::payment));
  }

  @Override
  public boolean delete(String tenant, UUID id) {
    return locked(
        () -> {
          Booked booked = payments.get(id);
          if (booked == null || !booked.tenant().equals(tenant)) {
            return false;
          }
          deleted.add(id);
          return true;
        });
  }

  @Override
  public long increment(String tenant, String account, UUID id, long by)
      throws IdTaken, BalanceOutOfRange {
    Account key = new Account(tenant, account);
    Increment made = this.<Increment, BalanceOutOfRange>locked(() -> incrementOnce(key, id, by));
    requireSame(made, key, by);
    return made.balance();
  }

  private static void requireSame(Increment made, Account account, long by) throws IdTaken {
    if (!made.account().equals(account) || made.by() != by) {
      throw new IdTaken();
    }
  }

  @Override
  public void checkIncrement(String tenant, String account, UUID id, long by) throws IdTaken {
    Optional<Increment> first = locked(() -> Optional.ofNullable(increments.get(id)));
    if (first.isPresent()) {
      requireSame(first.get(), new Account(tenant, account), by);
    }
  }

  private Increment incrementOnce(Account account, UUID id, long by) throws BalanceOutOfRange {
    Increment first = increments.get(id);
    if (first != null) {
      return first;
    }
    long balance = Balance.add(balances.getOrDefault(account, 0L), by);
    Increment increment = new Increment(account, by, balance);
    increments.put(id, increment);
    balances.put(account, balance);
    return increment;
  }

  @Override
  public long balance(String tenant, String account) {
    return locked(() -> balances.getOrDefault(new Account(tenant, account), 0L));
  }

  @Override
  public Effects effects(String tenant) {
    return locked(
        () ->
            new Effects(
                payments.values().stream().filter(it -> it.tenant().equals(tenant)).count(),
                increments.values().stream()
                    .filter(it -> it.account().tenant().equals(tenant))
                    .count()));
  }

  private <R, X extends Exception> R locked(Step<R, X> step) throws X {
    lock.lock();
    try {
      return step.run();
    } finally {
      lock.unlock();
    }
  }
}
