package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tckbroken.Backend.Cell;
import io.idem4j.tckbroken.Backend.Transaction;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A {@link BytesKeyStore} or a broken one, with every ability that a subject can have. */
final class BytesSubject implements KeyStoreSubject {
  private final Backend backend = new Backend(true);
  private final KeyStore store;
  private final KeyStore second;
  private final KeyStore unreachable;

  BytesSubject(Function<Backend, ? extends KeyStore> make) {
    this.store = make.apply(backend);
    this.second = make.apply(backend);
    this.unreachable = make.apply(new Backend(false));
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
    backend.clockMillis.addAndGet(time.toMillis());
  }

  @Override
  public OptionalInt maximumSlot() {
    return OptionalInt.of(BytesKeyStore.MAXIMUM_SLOT);
  }

  @Override
  public Optional<KeyStore> unreachable() {
    return Optional.of(unreachable);
  }

  @Override
  public List<Damage> damages() {
    return List.of(
        damage("a cut", bytes -> Arrays.copyOf(bytes, bytes.length / 2)),
        damage("nothing left", bytes -> new byte[0]),
        damage("a flipped bit", bytes -> flipped(bytes, 60)),
        damage("another key's record", bytes -> flipped(bytes, 20)),
        damage("zeroes", bytes -> new byte[bytes.length]));
  }

  @Override
  public Optional<CallerTransactions> callerTransactions() {
    return Optional.of(
        new CallerTransactions() {
          @Override
          public void rolledBack(Runnable calls) {
            begin(calls).undo.descendingIterator().forEachRemaining(Runnable::run);
          }

          @Override
          public void committed(Runnable calls) {
            begin(calls);
          }
        });
  }

  private Transaction begin(Runnable calls) {
    Transaction transaction = new Transaction();
    Backend.TRANSACTION.set(transaction);
    try {
      calls.run();
    } finally {
      Backend.TRANSACTION.remove();
    }
    if (transaction.aborted) {
      throw new AssertionError("the caller's second row could not be written");
    }
    return transaction;
  }

  private Damage damage(String name, UnaryOperator<byte[]> damage) {
    return new Damage(
        name,
        true,
        (KeyId id) ->
            backend
                .cells()
                .computeIfPresent(
                    HexFormat.of().formatHex(id.bytes()),
                    (key, cell) ->
                        new Cell(
                            cell.stamp(),
                            cell.leaseEndMillis(),
                            cell.retentionEndMillis(),
                            damage.apply(cell.bytes()))));
  }

  private static byte[] flipped(byte[] bytes, int place) {
    byte[] copy = bytes.clone();
    copy[place] ^= 0x10;
    return copy;
  }
}
