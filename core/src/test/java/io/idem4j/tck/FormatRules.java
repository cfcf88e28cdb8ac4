package io.idem4j.tck;

import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.KeyStoreSubject.Damage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** S10: records of later releases, and broken ones. The invariants I31 and I42 rest here. */
interface FormatRules {
  /** A format that no release has. */
  int LATER = 99;

  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s10_laterFormat_isHandedThroughByFind() {
    KeyRecord later = later(Samples.RETENTION);
    handedThrough(subject().store().find(later.keyId()), later);
    handedThrough(subject().secondInstance().find(later.keyId()), later);
  }

  @Test
  default void s10_laterFormat_isHandedThroughByARefusal() {
    KeyRecord later = later(Samples.RETENTION);
    for (Stamp expected : List.of(Stamp.ABSENT, stamp())) {
      handedThrough(
          Expect.refused(subject().store(), expected, locked(later.keyId(), stamp()).build()),
          later);
    }
    handedThrough(subject().store().find(later.keyId()), later);
  }

  @Test
  default void s10_laterFormat_matchingWriteThrowsAndLeavesIt() {
    KeyRecord later = later(Samples.RETENTION);
    KeyRecord next = completed(later.keyId(), stamp()).build();
    Expect.unreadable(
        "a write that matches a record of a later format",
        () -> subject().store().compareAndSet(later.keyId(), later.stamp(), next));
    handedThrough(subject().store().find(later.keyId()), later);
    Expect.refused(subject().store(), next.stamp(), locked(later.keyId(), stamp()).build());
  }

  @Test
  default void s10_laterFormat_retentionOver_isAbsent() {
    KeyStore store = subject().store();
    for (KeyRecord over : List.of(later(Duration.ZERO), later(StampRules.SHORT))) {
      subject().elapse(StampRules.SHORT);
      Expect.none(store, over.keyId());
      Expect.refusedByNone(store, over.stamp(), locked(over.keyId(), stamp()).build());
      Expect.live(store, Expect.claimed(store, locked(over.keyId(), stamp()).build()));
    }
  }

  @Test
  default void s10_damaged_isATypedErrorAndNeverOverwritten() {
    KeyStore store = subject().store();
    for (Damage damage : damages()) {
      KeyRecord live = Expect.claimed(store, completed(keyId(), stamp()).build());
      KeyId id = live.keyId();
      damage.damage().accept(id);
      KeyRecord next = locked(id, stamp()).build();
      for (int i = 0; i < 2; i++) {
        String what = "with " + damage.name() + ", ";
        Expect.unreadable(what + "a read", () -> store.find(id));
        Expect.unreadable(what + "a claim", () -> store.compareAndSet(id, Stamp.ABSENT, next));
        Expect.unreadable(
            what + "a write of its holder", () -> store.compareAndSet(id, live.stamp(), next));
        Expect.unreadable(
            what + "a write of somebody else", () -> store.compareAndSet(id, stamp(), next));
      }
    }
  }

  @Test
  default void s10_damaged_retentionOver_isAbsent() {
    KeyStore store = subject().store();
    for (Damage damage : damages()) {
      if (damage.expires()) {
        KeyRecord over =
            Expect.claimed(store, completed(keyId(), stamp()).retention(StampRules.SHORT).build());
        damage.damage().accept(over.keyId());
        subject().elapse(StampRules.SHORT);
        assertThatCode(
                () -> {
                  Expect.none(store, over.keyId());
                  KeyRecord next = locked(over.keyId(), stamp()).build();
                  Expect.live(store, Expect.claimed(store, next));
                })
            .as("with %s, past its retention", damage.name())
            .doesNotThrowAnyException();
      }
    }
  }

  private KeyRecord later(Duration retention) {
    return Expect.claimed(
        subject().store(), completed(keyId(), stamp()).format(LATER).retention(retention).build());
  }

  private static void handedThrough(Optional<StoredRecord> found, KeyRecord later) {
    assertThat(found).as("the record of a later format").isPresent();
    StoredRecord read = found.orElseThrow();
    assertThat(read.stamp().bytes()).as("stamp").isEqualTo(later.stamp().bytes());
    assertThat(read.format()).as("format").isEqualTo(LATER);
    assertThat(read.keyId()).as("key id").isEqualTo(later.keyId());
    assertThat(read.retentionLeft())
        .as("retention left")
        .isBetween(Duration.ofMillis(1), later.retention());
    Expect.unreadable("the contents of a record of a later format", read::record);
  }

  private List<Damage> damages() {
    List<Damage> damages = subject().damages();
    if (damages.isEmpty()) {
      throw Expect.skipped("the subject names no damages()");
    }
    return damages;
  }
}
