package io.idem4j.tckbroken;

import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;
import io.idem4j.tck.StoreUnderTest;

/** A contract for {@link MatrixPageTest} to show; not in the ordinary run. */
@StoreUnderTest("DynamoDB")
final class NamedFaultsOnTrial extends KeyStoreFaults {
  @Override
  protected FaultSubject newSubject() {
    return new LineSubject(LineKeyStore::new);
  }
}
