package io.idem4j.tckbroken;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;

/** As {@link ContractOnTrial}, for random calls. */
final class PropertiesOnTrial extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return ContractOnTrial.subject.get();
  }
}
