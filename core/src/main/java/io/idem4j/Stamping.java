package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.Stamp;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The stamps of one claim, drawn in order. Safe for use by many threads. */
final class Stamping implements KeyMachine.Stamps {
  private final Supplier<Grant> grants;
  private @Nullable Grant grant;
  private @Nullable Stamp last;

  Stamping(Supplier<Grant> grants) {
    this.grants = grants;
  }

  @Override
  public synchronized Stamp fresh() {
    if (last == null) {
      grant = grants.get();
      last = Stamp.first(grant);
    } else {
      last = last.next();
    }
    return last;
  }

  @Override
  public synchronized boolean drew(Stamp stamp) {
    return grant != null && stamp.isOf(grant);
  }
}
