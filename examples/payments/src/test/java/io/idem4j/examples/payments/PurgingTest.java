package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PurgingTest {
  /** A store that never purges. */
  private record Failing(CountDownLatch calls) implements RecordPurger {
    @Override
    public int purge(int limit) {
      calls.countDown();
      throw new IllegalStateException("as it happens");
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return Optional.empty();
    }
  }

  @Test
  void purge_throwsAnything_isTriedAgain() throws Exception {
    CountDownLatch calls = new CountDownLatch(3);
    try (Purging purging = new Purging(new Failing(calls), Duration.ofMillis(5))) {
      assertThat(purging).isNotNull();
      assertThat(calls.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }
}
