package io.idem4j.memory;

import io.idem4j.KeyId;
import io.idem4j.LincheckRuns;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ParameterGenerator;
import org.jetbrains.lincheck.datastructures.RandomProvider;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The memory store against a map without threads (I1, S1, S2, S3): whatever calls run beside each
 * other, their answers are those of some order of them.
 */
@Tag("lincheck")
class MemoryKeyStoreLincheckTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final FingerprintDigest FINGERPRINT =
      new FingerprintDigest("sha256-v1", new byte[FingerprintDigest.LENGTH]);
  private static final List<KeyId> IDS = List.of(id(1), id(2));

  /** Made before the runs: there every step counts. */
  private static final List<KeyRecord> KEPT = records(LONG);

  private static final List<KeyRecord> DROPPED = records(Duration.ZERO);

  private static KeyId id(int number) {
    byte[] bytes = new byte[KeyId.LENGTH];
    bytes[KeyId.LENGTH - 1] = (byte) number;
    return KeyId.of(bytes);
  }

  private static List<KeyRecord> records(Duration retention) {
    return IntStream.range(0, 28)
        .mapToObj(number -> record(IDS.get(number % 2), 1 + number / 2, retention))
        .toList();
  }

  private static KeyRecord record(KeyId id, int stamp, Duration retention) {
    return KeyRecord.builder()
        .keyId(id)
        .stamp(new Stamp(1, stamp))
        .state(KeyState.LOCKED)
        .fingerprint(FINGERPRINT)
        .retention(retention)
        .build();
  }

  /** Numbers stamps from 2 to 13: no two of the at most ten writes of a scenario share one. */
  public static final class FreshStamps implements ParameterGenerator<Integer> {
    private static int last = 1;

    /** For Lincheck. */
    public FreshStamps(RandomProvider random, String configuration) {}

    @Override
    public Integer generate() {
      last = last == 13 ? 2 : last + 1;
      return last;
    }
  }

  /** Draws ABSENT, or a stamp of one of the last four writes. */
  public static final class KnownStamps implements ParameterGenerator<Integer> {
    private final Random random;

    /** For Lincheck. */
    public KnownStamps(RandomProvider random, String configuration) {
      this.random = random.createRandom();
    }

    @Override
    public Integer generate() {
      int back = random.nextInt(6);
      return back > 3 ? 0 : Math.floorMod(FreshStamps.last - 2 - back, 12) + 2;
    }
  }

  /** The calls; 0 stands for the stamp ABSENT. */
  private static final class Calls {
    private final KeyStore store;

    Calls(KeyStore store) {
      this.store = store;
    }

    String compareAndSet(int key, int expected, KeyRecord next) {
      CasResult result =
          store.compareAndSet(
              IDS.get(key), expected == 0 ? Stamp.ABSENT : new Stamp(1, expected), next);
      return result instanceof CasResult.Refused refused
          ? "refused by " + stamp(refused.live())
          : result == CasResult.APPLIED ? "applied" : "busy";
    }

    long find(int key) {
      return stamp(store.find(IDS.get(key)));
    }

    private static long stamp(Optional<StoredRecord> live) {
      return live.isPresent() ? live.get().stamp().low() : 0;
    }
  }

  /** Two keys, and a clock that stands still: what is over was written so. */
  public static class TwoKeys {
    private final MemoryKeyStore store = new MemoryKeyStore(100, () -> 0);
    private final Calls calls = new Calls(store);

    /** Writes a record that stays. */
    @Operation
    public String keep(
        @Param(gen = IntGen.class, conf = "0:1") int key,
        @Param(gen = KnownStamps.class) int expected,
        @Param(gen = FreshStamps.class) int next) {
      return calls.compareAndSet(key, expected, KEPT.get(2 * next - 2 + key));
    }

    /** Writes a record that is over at once, and waits in the store to be purged. */
    @Operation
    public String drop(
        @Param(gen = IntGen.class, conf = "0:1") int key,
        @Param(gen = KnownStamps.class) int expected,
        @Param(gen = FreshStamps.class) int next) {
      return calls.compareAndSet(key, expected, DROPPED.get(2 * next - 2 + key));
    }

    /** Looks. */
    @Operation
    public long find(@Param(gen = IntGen.class, conf = "0:1") int key) {
      return calls.find(key);
    }

    /** Changes nothing that anybody may see (S6). */
    @Operation
    public void purge() {
      store.purge(10);
    }

    /** Once nobody calls, exactly the live records are counted. */
    @Validate
    public void size() {
      store.purge(10);
      int live = (calls.find(0) == 0 ? 0 : 1) + (calls.find(1) == 0 ? 0 : 1);
      if (store.size() != live) {
        throw new AssertionError("size " + store.size() + ", live " + live);
      }
    }
  }

  /** What two keys should answer. */
  public static class TwoKeysModel {
    private final Map<Integer, Integer> live = new HashMap<>();

    /** Keeps the next stamp. */
    public String keep(int key, int expected, int next) {
      int present = live.getOrDefault(key, 0);
      if (present != expected) {
        return "refused by " + present;
      }
      live.put(key, next);
      return "applied";
    }

    /** Keeps nothing. */
    public String drop(int key, int expected, int next) {
      int present = live.getOrDefault(key, 0);
      if (present != expected) {
        return "refused by " + present;
      }
      live.remove(key);
      return "applied";
    }

    /** Looks. */
    public long find(int key) {
      return live.getOrDefault(key, 0);
    }

    /** Nothing. */
    public void purge() {}
  }

  /**
   * One key with record 1 in it, and a clock that reaches its retention end at some moment. What is
   * written later stays.
   */
  public static class RetentionEnd {
    private final AtomicLong clock = new AtomicLong();
    private final MemoryKeyStore store = new MemoryKeyStore(100, clock::get);
    private final Calls calls = new Calls(store);

    /** Writes record 1. */
    public RetentionEnd() {
      store.compareAndSet(IDS.get(0), Stamp.ABSENT, record(IDS.get(0), 1, Duration.ofNanos(1)));
    }

    /** Writes a record that stays. */
    @Operation
    public String keep(
        @Param(gen = IntGen.class, conf = "0:1") int expected,
        @Param(gen = FreshStamps.class) int next) {
      return calls.compareAndSet(0, expected, KEPT.get(2 * next - 2));
    }

    /** Looks. */
    @Operation
    public long find() {
      return calls.find(0);
    }

    /** Changes nothing that anybody may see (S6). */
    @Operation
    public void purge() {
      store.purge(10);
    }

    /** Time passes. */
    @Operation
    public void pass() {
      clock.incrementAndGet();
    }
  }

  /** What one key should answer whose first record ends when time passes. */
  public static class RetentionEndModel {
    private int stored = 1;
    private boolean passed;

    private int live() {
      return stored == 1 && passed ? 0 : stored;
    }

    /** Keeps the next stamp. */
    public String keep(int expected, int next) {
      if (live() != expected) {
        return "refused by " + live();
      }
      stored = next;
      return "applied";
    }

    /** Looks. */
    public long find() {
      return live();
    }

    /** Nothing. */
    public void purge() {}

    /** Ends record 1. */
    public void pass() {
      passed = true;
    }
  }

  /** Checks, and then sets: what a store must not do. */
  private static final class CheckThenSet implements KeyStore {
    private final Map<KeyId, KeyRecord> records = new ConcurrentHashMap<>();

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      Optional<StoredRecord> live = find(id);
      if (!live.map(StoredRecord::stamp).orElse(Stamp.ABSENT).equals(expected)) {
        return new CasResult.Refused(live);
      }
      records.put(id, next);
      return CasResult.APPLIED;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return Optional.ofNullable(records.get(id))
          .map(record -> StoredRecord.of(record, Duration.ZERO, LONG));
    }
  }

  /** Calls to the broken store. */
  public static class Broken {
    private final Calls calls = new Calls(new CheckThenSet());

    /** Writes a record that stays. */
    @Operation
    public String keep(
        @Param(gen = IntGen.class, conf = "0:1") int key,
        @Param(gen = KnownStamps.class) int expected,
        @Param(gen = FreshStamps.class) int next) {
      return calls.compareAndSet(key, expected, KEPT.get(2 * next - 2 + key));
    }

    /** Looks. */
    @Operation
    public long find(@Param(gen = IntGen.class, conf = "0:1") int key) {
      return calls.find(key);
    }
  }

  @Test
  void i01_twoKeys_modelChecking_answersAsInSomeOrder() {
    LincheckRuns.modelCheck(TwoKeys.class, TwoKeysModel.class, ConcurrentHashMap.class);
  }

  @Test
  void i01_twoKeys_stress_answersAsInSomeOrder() {
    LincheckRuns.stress(TwoKeys.class, TwoKeysModel.class);
  }

  @Test
  void i01_retentionEnd_modelChecking_answersAsInSomeOrder() {
    LincheckRuns.modelCheck(RetentionEnd.class, RetentionEndModel.class);
  }

  @Test
  void i01_retentionEnd_stress_answersAsInSomeOrder() {
    LincheckRuns.stress(RetentionEnd.class, RetentionEndModel.class);
  }

  @Test
  void checkThenSet_modelChecking_isFound() {
    LincheckRuns.modelCheckFinds(Broken.class, TwoKeysModel.class);
  }
}
