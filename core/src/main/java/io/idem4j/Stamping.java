package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.Stamp;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The stamps of one claim, drawn in order. Safe for use by many threads. */
final class Stamping implements KeyMachine.Stamps {
  private final Supplier<Grant> grants;
  private final AtomicReference<@Nullable Stamp> last = new AtomicReference<>();

  Stamping(Supplier<Grant> grants) {
    this.grants = grants;
  }

  @Override
  public Stamp fresh() {
    while (true) {
      Stamp drawn = last.get();
      Stamp next = drawn == null ? Stamp.first(grants.get()) : drawn.next();
      if (last.compareAndSet(drawn, next)) {
        return next;
      }
    }
  }

  @Override
  public boolean drew(Stamp stamp) {
    Stamp drawn = last.get();
    return drawn != null && stamp.isOf(drawn.grant());
  }
}
