package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Peers 18: a store that takes its time is not asked again and again, past the wait budget. */
final class WaitBudgetTest {
  /** After so many calls a waiter would not have ended by itself. */
  private static final int ENOUGH = 60;

  private final Bench bench = new Bench();
  private int calls;

  /** Each call waits two seconds for a row, or for a connection. */
  private final class Slow implements KeyStore {
    private final boolean isReadable;

    Slow(boolean isReadable) {
      this.isReadable = isReadable;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      take();
      return calls > ENOUGH ? CasResult.APPLIED : CasResult.BUSY;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      take();
      if (isReadable || calls > ENOUGH) {
        return Optional.empty();
      }
      throw KeyStoreException.notApplied(
          KeyStoreException.Reason.UNAVAILABLE, "there is no connection", null);
    }

    private void take() {
      calls++;
      bench.pass(seconds(2));
    }
  }

  private Operation<String> operation(KeyStore store) {
    return bench
        .engineOn(store)
        .operation("charge", Codec.text(), OperationPolicy.rerun().withWaitBudget(seconds(5)));
  }

  private void assertGivenUp(Object outcome) {
    assertThat(outcome).isInstanceOf(Outcome.InFlight.class);
    // Two seconds each, of five; and what was begun before these were over.
    assertThat(calls).isBetween(3, 6);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void peer18_rowThatStaysLocked_isNotWaitedForPastTheBudget() {
    assertGivenUp(operation(new Slow(true)).execute(key("k"), BODY, bench.effect()));
  }

  @Test
  void peer18_storeThatCannotBeRead_isNotAskedPastTheBudget() {
    assertGivenUp(operation(new Slow(false)).execute(key("k"), BODY, bench.effect()));
  }

  @Test
  void peer18_asynchronously_isTheSame() {
    for (boolean isReadable : new boolean[] {true, false}) {
      calls = 0;
      var outcome =
          operation(new Slow(isReadable))
              .executeAsync(
                  key("k"),
                  BODY,
                  Runnable::run,
                  context -> {
                    throw new AssertionError("run");
                  });
      bench.pass(seconds(1));
      bench.pass(seconds(10));
      assertThat(outcome).isDone();
      assertGivenUp(outcome.join());
    }
  }
}
