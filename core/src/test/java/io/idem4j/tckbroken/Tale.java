package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.Proof;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import io.idem4j.tck.Samples;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A history made by hand: one key, and callers that do what an engine would, or something wrong.
 * Each step takes a nanosecond, and nothing overlaps but a caller's whole call with what others do
 * meanwhile.
 */
final class Tale {
  static final FingerprintDigest REQUEST = Samples.fingerprint();
  static final FingerprintDigest OTHER_REQUEST = Samples.fingerprint();

  final KeyId id = Samples.keyId();
  private final List<Call> calls = new ArrayList<>();
  private final List<Deed> deeds = new ArrayList<>();
  private long now = 100;
  private long fences = 1_000;
  private int callers;
  private KeyRecord live;

  /** Lets time pass: the retention of an hour is over after two. */
  void pass(Duration time) {
    now += time.toNanos();
    if (live != null && time.compareTo(live.retention()) > 0) {
      live = null;
    }
  }

  /** Forgets what is live although its retention runs: a store that loses it. */
  void lose() {
    live = null;
  }

  Caller caller() {
    return new Caller(REQUEST);
  }

  Caller caller(FingerprintDigest offered) {
    return new Caller(offered);
  }

  void isFine() {
    assertThat(violations()).isEmpty();
    Proof.count("history checker", "good histories", 1);
  }

  /** Expects that this rule is found broken, and no other. */
  void breaks(String rule, String what) {
    assertThat(violations())
        .singleElement()
        .asString()
        .startsWith(rule + ": ")
        .contains(what)
        .contains(id.shortDigest());
    Proof.count("history checker", "bad histories", 1);
  }

  /** The violations, whatever order the history is in. */
  private List<String> violations() {
    List<String> violations = History.of(calls, deeds).violations();
    Random random = new Random(42);
    Collections.shuffle(calls, random);
    Collections.shuffle(deeds, random);
    assertThat(History.of(calls, deeds).violations())
        .as("the violations of the same history, shuffled")
        .containsExactlyInAnyOrderElementsOf(violations);
    return violations;
  }

  /** One caller, its claim if it makes one, and the number that joins what it gets. */
  final class Caller {
    private final int number = ++callers;
    private final Grant grant = Samples.grant();
    private final FingerprintDigest offered;
    private final long called = now++;
    private Stamp stamp;
    private KeyRecord held;

    private Caller(FingerprintDigest offered) {
      this.offered = offered;
    }

    /** Takes the key over whatever is live, as the next attempt. */
    Caller claims() {
      return claims(Answer.APPLIED, record -> record);
    }

    Caller claims(Answer answer, UnaryOperator<KeyRecord.Builder> change) {
      KeyRecord.Builder lock =
          Samples.locked(id, fresh())
              .fence(++fences)
              .attempt(live == null ? 1 : live.attempt() + 1)
              .fingerprint(live == null ? offered : live.fingerprint())
              .slots(live == null ? Slots.EMPTY : Slots.UNCHANGED);
      return writes(answer, change.apply(lock).build());
    }

    Caller renews() {
      return writes(KeyState.LOCKED, Slots.UNCHANGED, record -> record);
    }

    Caller completes(String answer) {
      return completes(Answer.APPLIED, answer);
    }

    Caller completes(Answer known, String answer) {
      KeyRecord done =
          settled(KeyState.COMPLETED).slots(Slots.of(sealed(1, "text", answer), null)).build();
      return writes(known, done);
    }

    Caller completesWithoutBody() {
      Slots slots = Slots.of(sealed(2, "text", ""), null);
      return writes(KeyState.COMPLETED, slots, record -> record);
    }

    Caller fails(String code) {
      Slots slots = Slots.of(sealed(3, code, ""), null);
      return writes(KeyState.FAILED_FINAL, slots, record -> record);
    }

    Caller settles(KeyState state) {
      return writes(state, Slots.UNCHANGED, record -> record);
    }

    /** Gives the key back without having run. */
    Caller withdraws() {
      int before = held.attempt() - 1;
      return writes(KeyState.FAILED_RETRYABLE, Slots.UNCHANGED, record -> record.attempt(before));
    }

    /** Marks somebody else's lock as in doubt. */
    Caller marks() {
      return writes(
          Answer.APPLIED,
          live.toBuilder()
              .stamp(fresh())
              .state(KeyState.FAILED_IN_DOUBT)
              .slots(Slots.UNCHANGED)
              .lease(Duration.ZERO)
              .build());
    }

    /** Writes the caller's own record anew, in another state and with a change. */
    Caller writes(KeyState state, Slots slots, UnaryOperator<KeyRecord.Builder> change) {
      return writes(Answer.APPLIED, change.apply(settled(state).slots(slots)).build());
    }

    private KeyRecord.Builder settled(KeyState state) {
      return held.toBuilder().stamp(fresh()).state(state);
    }

    /** Writes over what is live; a write that is not APPLIED here changes nothing yet. */
    Caller writes(Answer answer, KeyRecord next) {
      Stamp expected = live == null ? Stamp.ABSENT : live.stamp();
      add(answer, expected, next, Optional.empty());
      if (next.stamp().isOf(grant) && next.state() == KeyState.LOCKED) {
        held = next;
      }
      if (answer == Answer.APPLIED) {
        live = next.resolveSlots(live);
      }
      return this;
    }

    /** A write of which the reply was lost, and which was applied. */
    Caller loses(Consumer<Caller> write) {
      write.accept(this);
      Call last = calls.remove(calls.size() - 1);
      calls.add(
          new Call(
              last.id(),
              last.thread(),
              last.invoked(),
              Long.MAX_VALUE,
              Answer.MAYBE,
              last.expected(),
              last.next(),
              last.seen()));
      return this;
    }

    /** Sends its own last write again and is refused by it. */
    Caller meetsItself() {
      return refusedBy(Stamp.ABSENT, live, Samples.LEASE, live);
    }

    /** A claim that is refused by what is live, with the whole lease left. */
    Caller isRefused() {
      return isRefused(Samples.LEASE);
    }

    Caller isRefused(Duration leaseLeft) {
      KeyRecord claim = Samples.locked(id, fresh()).fence(++fences).fingerprint(offered).build();
      return refusedBy(Stamp.ABSENT, claim, leaseLeft, live);
    }

    /** A claim that is refused by a lapsed lock, and answered only long after. */
    Caller isRefusedUntilLater(KeyRecord by) {
      refusedBy(Stamp.ABSENT, Samples.locked(id, fresh()).build(), Duration.ZERO, by);
      Call last = calls.remove(calls.size() - 1);
      calls.add(
          new Call(
              last.id(),
              last.thread(),
              last.invoked(),
              last.returned() + 1_000,
              last.answer(),
              last.expected(),
              last.next(),
              last.seen()));
      return this;
    }

    /** A completion that comes too late. */
    Caller isRefusedCompletion(String answer) {
      Slots slots = Slots.of(sealed(1, "text", answer), null);
      KeyRecord late = settled(KeyState.COMPLETED).slots(slots).build();
      return refusedBy(held.stamp(), late, Duration.ZERO, live);
    }

    private Caller refusedBy(Stamp expected, KeyRecord next, Duration left, KeyRecord by) {
      Duration lease = left.compareTo(by.lease()) < 0 ? left : by.lease();
      StoredRecord seen = StoredRecord.of(by, lease, Duration.ofNanos(1));
      add(Answer.REFUSED, expected, next, Optional.of(seen));
      return this;
    }

    Caller starts() {
      return starts(held.fence(), held.attempt());
    }

    Caller starts(long fence, int attempt) {
      deeds.add(
          Deed.of(id, number, Kind.STARTED, now++, Long.MAX_VALUE)
              .offering(List.of(offered))
              .under(fence, attempt));
      return this;
    }

    Caller gets(Kind kind) {
      deeds.add(Deed.of(id, number, kind, called, now++).offering(List.of(offered)));
      return this;
    }

    Caller gets(Kind kind, String answer) {
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      deeds.add(
          Deed.of(id, number, kind, called, now++).offering(List.of(offered)).answering(bytes));
      return this;
    }

    Caller getsFailure(String code) {
      deeds.add(
          Deed.of(id, number, Kind.FAILED_RECORDED, called, now++)
              .offering(List.of(offered))
              .failing(code, new byte[0]));
      return this;
    }

    private void add(Answer answer, Stamp expected, KeyRecord next, Optional<StoredRecord> seen) {
      long invoked = now++;
      long returned = answer == Answer.MAYBE ? Long.MAX_VALUE : now++;
      calls.add(new Call(id, number, invoked, returned, answer, expected, Optional.of(next), seen));
    }

    Stamp fresh() {
      stamp = stamp == null ? Stamp.first(grant) : stamp.next();
      return stamp;
    }

    KeyRecord held() {
      return held;
    }
  }

  KeyRecord live() {
    return live;
  }

  private static byte[] sealed(int kind, String label, String bytes) {
    byte[] name = label.getBytes(StandardCharsets.UTF_8);
    byte[] body = bytes.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(3 + name.length + body.length)
        .put((byte) kind)
        .putShort((short) name.length)
        .put(name)
        .put(body)
        .array();
  }
}
