package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.http.Quotas.ExceededException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

final class QuotasTest {
  private static final Scope A = Scope.of("a");
  private static final Scope B = Scope.of("b");

  private final Quotas quotas = new Quotas();

  private static HttpPolicy.Settings limits(int perScope, int perKey) {
    return HttpPolicy.of(OperationPolicy.rerun()).withQuota(perScope, perKey).settings();
  }

  private static KeyId key(Scope scope, String value) {
    return IdempotencyKey.of(scope, "o", value).id();
  }

  private void assertRefused(
      Scope scope, String value, HttpPolicy.Settings limits, boolean ofScope) {
    assertThatThrownBy(() -> quotas.enter(scope, key(scope, value), limits))
        .isInstanceOfSatisfying(
            ExceededException.class, e -> assertThat(e.ofScope()).isEqualTo(ofScope));
  }

  @Test
  void oneMoreOfTheScopeOrOfTheKey_isRefused_andSaysWhichItIs() throws Exception {
    HttpPolicy.Settings limits = limits(2, 1);
    Quotas.Seat first = quotas.enter(A, key(A, "1"), limits);
    assertRefused(A, "1", limits, false);
    Quotas.Seat second = quotas.enter(A, key(A, "2"), limits);
    assertRefused(A, "3", limits, true);
    Quotas.Seat others = quotas.enter(B, key(B, "1"), limits);

    first.close();
    first.close();
    quotas.enter(A, key(A, "3"), limits).close();
    Quotas.Seat again = quotas.enter(A, key(A, "1"), limits);
    assertRefused(A, "4", limits, true);
    List.of(second, others, again).forEach(Quotas.Seat::close);
    assertThat(quotas.size()).isEmpty();
  }

  @Test
  void refusalOfTheKey_givesBackTheScopesPlace() throws Exception {
    HttpPolicy.Settings limits = limits(2, 1);
    Quotas.Seat seat = quotas.enter(A, key(A, "1"), limits);
    for (int i = 0; i < 5; i++) {
      assertRefused(A, "1", limits, false);
    }
    quotas.enter(A, key(A, "2"), limits).close();
    seat.close();
    assertThat(quotas.size()).isEmpty();
  }

  @Test
  void withoutALimit_nothingIsCounted() throws Exception {
    HttpPolicy.Settings none = HttpPolicy.of(OperationPolicy.rerun()).settings();
    Quotas.Seat seat = quotas.enter(A, key(A, "1"), none);
    assertThat(quotas.size()).isEmpty();
    seat.close();
    quotas.enter(A, key(A, "1"), none);
  }

  @Test
  void limitsThatAreNotPositive_areRefused() {
    assertThatThrownBy(() -> limits(0, 1)).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> limits(1, 0)).isInstanceOf(MisuseException.class);
  }

  @Property(tries = 40)
  void randomEntriesAndEnds_byManyThreads_neverPassALimit_andEndAtZero(
      @ForAll @IntRange(min = 1, max = 4) int perScope,
      @ForAll @IntRange(min = 1, max = 3) int perKey,
      @ForAll long seed)
      throws Exception {
    HttpPolicy.Settings limits = limits(perScope, perKey);
    Map<Object, AtomicInteger> inside = new ConcurrentHashMap<>();
    AtomicReference<String> wrong = new AtomicReference<>();
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Random random = new Random(seed + t);
      Thread thread = new Thread(() -> visit(limits, random, inside, wrong, go));
      threads.add(thread);
      thread.start();
    }
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(wrong.get()).isNull();
    assertThat(quotas.size()).isEmpty();
  }

  private void visit(
      HttpPolicy.Settings limits,
      Random random,
      Map<Object, AtomicInteger> inside,
      AtomicReference<String> wrong,
      CountDownLatch go) {
    List<Runnable> leave = new ArrayList<>();
    try {
      go.await();
    } catch (InterruptedException e) {
      wrong.set("interrupted");
    }
    for (int i = 0; i < 60; i++) {
      if (!leave.isEmpty() && random.nextBoolean()) {
        leave.remove(random.nextInt(leave.size())).run();
        continue;
      }
      Scope scope = random.nextBoolean() ? A : B;
      KeyId key = key(scope, "k" + random.nextInt(2));
      try {
        Quotas.Seat seat = quotas.enter(scope, key, limits);
        AtomicInteger ofScope = inside.computeIfAbsent(scope, it -> new AtomicInteger());
        AtomicInteger ofKey = inside.computeIfAbsent(key, it -> new AtomicInteger());
        if (ofScope.incrementAndGet() > limits.maximumPerScope
            || ofKey.incrementAndGet() > limits.maximumPerKey) {
          wrong.set("too many at once");
        }
        leave.add(
            () -> {
              ofKey.decrementAndGet();
              ofScope.decrementAndGet();
              seat.close();
              seat.close();
            });
      } catch (ExceededException e) {
        // As it should be, now and then.
      }
    }
    leave.forEach(Runnable::run);
  }
}
