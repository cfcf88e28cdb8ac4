package io.idem4j.tck;

import static io.idem4j.tck.Samples.bytes;
import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** S4: what goes in comes back. */
interface SlotRules {
  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s04_emptyAndAbsentSlots_differ() {
    List<Slots> all =
        List.of(
            Slots.EMPTY,
            Slots.of(new byte[0], null),
            Slots.of(null, new byte[0]),
            Slots.of(new byte[0], new byte[0]),
            Slots.of(new byte[] {0}, new byte[0]),
            Slots.of(new byte[0], new byte[] {0}));
    KeyId id = keyId();
    KeyRecord last = Expect.claimed(subject().store(), locked(id, stamp()).build());
    for (Slots slots : all) {
      last =
          Expect.applied(
              subject().store(),
              last.stamp(),
              locked(id, last.stamp().next()).slots(slots).build());
      Expect.live(subject().store(), last);
      KeyRecord claimed =
          Expect.claimed(subject().store(), locked(keyId(), stamp()).slots(slots).build());
      Expect.live(subject().secondInstance(), claimed);
      Expect.refusedBy(
          claimed, subject().store(), stamp(), locked(claimed.keyId(), stamp()).build());
    }
  }

  @Test
  default void s04_everyByteValue_comesBack() {
    byte[] all = new byte[1024];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) (i < 512 ? i : 1023 - i);
    }
    byte[] reversed = new byte[256];
    Arrays.fill(reversed, (byte) 0xFF);
    KeyRecord record =
        completed(keyId(), stamp()).slots(Slots.of(all.clone(), reversed.clone())).build();
    Expect.claimed(subject().store(), record);
    Expect.live(
        subject().secondInstance(), record.toBuilder().slots(Slots.of(all, reversed)).build());
  }

  @Test
  default void s04_randomBytes_ofManySizes_comeBack() {
    int limit = subject().maximumSlot().orElse(70_000);
    IntStream.of(0, 1, 2, 127, 128, 255, 256, 257, 4095, 8000, 32_767, 65_535, 65_536, 65_537)
        .filter(size -> size <= limit)
        .forEach(
            size -> {
              KeyRecord payload =
                  completed(keyId(), stamp()).slots(Slots.of(bytes(size), null)).build();
              Expect.claimed(subject().store(), payload);
              Expect.live(subject().secondInstance(), payload);
              KeyRecord checkpoint =
                  Expect.applied(
                      subject().store(),
                      payload.stamp(),
                      locked(payload.keyId(), payload.stamp().next())
                          .slots(Slots.of(null, bytes(size)))
                          .build());
              Expect.live(subject().store(), checkpoint);
            });
  }

  @Test
  default void s04_atTheLimit_isKeptWhole() {
    int limit = limit();
    for (int size : new int[] {limit - 1, limit}) {
      KeyRecord payload = completed(keyId(), stamp()).slots(Slots.of(bytes(size), null)).build();
      Expect.claimed(subject().store(), payload);
      Expect.live(subject().store(), payload);
      KeyRecord checkpoint = locked(keyId(), stamp()).slots(Slots.of(null, bytes(size))).build();
      Expect.claimed(subject().store(), checkpoint);
      Expect.live(subject().store(), checkpoint);
    }
  }

  @Test
  default void s04_overTheLimit_isRefusedAndNothingIsWritten() {
    int over = limit() + 1;
    KeyStore store = subject().store();
    for (Slots slots : List.of(Slots.of(bytes(over), null), Slots.of(null, bytes(over)))) {
      KeyRecord claim = locked(keyId(), stamp()).slots(slots).build();
      tooLarge(claim, Stamp.ABSENT, over);
      Expect.none(store, claim.keyId());
      KeyRecord live = Expect.claimed(store, completed(keyId(), stamp()).build());
      tooLarge(locked(live.keyId(), live.stamp().next()).slots(slots).build(), live.stamp(), over);
      Expect.live(store, live);
      // What was refused for its size may be written in a smaller form.
      Expect.applied(store, live.stamp(), completed(live.keyId(), live.stamp().next()).build());
    }
  }

  @Test
  default void s04_unchangedSlots_stayByteForByte() {
    KeyStore store = subject().store();
    for (Slots slots :
        List.of(
            Slots.of(bytes(300), bytes(5000)),
            Slots.of(null, bytes(17)),
            Slots.of(new byte[0], null),
            Slots.EMPTY)) {
      KeyRecord last = Expect.claimed(store, locked(keyId(), stamp()).slots(slots).build());
      for (int i = 0; i < 3; i++) {
        KeyRecord renewal =
            locked(last.keyId(), last.stamp().next())
                .reference("renewal " + i)
                .slots(Slots.UNCHANGED)
                .build();
        Expect.applied(store, last.stamp(), renewal);
        last = renewal.toBuilder().slots(slots).build();
        Expect.live(subject().secondInstance(), last);
      }
    }
  }

  @Test
  default void s04_unchangedSlots_afterAbsent_areEmpty() {
    KeyStore store = subject().store();
    KeyRecord claim = locked(keyId(), stamp()).slots(Slots.UNCHANGED).build();
    Expect.claimed(store, claim);
    Expect.live(store, claim);
    // Nor does a record that is over leave anything to a claim that comes after it.
    KeyRecord over =
        completed(keyId(), stamp())
            .slots(Slots.of(bytes(50), bytes(60)))
            .retention(Duration.ZERO)
            .build();
    Expect.claimed(store, over);
    KeyRecord next = locked(over.keyId(), stamp()).slots(Slots.UNCHANGED).build();
    Expect.claimed(store, next);
    Expect.live(store, next);
  }

  @Test
  default void s04_writtenSlots_replaceBoth() {
    KeyStore store = subject().store();
    KeyRecord last =
        Expect.claimed(
            store, locked(keyId(), stamp()).slots(Slots.of(bytes(40), bytes(50))).build());
    for (Slots slots : List.of(Slots.of(bytes(3), null), Slots.of(null, bytes(70)), Slots.EMPTY)) {
      last =
          Expect.applied(
              store, last.stamp(), locked(last.keyId(), last.stamp().next()).slots(slots).build());
      Expect.live(store, last);
    }
  }

  @Test
  default void s04_references_comeBack() {
    KeyStore store = subject().store();
    KeyRecord last = Expect.claimed(store, locked(keyId(), stamp()).reference("the first").build());
    String[] references = {
      "",
      " ",
      "trailing blank ",
      null,
      "é",
      "e\u0301",
      "İıŞß ΣΊΣΥΦΟΣ",
      "支払い 💶 👩‍🔬",
      "\u202Eright to left \u05D0",
      "' \" \\ % _ ; -- {tag} ${x} :p ?",
      "line\r\nbreak\ttab\u0001\u007F\uFEFF\uFFFD\uFFFF",
      "x".repeat(KeyRecord.REFERENCE_LENGTH),
      "💶".repeat(KeyRecord.REFERENCE_LENGTH / 4),
    };
    for (String reference : references) {
      last =
          Expect.applied(
              store,
              last.stamp(),
              locked(last.keyId(), last.stamp().next()).reference(reference).build());
      Expect.live(store, last);
    }
  }

  @Test
  default void s04_everyField_atItsExtremes_comesBack() {
    KeyStore store = subject().store();
    long[] fences = {0, 1, Integer.MAX_VALUE + 1L, (1L << 53) + 1, Long.MAX_VALUE};
    int[] attempts = {0, 1, 255, 65_536, Integer.MAX_VALUE};
    Grant[] grants = {
      new Grant(0, 0), new Grant(-1, -1), new Grant(Long.MIN_VALUE, 1), new Grant(1, -1)
    };
    String[] algorithms = {
      "a", "hmac-sha256-v1:key-2026/01", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "x".repeat(100)
    };
    int rounds = 20;
    KeyRecord last = Expect.claimed(store, locked(keyId(), stamp()).build());
    for (int i = 0; i < rounds; i++) {
      byte[] digest = bytes(FingerprintDigest.LENGTH);
      digest[i] = (byte) (i % 2 == 0 ? 0 : 0xFF);
      KeyRecord next =
          locked(last.keyId(), last.stamp().next())
              .state(KeyState.ofCode(1 + i % 5).orElseThrow())
              .fence(fences[i % fences.length])
              .attempt(attempts[i % attempts.length])
              .grant(grants[i % grants.length])
              .fingerprint(new FingerprintDigest(algorithms[i % algorithms.length], digest))
              .build();
      last = Expect.applied(store, last.stamp(), next);
      Expect.live(subject().secondInstance(), last);
    }
  }

  private int limit() {
    return subject()
        .maximumSlot()
        .orElseThrow(() -> Expect.skipped("the subject names no maximumSlot()"));
  }

  private void tooLarge(KeyRecord next, Stamp expected, int size) {
    KeyStoreException e =
        Expect.storeException(() -> subject().store().compareAndSet(next.keyId(), expected, next));
    assertThat(e).as("the error for %d bytes", size).isInstanceOf(PayloadTooLargeException.class);
    assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
  }
}
