package io.idem4j.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.RecordScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Every call of a store under every {@link NetworkFault}, behind the store's real driver: no wrong
 * answer, no key that stays locked, no client that goes on with the remainder of an earlier reply
 * (S7, S8, S12; I14, I16, I17, I19, I20, I22, I23). A store's author extends this class beside
 * {@link KeyStoreContract}, if the store reaches its backend over TCP.
 *
 * <p>A cell of the table is one call, one fault, and one of the exchanges that the call is made of.
 * The call must answer truly: Applied only if it was applied, Refused only by what is live and does
 * not match (its own effect included), {@code NOT_APPLIED} only if it was not applied and never is,
 * and else {@code UNKNOWN}. Then the same client is used at once for other keys, and must get their
 * records; the same call is sent again and must be settled as S8 says; another client must be able
 * to settle the key within its lease; and what arrives very late must change nothing any more. All
 * calls are recorded, and {@link History} must have no objection. A fault that met nothing is a
 * failure.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class KeyStoreFaults {
  private static final int LANES = 12;
  private static final int ATTEMPTS = 3;

  private FaultSubject subject;
  private ExecutorService pool;
  private final BlockingQueue<FaultLane> lanes = new LinkedBlockingQueue<>();

  /** Makes what all tests of the class run against. */
  protected abstract FaultSubject newSubject() throws Exception;

  @BeforeAll
  final void open() throws Exception {
    subject = newSubject();
    pool = Executors.newFixedThreadPool(LANES, task -> FaultLink.daemon("lane", task));
    for (int i = 0; i < LANES; i++) {
      lanes.add(new FaultLane(subject, 1 + i % 2));
    }
  }

  @AfterAll
  final void close() {
    if (pool != null) {
      pool.shutdownNow();
    }
    for (FaultLane lane = lanes.poll(); lane != null; lane = lanes.poll()) {
      lane.close();
    }
    if (subject != null) {
      subject.close();
    }
  }

  @TestFactory
  final Stream<DynamicTest> claim_ofAnAbsentKey() throws Exception {
    return cells(FaultCall.CLAIM);
  }

  @TestFactory
  final Stream<DynamicTest> claim_overAnExpiredRecord() throws Exception {
    return cells(FaultCall.CLAIM_EXPIRED);
  }

  @TestFactory
  final Stream<DynamicTest> claim_refusedInFlight() throws Exception {
    return cells(FaultCall.CLAIM_IN_FLIGHT);
  }

  @TestFactory
  final Stream<DynamicTest> claim_refusedByAnAnswer() throws Exception {
    return cells(FaultCall.REPLAY);
  }

  @TestFactory
  final Stream<DynamicTest> renewal_withUnchangedSlots() throws Exception {
    return cells(FaultCall.RENEWAL);
  }

  @TestFactory
  final Stream<DynamicTest> checkpoint() throws Exception {
    return cells(FaultCall.CHECKPOINT);
  }

  @TestFactory
  final Stream<DynamicTest> complete() throws Exception {
    return cells(FaultCall.COMPLETION);
  }

  @TestFactory
  final Stream<DynamicTest> fail_final() throws Exception {
    return cells(FaultCall.FINAL_FAILURE);
  }

  @TestFactory
  final Stream<DynamicTest> fail_retryable() throws Exception {
    return cells(FaultCall.RELEASE);
  }

  @TestFactory
  final Stream<DynamicTest> takeover_ofALapsedLock() throws Exception {
    return cells(FaultCall.TAKEOVER);
  }

  @TestFactory
  final Stream<DynamicTest> complete_byAStaleHolder() throws Exception {
    return cells(FaultCall.STALE_COMPLETION);
  }

  @TestFactory
  final Stream<DynamicTest> find_ofALiveRecord() throws Exception {
    return cells(FaultCall.FIND);
  }

  @TestFactory
  final Stream<DynamicTest> find_ofNone() throws Exception {
    return cells(FaultCall.FIND_NONE);
  }

  @TestFactory
  final Stream<DynamicTest> purge() throws Exception {
    if (!has(FaultCall.PURGE)) {
      throw Expect.skipped("the store has no purge");
    }
    return cells(FaultCall.PURGE);
  }

  @TestFactory
  final Stream<DynamicTest> scan() throws Exception {
    if (!has(FaultCall.SCAN)) {
      throw Expect.skipped("the store has no scan");
    }
    return cells(FaultCall.SCAN);
  }

  /** All calls together: a driver that repeats them takes its time until it gives up. */
  @TestFactory
  final Stream<DynamicTest> everyCall_whoseRepliesAreAllLost() throws Exception {
    List<DynamicTest> tests = new ArrayList<>();
    for (FaultCall call : FaultCall.values()) {
      if (has(call)) {
        addCells(tests, call, NetworkFault.REPLIES_ALL_LOST, exchanges(call));
      }
    }
    return tests.stream();
  }

  private boolean has(FaultCall call) {
    return switch (call) {
      case PURGE -> subject.direct() instanceof RecordPurger;
      case SCAN -> subject.direct() instanceof RecordScanner;
      default -> true;
    };
  }

  @Test
  final void randomFaults_manyThreads_leaveALinearizableHistory() throws Exception {
    long seed = seed("idem4j.faults.seed");
    try (FaultLane lane = new FaultLane(subject, 4)) {
      History history;
      int struck;
      try (FaultChaos chaos = new FaultChaos(lane.proxy(), seed)) {
        history = History.record(new Race(lane), 8, 3, 150, seed);
        struck = chaos.end();
      }
      assertThat(lane.history(history).violations()).as("%s, %d faults", history, struck).isEmpty();
      assertThat(struck).as("faults that struck, seed %d", seed).isPositive();
    }
  }

  @Test
  final void randomFaults_wholeEngineThatReruns_givesTrueAnswers() throws Exception {
    engines(OperationPolicy.rerun());
  }

  @Test
  final void randomFaults_wholeEngineThatHolds_givesTrueAnswers() throws Exception {
    engines(OperationPolicy.hold());
  }

  private void engines(OperationPolicy policy) throws Exception {
    long seed = seed("idem4j.faults.seed");
    try (FaultLane lane = new FaultLane(subject, 4)) {
      int struck = new FaultEngines(lane, policy, 25).run(8, 25, seed);
      assertThat(struck).as("faults that struck, seed %d", seed).isPositive();
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }

  private static long seed(String property) {
    return Long.getLong(property, System.nanoTime());
  }

  private Stream<DynamicTest> cells(FaultCall call) throws Exception {
    List<DynamicTest> tests = new ArrayList<>();
    int exchanges = exchanges(call);
    for (NetworkFault fault : NetworkFault.values()) {
      if (!fault.repeats()) {
        addCells(tests, call, fault, exchanges);
      }
    }
    return tests.stream();
  }

  private void addCells(
      List<DynamicTest> tests, FaultCall call, NetworkFault fault, int exchanges) {
    for (int exchange = 1; exchange <= exchanges; exchange++) {
      int number = exchange;
      Future<?> cell = pool.submit(() -> attempt(call, fault, number));
      String name = call + " × " + fault;
      tests.add(
          DynamicTest.dynamicTest(
              exchanges == 1 ? name : name + " × exchange " + number + " of " + exchanges,
              () -> await(cell)));
    }
  }

  /** Counted twice: an exchange that somebody else began is not the call's. */
  private int exchanges(FaultCall call) throws InterruptedException {
    FaultLane lane = lanes.take();
    try {
      int exchanges = Math.min(FaultCell.exchanges(lane, call), FaultCell.exchanges(lane, call));
      assertThat(exchanges).as("exchanges with the server").isPositive();
      return exchanges;
    } finally {
      lanes.add(lane);
    }
  }

  private Void attempt(FaultCall call, NetworkFault fault, int exchange) throws Exception {
    FaultLane lane = lanes.take();
    boolean isSound = false;
    try {
      Optional<String> seen = Optional.empty();
      for (int attempt = 0; attempt < ATTEMPTS && seen.isEmpty(); attempt++) {
        seen = new FaultCell(lane, call, fault, exchange).run();
      }
      log(fault, seen.orElseThrow(() -> new AssertionError("the fault struck nothing")));
      isSound = true;
      return null;
    } finally {
      lanes.add(isSound ? lane : replaced(lane));
    }
  }

  /** What one cell left in disorder is not the next one's fault. */
  private FaultLane replaced(FaultLane lane) {
    lane.close();
    try {
      return new FaultLane(subject, lane.connections());
    } catch (Exception e) {
      // A closed one fails the cells that need it; with none they would wait for ever.
      return lane;
    }
  }

  private void log(NetworkFault fault, String seen) {
    StoreUnderTest named = getClass().getAnnotation(StoreUnderTest.class);
    if (named != null) {
      FaultLog.add(named.value(), fault, seen);
    }
  }

  private static void await(Future<?> cell) throws Exception {
    try {
      cell.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AssertionError error) {
        throw error;
      }
      throw e;
    }
  }

  /** Half of the threads reach the server through the proxy. */
  private record Race(FaultLane lane) implements KeyStoreSubject {
    @Override
    public KeyStore store() {
      return lane.store();
    }

    @Override
    public KeyStore secondInstance() {
      return lane.direct();
    }
  }
}
