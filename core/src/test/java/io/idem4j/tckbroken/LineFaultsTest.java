package io.idem4j.tckbroken;

import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;

/** The sound store passes. */
final class LineFaultsTest extends KeyStoreFaults {
  @Override
  protected FaultSubject newSubject() {
    return new LineSubject(LineKeyStore::new);
  }
}
