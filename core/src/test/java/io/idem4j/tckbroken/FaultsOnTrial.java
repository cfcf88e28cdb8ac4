package io.idem4j.tckbroken;

import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;
import java.util.function.Supplier;

/** The contract on whatever store {@link BrokenLinesTest} puts here; not in the ordinary run. */
final class FaultsOnTrial extends KeyStoreFaults {
  static volatile Supplier<FaultSubject> subject;

  @Override
  protected FaultSubject newSubject() {
    return subject.get();
  }
}
