package io.idem4j.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;

/**
 * One key, the two ways to it, and what happens to it: a fresh one for every fault. All calls are
 * recorded. For use by one thread.
 */
final class FaultScene {
  private final HistoryRecorder recorder = new HistoryRecorder();
  private final KeyId id = Samples.keyId();
  private final FaultLane lane;
  private final KeyStore store;
  private final KeyStore direct;
  private final KeyRecord answer;
  private final KeyRecord lock;

  FaultScene(FaultLane lane) {
    this.lane = lane;
    this.store = recorder.around(lane.store());
    this.direct = recorder.around(lane.direct());
    KeyRecord held = write(null, Turns.claim(Samples.keyId()));
    this.answer = write(held, Turns.completion(held));
    this.lock = write(null, Turns.claim(Samples.keyId()));
  }

  KeyId id() {
    return id;
  }

  /** The store whose calls are harmed. */
  KeyStore store() {
    return store;
  }

  /** Writes directly; returns the record as it then stands. */
  KeyRecord write(KeyRecord before, KeyRecord next) {
    Stamp expected = before == null ? Stamp.ABSENT : before.stamp();
    assertThat(Expect.decided(direct, expected, next))
        .as("a write without a fault")
        .isInstanceOf(CasResult.Applied.class);
    return next.resolveSlots(before);
  }

  /** Claims the key and writes a checkpoint. */
  KeyRecord held() {
    KeyRecord claimed = write(null, Turns.claim(id));
    return write(claimed, Turns.checkpoint(claimed));
  }

  Optional<StoredRecord> look() {
    return lane.answered("a read without a fault", () -> direct.find(id));
  }

  void awaitExpiry() {
    await("a retention that is over", () -> look().isEmpty());
  }

  void awaitLapse() {
    Duration longest = Turns.LEASE.plus(lane.margin());
    assertThat(look().orElseThrow().leaseLeft())
        .as("what is left of the lease: a key is locked for no longer than that (I19)")
        .isLessThanOrEqualTo(longest);
    await(
        "a lease that is over",
        () -> look().orElseThrow().leaseLeft().compareTo(Duration.ZERO) <= 0);
  }

  private interface Condition {
    boolean holds();
  }

  private void await(String what, Condition condition) {
    long start = System.nanoTime();
    while (!condition.holds()) {
      assertThat(System.nanoTime() - start)
          .as("waiting for " + what)
          .isLessThan(lane.patience().toNanos());
      FaultLane.pause();
    }
  }

  /** Makes calls on other keys through the proxy: each must get its own key's record (I14). */
  void callOthers() {
    for (int i = 0; i <= lane.connections(); i++) {
      mustBe("another key", answer, lane.answered("a read", () -> store.find(answer.keyId())));
      CasResult refused = Expect.decided(store, Stamp.ABSENT, Turns.claim(lock.keyId()));
      assertThat(refused).as("a claim of another, held key").isInstanceOf(CasResult.Refused.class);
      mustBe("another key", lock, ((CasResult.Refused) refused).live());
      KeyId unknown = Samples.keyId();
      assertThat(lane.answered("a read", () -> store.find(unknown)))
          .as("a key that was never written")
          .isEmpty();
    }
  }

  /** Sees to it that the next call meets a connection that is set up and in order. */
  void warmUp() {
    lane.answered("a read", () -> store.find(answer.keyId()));
  }

  static void mustBe(String what, KeyRecord record, Optional<StoredRecord> live) {
    assertThat(live).as("the record of " + what).isPresent();
    Expect.same(live.orElseThrow(), record);
  }

  /** Says whether what is live is this, in every field. */
  static boolean is(Optional<StoredRecord> live, Optional<KeyRecord> record) {
    return live.map(StoredRecord::stamp).equals(record.map(KeyRecord::stamp));
  }

  /**
   * Settles the key directly, as another process would: takes over what is locked, and completes.
   *
   * @param live what must be there
   */
  KeyRecord settle(Optional<KeyRecord> live) {
    KeyRecord record = live.orElse(null);
    if (record != null) {
      mustBe("the key", record, look());
      if (record.state().isTerminal()) {
        return record;
      } else if (record.state() == KeyState.LOCKED) {
        awaitLapse();
      }
    }
    KeyRecord taken = write(record, record == null ? Turns.claim(id) : Turns.takeover(record));
    return write(taken, Turns.completion(taken));
  }

  /** Expects that this is still what everybody sees, and that the history can have happened. */
  void end(KeyRecord last) {
    mustBe("the key in the end", last, look());
    mustBe("the key in the end", last, lane.answered("a read", () -> store.find(id)));
    assertThat(recorder.history().violations()).as("the history checker's findings").isEmpty();
  }
}
