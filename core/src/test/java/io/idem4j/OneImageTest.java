package io.idem4j;

import static io.idem4j.Bench.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.Grant;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Two processes that were restored from one image: the same clocks, the same random generators, the
 * same counters. Only what the operating system gives anew at each draw may tell them apart (peer
 * 28, bad-input 39).
 */
final class OneImageTest {
  private static final int KEYS = 1_000;

  private final Bench bench = new Bench();

  /** An engine whose whole state is that of the image, but for where its grants come from. */
  private Operation<String> restored(Supplier<Grant> grants, FaultyKeyStore line) {
    return Idempotency.builder(line)
        .timing(bench.timing)
        .grants(grants)
        .random(new Random(42))
        .executor(Runnable::run)
        .build()
        .operation("charge", Codec.text(), OperationPolicy.rerun());
  }

  /** Both call under the same keys at the same time; the first one's replies are often lost. */
  private int effectsOfBoth(Supplier<Grant> first, Supplier<Grant> second) {
    FaultyKeyStore line = new FaultyKeyStore(bench.memory);
    Operation<String> one = restored(first, line);
    Operation<String> other = restored(second, new FaultyKeyStore(bench.memory));
    for (int i = 0; i < KEYS; i++) {
      String value = "k" + i;
      line.onWrites(i % 2 == 0 ? Fault.REPLY_LOST : Fault.NONE);
      one.execute(
          key(value),
          Bench.BODY,
          context -> {
            // While the first one runs, the second one is asked too.
            other.execute(key(value), Bench.BODY, bench.effect());
            return "answer " + bench.effects.incrementAndGet();
          });
    }
    return bench.effects.get();
  }

  @Test
  void peer28_twoEnginesFromOneImage_shareNoStampAndRunEachKeyOnce() {
    Set<Grant> drawn = new HashSet<>();
    List<Grant> all = new ArrayList<>();
    Grants one = new Grants();
    Grants other = new Grants();
    int effects = effectsOfBoth(recorded(one, all), recorded(other, all));
    assertThat(effects).isEqualTo(KEYS);
    drawn.addAll(all);
    assertThat(drawn).as("no grant twice").hasSameSizeAs(all).hasSizeGreaterThan(KEYS);
  }

  private static Supplier<Grant> recorded(Supplier<Grant> grants, List<Grant> into) {
    return () -> {
      Grant grant = grants.get();
      into.add(grant);
      return grant;
    };
  }

  /**
   * That the test above can fail: with randomness from the image, both take the lock for theirs.
   */
  @Test
  void peer28_randomnessFromTheImage_wouldRunKeysTwice() {
    assertThat(effectsOfBoth(fromTheImage(), fromTheImage())).isGreaterThan(KEYS);
  }

  private static Supplier<Grant> fromTheImage() {
    Random state = new Random(7);
    return () -> new Grant(state.nextLong(), state.nextInt());
  }

  /** What the source reads ahead is state, too: each draw must ask the operating system. */
  @Test
  void peer28_draws_areNeverReadAhead() {
    Spy spy = new Spy();
    Grants grants = new Grants(new SpyRandom(spy));
    for (int i = 0; i < 10; i++) {
      assertThat(grants.get()).isNotNull();
    }
    assertThat(spy.fromTheSystem).isEqualTo(10);
    assertThat(spy.readAhead).isZero();
  }

  private static final class SpyRandom extends SecureRandom {
    private static final long serialVersionUID = 1L;

    SpyRandom(Spy spy) {
      super(spy, null);
    }
  }

  private static final class Spy extends SecureRandomSpi {
    private static final long serialVersionUID = 1L;
    private int fromTheSystem;
    private int readAhead;

    @Override
    protected void engineSetSeed(byte[] seed) {}

    @Override
    protected void engineNextBytes(byte[] bytes) {
      readAhead++;
    }

    @Override
    protected byte[] engineGenerateSeed(int numBytes) {
      fromTheSystem++;
      return new byte[numBytes];
    }
  }
}
