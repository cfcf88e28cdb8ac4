package io.idem4j.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/**
 * Random calls against a store and against a map that does what the rules say: every answer must be
 * the same, field by field. A jqwik class: a failure prints its seed and the shortest calls that
 * still fail. A store's author extends it beside {@link KeyStoreContract}.
 *
 * <p>No time passes: a retention is an hour or zero.
 */
public abstract class KeyStoreProperties {
  private static final int KEYS = 3;

  private KeyStoreSubject subject;

  /** What a write expects. */
  enum Expected {
    ABSENT,
    /** The stamp that was applied last, whether it still lives or not. */
    LATEST,
    /** One that was applied before it. */
    STALE,
    /** The latest with its counter moved: same claim, other write. */
    SIBLING,
    /** The latest of another key. */
    NEIGHBOUR,
    RANDOM
  }

  /** What a write does with the slots. */
  enum Content {
    UNCHANGED,
    EMPTY,
    BYTES
  }

  /** What a call does. */
  enum Verb {
    FIND,
    WRITE,
    /** The last write of the key once more, as it was. */
    REPEAT
  }

  /**
   * One call.
   *
   * @param key which of the keys
   * @param instance which of the two instances
   * @param record the written fields; its key id and stamp are replaced
   * @param sameClaim whether the new stamp continues the claim of the latest
   */
  record Step(
      Verb verb,
      int key,
      int instance,
      Expected expected,
      Content content,
      boolean live,
      boolean sameClaim,
      KeyRecord record) {
    @Override
    public String toString() {
      return verb == Verb.WRITE
          ? "write(key %d, instance %d, expecting %s, slots %s, %s, %s)"
              .formatted(key, instance, expected, content, live ? "live" : "over", record)
          : "%s(key %d, instance %d)".formatted(verb, key, instance);
    }
  }

  private record Write(Stamp expected, KeyRecord next) {}

  /** What the rules say. */
  private static final class Model {
    private final Map<KeyId, KeyRecord> live = new HashMap<>();
    private final Map<KeyId, List<Stamp>> applied = new HashMap<>();
    private final Map<KeyId, Write> last = new HashMap<>();

    boolean write(Write write) {
      KeyId id = write.next().keyId();
      last.put(id, write);
      KeyRecord old = live.get(id);
      if (!write.expected().equals(old == null ? Stamp.ABSENT : old.stamp())) {
        return false;
      }
      stamps(id).add(write.next().stamp());
      if (write.next().retention().isZero()) {
        live.remove(id);
      } else {
        live.put(id, write.next().resolveSlots(old));
      }
      return true;
    }

    List<Stamp> stamps(KeyId id) {
      return applied.computeIfAbsent(id, each -> new ArrayList<>());
    }

    Stamp latest(KeyId id) {
      List<Stamp> stamps = stamps(id);
      return stamps.isEmpty() ? Samples.stamp() : stamps.get(stamps.size() - 1);
    }

    Stamp stale(KeyId id) {
      List<Stamp> stamps = stamps(id);
      return stamps.size() < 2 ? Samples.stamp() : stamps.get(stamps.size() / 2 - 1);
    }
  }

  /** Makes what the property runs against; its backend may be shared with other tests. */
  protected abstract KeyStoreSubject newSubject() throws Exception;

  @BeforeProperty
  final void makeSubject() throws Exception {
    subject = newSubject();
  }

  @AfterProperty
  final void closeSubject() {
    if (subject != null) {
      subject.close();
    }
  }

  @Property(tries = 300)
  void sequences_ofRandomCalls_areAnsweredAsTheModelSays(@ForAll("steps") List<Step> steps) {
    List<KeyId> ids = new ArrayList<>();
    for (int i = 0; i < KEYS; i++) {
      ids.add(Samples.keyId());
    }
    Model model = new Model();
    for (Step step : steps) {
      KeyStore store = step.instance() == 0 ? subject.store() : subject.secondInstance();
      KeyId id = ids.get(step.key());
      Write last = model.last.get(id);
      if (step.verb() == Verb.WRITE) {
        write(store, model, write(step, model, id, ids.get((step.key() + 1) % KEYS)));
      } else if (step.verb() == Verb.REPEAT && last != null) {
        write(store, model, last);
      } else {
        compare(store.find(id), model.live.get(id));
      }
    }
    for (KeyId id : ids) {
      compare(subject.store().find(id), model.live.get(id));
    }
  }

  private static void write(KeyStore store, Model model, Write write) {
    KeyId id = write.next().keyId();
    CasResult result = store.compareAndSet(id, write.expected(), write.next());
    if (model.write(write)) {
      assertThat(result).isInstanceOf(CasResult.Applied.class);
    } else {
      assertThat(result).isInstanceOf(CasResult.Refused.class);
      compare(((CasResult.Refused) result).live(), model.live.get(id));
    }
  }

  private static void compare(Optional<StoredRecord> read, KeyRecord written) {
    assertThat(read.isPresent()).as("a record is live").isEqualTo(written != null);
    read.ifPresent(live -> Expect.same(live, written));
  }

  private static Write write(Step step, Model model, KeyId id, KeyId neighbour) {
    Stamp latest = model.latest(id);
    Stamp expected =
        switch (step.expected()) {
          case ABSENT -> Stamp.ABSENT;
          case LATEST -> latest;
          case STALE -> model.stale(id);
          case SIBLING -> latest.next();
          case NEIGHBOUR -> model.latest(neighbour);
          case RANDOM -> Samples.stamp();
        };
    Slots slots =
        switch (step.content()) {
          case UNCHANGED -> Slots.UNCHANGED;
          case EMPTY -> Slots.EMPTY;
          case BYTES -> step.record().slots();
        };
    // Never the stamp of an earlier write: only REPEAT sends one twice.
    Stamp fresh = latest.next();
    boolean isNew = !model.stamps(id).contains(fresh) && step.sameClaim();
    KeyRecord next =
        step.record().toBuilder()
            .keyId(id)
            .stamp(isNew && !fresh.equals(expected) ? fresh : Samples.stamp())
            .slots(slots)
            .retention(step.live() ? Samples.RETENTION : Duration.ZERO)
            .build();
    return new Write(expected, next);
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    return Combinators.combine(
            Arbitraries.frequency(
                Tuple.of(6, Verb.WRITE), Tuple.of(2, Verb.FIND), Tuple.of(1, Verb.REPEAT)),
            Arbitraries.frequency(Tuple.of(5, 0), Tuple.of(1, 1), Tuple.of(1, 2)),
            Arbitraries.integers().between(0, 1),
            Arbitraries.frequency(
                Tuple.of(4, Expected.LATEST),
                Tuple.of(4, Expected.ABSENT),
                Tuple.of(1, Expected.STALE),
                Tuple.of(1, Expected.SIBLING),
                Tuple.of(1, Expected.NEIGHBOUR),
                Tuple.of(1, Expected.RANDOM)),
            Arbitraries.frequency(
                Tuple.of(2, Content.UNCHANGED),
                Tuple.of(1, Content.EMPTY),
                Tuple.of(3, Content.BYTES)),
            Arbitraries.integers().between(0, 2).map(dice -> dice > 0),
            Arbitraries.of(true, false),
            records())
        .as(Step::new)
        .list()
        .ofMinSize(15)
        .ofMaxSize(40);
  }

  private static Arbitrary<KeyRecord> records() {
    Arbitrary<byte[]> slot = Arbitraries.bytes().array(byte[].class).ofMaxSize(300).injectNull(0.2);
    Arbitrary<FingerprintDigest> fingerprint =
        Combinators.combine(
                Arbitraries.strings().withCharRange('!', '~').ofMinLength(1).ofMaxLength(100),
                Arbitraries.bytes().array(byte[].class).ofSize(FingerprintDigest.LENGTH))
            .as(FingerprintDigest::new);
    Arbitrary<String> reference =
        Arbitraries.strings()
            .withCharRange('\u0001', '\uD7FF')
            .ofMaxLength(KeyRecord.REFERENCE_LENGTH / 3)
            .injectNull(0.3);
    return Combinators.combine(
            Arbitraries.of(KeyState.class).filter(state -> state != KeyState.NEW),
            Arbitraries.longs().greaterOrEqual(0),
            Arbitraries.integers().greaterOrEqual(0),
            Combinators.combine(Arbitraries.longs(), Arbitraries.integers()).as(Grant::new),
            fingerprint,
            reference,
            Combinators.combine(slot, slot).as(Slots::of),
            Arbitraries.frequencyOf(
                    Tuple.of(1, Arbitraries.just(0L)),
                    Tuple.of(2, Arbitraries.longs().between(1, 100_000_000)))
                .map(Duration::ofMillis))
        .as(
            (state, fence, attempt, grant, print, text, slots, lease) ->
                Samples.locked(Samples.keyId(), Samples.stamp())
                    .state(state)
                    .fence(fence)
                    .attempt(attempt)
                    .grant(grant)
                    .fingerprint(print)
                    .reference(text)
                    .slots(slots)
                    .lease(lease)
                    .build());
  }
}
