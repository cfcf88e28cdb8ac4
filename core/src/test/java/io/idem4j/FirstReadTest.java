package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.spi.TransactionBound;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  /** Calls while each first read fails like this: the claim decides, as if nobody had read. */
  private void assertIsForTheClaim(Supplier<KeyStoreException> failure) {
    Operation<String> operation = reading(id -> true);
    bench.store.beforeRead =
        () -> {
          throw failure.get();
        };
    assertTrips(operation, "k", 1, 2);
    assertTrips(operation, "k", 1, 1);
    assertThat(bench.effects).hasValue(1);
  }

  /** Plain reads may be led elsewhere than writes are. */
  @Test
  void firstRead_thatAReplicaAnswers_isForTheClaim() {
    assertIsForTheClaim(() -> KeyStoreException.notApplied(Reason.READ_ONLY, "test", null));
  }

  @ParameterizedTest
  @EnumSource(names = {"UNAVAILABLE", "CONFLICT", "BUSY"})
  void firstRead_thatFailsForNow_isForTheClaim(Reason reason) {
    assertIsForTheClaim(() -> KeyStoreException.notApplied(reason, "test", null));
  }

  /** However long it took: the claim has a store deadline of its own. */
  @Test
  void firstRead_thatIsNotAnswered_isForTheClaim() {
    assertIsForTheClaim(
        () -> {
          bench.pass(seconds(7));
          return lost();
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"FULL", "TOO_LARGE", "UNREADABLE", "MISCONFIGURED"})
  void firstRead_thatFailsForGood_isATypedErrorAndSendsNothing(Reason reason) {
    Operation<String> operation = reading(id -> true);
    bench.store.beforeRead =
        () -> {
          throw KeyStoreException.notApplied(reason, "test", null);
        };
    assertThatThrownBy(() -> operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining("the operation was not run");
    assertThat(bench.store.reads).isEqualTo(1);
    assertThat(bench.store.writes).isEmpty();
    assertThat(bench.effects).hasValue(0);
  }

  /** A read in a transaction may be of its snapshot, and so of the past. */
  @Test
  void claimInATransaction_isNotReadFirst() {
    Operation<String> operation = reading(id -> true);
    TransactionBound transaction =
        new TransactionBound() {
          @Override
          public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
            return bench.memory.compareAndSet(id, expected, next);
          }

          @Override
          public Optional<StoredRecord> find(KeyId id) {
            throw new AssertionError("read");
          }
        };
    granted(operation.claim(transaction, key("k"), BODY));
    assertThat(bench.store.reads).isZero();
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
