package io.idem4j;

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
