package io.idem4j.jdbc;

/**
 * The part of a caller's transaction that one call writes, behind a savepoint: what is undone
 * leaves the rest of the transaction as it was, and usable. For one thread.
 */
final class CallersPart implements Unit {
  private final OpenTransaction open;
  private final OpenTransaction.Mark begun;

  CallersPart(OpenTransaction open) {
    this.open = open;
    this.begun = open.savepoint();
  }

  @Override
  public OpenTransaction open() {
    return open;
  }

  @Override
  public End keep() {
    open.release(begun);
    return new End(Fate.LEFT_TO_CALLER, null);
  }

  @Override
  public void undo() {
    open.rollBackTo(begun);
    open.release(begun);
  }
}
