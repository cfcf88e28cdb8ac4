package io.idem4j.tck;

import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.History.Call;
import java.util.List;

/**
 * One life of a key: its versions in order, from a write over nothing until the retention of the
 * last was over, or until the history ends.
 */
record Life(List<Version> versions) {
  /**
   * One version of a record.
   *
   * @param record what was written, its slots filled in
   * @param write the call that wrote it
   * @param earliest the earliest instant at which it can have been written
   */
  record Version(KeyRecord record, Call write, long earliest) {
    KeyState state() {
      return record.state();
    }

    Stamp stamp() {
      return record.stamp();
    }

    /** The claim that wrote it. */
    Grant writer() {
      return record.stamp().grant();
    }
  }

  Version last() {
    return versions.get(versions.size() - 1);
  }

  FingerprintDigest fingerprint() {
    return versions.get(0).record().fingerprint();
  }
}
