package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History;
import io.idem4j.tck.HistoryRecorder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A store whose calls go through a line or a recorder, and whose scans are another's. */
final class ScannedStore implements RecordScanner {
  private final KeyStore calls;
  private final RecordScanner scans;
  private final HistoryRecorder recorder;
  final List<Integer> pages = new ArrayList<>();
  volatile RuntimeException scanFails;

  /** The key whose writes never get through. */
  volatile KeyId refused;

  volatile Runnable afterScan = () -> {};

  ScannedStore(KeyStore calls, RecordScanner scans) {
    this(calls, scans, null);
  }

  /** What a scan shows is seen as by a read, and the recorder is told so. */
  ScannedStore(KeyStore calls, RecordScanner scans, HistoryRecorder recorder) {
    this.calls = calls;
    this.scans = scans;
    this.recorder = recorder;
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    if (id.equals(refused)) {
      throw KeyStoreException.notApplied(
          KeyStoreException.Reason.UNAVAILABLE, "refused by the test", null);
    }
    return calls.compareAndSet(id, expected, next);
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return calls.find(id);
  }

  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    if (scanFails != null) {
      throw scanFails;
    }
    long invoked = recorder == null ? 0 : recorder.now();
    Page page = scans.scan(kind, limit, from);
    if (recorder != null) {
      page.records().forEach(each -> recorder.add(seen(each, invoked, recorder.now())));
    }
    synchronized (pages) {
      pages.add(limit);
    }
    if (!page.records().isEmpty()) {
      afterScan.run();
    }
    return page;
  }

  private static History.Call seen(StoredRecord record, long invoked, long returned) {
    return new History.Call(
        record.keyId(),
        (int) Thread.currentThread().getId(),
        invoked,
        returned,
        History.Answer.READ,
        Stamp.ABSENT,
        Optional.empty(),
        Optional.of(record));
  }
}
