package io.idem4j.tckbroken;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import java.util.function.Supplier;

/**
 * The contract on whatever store {@link BrokenStoresTest} puts here. Its name keeps it out of the
 * ordinary run: only the test kit starts it.
 */
final class ContractOnTrial extends KeyStoreContract {
  static volatile Supplier<KeyStoreSubject> subject;

  @Override
  protected KeyStoreSubject newSubject() {
    return subject.get();
  }
}
