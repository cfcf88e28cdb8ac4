package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;

/** One version of a key's record, and the steps during which it was live. */
final class RecordVersion {
  final int life;
  final KeyRecord record;
  final long from;
  final long leaseEnd;
  long until = Long.MAX_VALUE;

  RecordVersion(int life, KeyRecord record, long from, long leaseEnd) {
    this.life = life;
    this.record = record;
    this.from = from;
    this.leaseEnd = leaseEnd;
  }

  KeyState state() {
    return record.state();
  }

  /** Neither a lock nor a mark of doubt on another's grant. */
  boolean isSettlement() {
    return state() == KeyState.FAILED_IN_DOUBT
        ? record.grant().equals(record.stamp().grant())
        : state() != KeyState.LOCKED;
  }

  boolean isOf(Grant grant) {
    return record.stamp().isOf(grant);
  }
}
