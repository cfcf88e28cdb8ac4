package io.idem4j;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.UUID;

/** The context of a held key. */
record LeaseContext(HeldKey held) implements OperationContext {
  @Override
  public IdempotencyKey key() {
    return held.request().key();
  }

  @Override
  public int attempt() {
    return held.record().attempt();
  }

  @Override
  public long fence() {
    return held.record().fence();
  }

  @Override
  public String derivedKey(String step) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(derive("idem4j key", step));
  }

  @Override
  public UUID derivedUuid(String step) {
    ByteBuffer derived = ByteBuffer.wrap(derive("idem4j uuid", step));
    long high = (derived.getLong() & 0xFFFF_FFFF_FFFF_0FFFL) | 0x8000L; // version 8
    long low = (derived.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L; // RFC variant
    return new UUID(high, low);
  }

  private byte[] derive(String tag, String step) {
    String name = Text.require(step, "a step name", IdempotencyKey.OPERATION_LENGTH);
    return new Encoding(tag).bytes(held.request().id().bytes()).text(name, "a step name").digest();
  }

  @Override
  public void reference(String reference) {
    held.reference(reference);
  }

  @Override
  public boolean isLeaseLost() {
    return held.isLost();
  }

  @Override
  public String toString() {
    return "OperationContext[attempt=" + attempt() + "]";
  }
}
