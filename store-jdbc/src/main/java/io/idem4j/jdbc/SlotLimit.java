package io.idem4j.jdbc;

import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.Slots;
import org.jspecify.annotations.Nullable;

/** How large payload and checkpoint may be, each; what is larger is never sent (S4). */
record SlotLimit(int bytes) {
  void requireFits(Slots slots) {
    requireFits(slots.payload());
    requireFits(slots.checkpoint());
  }

  private void requireFits(byte @Nullable [] slot) {
    if (slot != null && slot.length > bytes) {
      throw new PayloadTooLargeException(slot.length, bytes);
    }
  }
}
