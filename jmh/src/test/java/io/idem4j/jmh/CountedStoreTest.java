package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which looks of a caller are polls. */
final class CountedStoreTest {
  private static final byte[] ANSWER = new byte[0];

  /** A store that has keys read first, or not. */
  private record Choosing(KeyStore store, boolean readsFirst) implements ReadFirst {
    @Override
    public boolean readsFirst(KeyId id) {
      return readsFirst;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return store.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return store.find(id);
    }
  }

  private static CountedStore counted(boolean readsFirst) {
    return CountedStore.of(new Choosing(new MemoryKeyStore(10), readsFirst));
  }

  private static double polls(Counts.Work<Exception> work) throws Exception {
    double before = Counts.POLLS.ofAll();
    work.run();
    return Counts.POLLS.ofAll() - before;
  }

  @Test
  void lookBeforeAClaim_isNoPoll() throws Exception {
    for (boolean readsFirst : new boolean[] {true, false}) {
      CountedStore store = counted(readsFirst);
      Idem4j calls = new Idem4j(store);
      IdempotencyKey key = calls.prepare("k");
      assertThat(polls(() -> calls.first(key, ANSWER))).isZero();
      assertThat(polls(() -> calls.replay(key))).isZero();
      assertThat(polls(() -> store.find(key.id()))).as("any other look").isEqualTo(1);
      calls.close();
    }
  }
}
