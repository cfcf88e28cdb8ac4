package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A race of many threads and two instances for a few keys: each thread reads and writes at random,
 * over what it knows or over nothing.
 */
final class StoreRace {
  private StoreRace() {}

  /** Runs a race on fresh keys; returns all calls. */
  static List<Call> run(KeyStoreSubject subject, int threads, int keys, int callsEach, long seed) {
    List<KeyId> ids = IntStream.range(0, keys).mapToObj(i -> Samples.keyId()).toList();
    try (Together together = new Together(threads)) {
      List<List<Call>> made =
          together.run(
              thread -> {
                KeyStore store = thread % 2 == 0 ? subject.store() : subject.secondInstance();
                Worker worker = new Worker(thread, store, new SplittableRandom(seed + thread));
                for (int i = 0; i < callsEach; i++) {
                  worker.call(ids.get(worker.random.nextInt(keys)));
                }
                return worker.calls;
              });
      return made.stream().flatMap(List::stream).toList();
    }
  }

  private static final class Worker {
    private final int thread;
    private final KeyStore store;
    private final SplittableRandom random;
    private final Map<KeyId, Stamp> known = new HashMap<>();
    private final List<Call> calls = new ArrayList<>();

    Worker(int thread, KeyStore store, SplittableRandom random) {
      this.thread = thread;
      this.store = store;
      this.random = random;
    }

    void call(KeyId id) {
      int dice = random.nextInt(10);
      if (dice < 3) {
        read(id);
      } else {
        Stamp expected = known.getOrDefault(id, Stamp.ABSENT);
        write(id, dice == 3 ? Stamp.ABSENT : expected);
      }
    }

    private void read(KeyId id) {
      long invoked = System.nanoTime();
      try {
        Optional<StoredRecord> seen = store.find(id);
        add(id, invoked, System.nanoTime(), Answer.READ, Stamp.ABSENT, Optional.empty(), seen);
      } catch (KeyStoreException e) {
        // A read without an answer says nothing.
      }
    }

    private void write(KeyId id, Stamp expected) {
      int size = random.nextInt(40);
      KeyRecord record =
          Samples.locked(id, Samples.stamp())
              .fence(random.nextInt(1_000_000))
              .slots(size == 0 ? Slots.UNCHANGED : Slots.of(Samples.bytes(size), null))
              .build();
      Optional<KeyRecord> next = Optional.of(record);
      long first = System.nanoTime();
      boolean unknown = false;
      for (int i = 0; i < 100; i++) {
        long invoked = System.nanoTime();
        try {
          CasResult result = store.compareAndSet(id, expected, record);
          long returned = System.nanoTime();
          if (result instanceof CasResult.Applied) {
            add(id, first, returned, Answer.APPLIED, expected, next, Optional.empty());
            return;
          } else if (result instanceof CasResult.Refused refused) {
            Optional<StoredRecord> live = refused.live();
            if (unknown) {
              boolean mine = live.filter(it -> it.stamp().equals(record.stamp())).isPresent();
              Answer answer = mine ? Answer.APPLIED : Answer.MAYBE;
              add(id, first, returned, answer, expected, next, Optional.empty());
            }
            add(id, invoked, returned, Answer.REFUSED, expected, next, live);
            return;
          }
        } catch (KeyStoreException e) {
          unknown |= e.certainty() == KeyStoreException.Certainty.UNKNOWN;
        }
      }
      if (unknown) {
        add(id, first, Long.MAX_VALUE, Answer.MAYBE, expected, next, Optional.empty());
      }
    }

    private void add(
        KeyId id,
        long invoked,
        long returned,
        Answer answer,
        Stamp expected,
        Optional<KeyRecord> next,
        Optional<StoredRecord> seen) {
      calls.add(new Call(id, thread, invoked, returned, answer, expected, next, seen));
      if (answer == Answer.APPLIED) {
        known.put(id, next.orElseThrow().stamp());
      } else if (answer != Answer.MAYBE) {
        known.put(id, seen.map(StoredRecord::stamp).orElse(Stamp.ABSENT));
      }
    }
  }
}
