package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Which keys are read before they are claimed, and what such a read may decide. */
final class FirstReadTest extends EngineGuards {
  /** Reads first the keys that it is told to. */
  private final class Choosing implements ReadFirst {
    private final Predicate<KeyId> choice;

    Choosing(Predicate<KeyId> choice) {
      this.choice = choice;
    }

    @Override
    public boolean readsFirst(KeyId id) {
      return choice.test(id);
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return bench.store.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return bench.store.find(id);
    }
  }

  private Operation<String> reading(Predicate<KeyId> choice) {
    return on(new Choosing(choice), OperationPolicy.rerun());
  }

  private void assertTrips(Operation<String> operation, String value, int reads, int writes) {
    bench.store.reads = 0;
    bench.store.writes.clear();
    assertThat(operation.execute(TENANT, value, BODY, bench.effect()).orElseThrow()).isNotNull();
    assertThat(bench.store.reads).as("reads").isEqualTo(reads);
    assertThat(bench.store.writes).as("writes").hasSize(writes);
  }

  @Test
  void keyThatTheStoreDoesNotReadFirst_isClaimedAtOnce() {
    Operation<String> operation = reading(key("read").id()::equals);
    assertTrips(operation, "read", 1, 2);
    assertTrips(operation, "read", 1, 0);
    assertTrips(operation, "other", 0, 2);
    assertTrips(operation, "other", 0, 1);
  }

  /** A wrong guess costs a read. */
  @Test
  void guessThatChanges_changesNoAnswer() {
    boolean[] guess = {false};
    Operation<String> operation = reading(id -> guess[0] = !guess[0]);
    for (int call = 0; call < 6; call++) {
      assertThat(operation.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
          .isEqualTo("answer 1");
    }
    assertThat(bench.effects).hasValue(1);
  }

  /** Plain reads may be led elsewhere than writes are. */
  @Test
  void firstRead_thatAReplicaAnswers_isForTheClaim() {
    assertIsForTheClaim(Reason.READ_ONLY);
  }

  @Test
  void firstRead_thatFindsTheKeyBusy_isForTheClaim() {
    assertIsForTheClaim(Reason.BUSY);
  }

  private void assertIsForTheClaim(Reason reason) {
    Operation<String> operation = reading(id -> true);
    bench.store.beforeRead =
        () -> {
          throw KeyStoreException.notApplied(reason, "test", null);
        };
    assertTrips(operation, "k", 1, 2);
    assertTrips(operation, "k", 1, 1);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void storeThatCannotSay_isNotReadFirst_andTheListenerIsTold() {
    Operation<String> operation =
        reading(
            id -> {
              throw new IllegalStateException("broken");
            });
    assertTrips(operation, "k", 0, 2);
    assertTrips(operation, "k", 0, 1);
    assertThat(bench.events)
        .containsExactly(
            "storeError UNKNOWN", "claimed", "completed", "storeError UNKNOWN", "replayed");
  }
}
