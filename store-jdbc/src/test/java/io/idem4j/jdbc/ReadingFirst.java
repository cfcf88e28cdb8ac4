package io.idem4j.jdbc;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;

/** A store to which each key that it is to claim is one that it has just refused. */
record ReadingFirst(JdbcKeyStore store) implements RecordPurger, RecordScanner {
  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    store.refused.add(id);
    return store.compareAndSet(id, expected, next);
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return store.find(id);
  }

  @Override
  public int purge(int limit) {
    return store.purge(limit);
  }

  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    return store.scan(kind, limit, from);
  }
}
