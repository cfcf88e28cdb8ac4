package io.idem4j.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultCall.Write;
import io.idem4j.tck.FaultProxy.Strike;
import io.idem4j.tck.NetworkFault.Then;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** One call under one fault, and everything that must hold afterwards. */
final class FaultCell {
  private static final Duration LANDING = Duration.ofSeconds(10);
  private static final int PAGE = 100;

  private final FaultLane lane;
  private final FaultCall call;
  private final NetworkFault fault;
  private final int exchange;
  private final FaultScene scene;

  /** What the call under the fault came to: an answer, or the error in place of it. */
  record Outcome<T>(T answer, KeyStoreException error) {
    boolean isCertainlyNot() {
      return answer instanceof CasResult.Busy
          || (error != null && error.certainty() == Certainty.NOT_APPLIED);
    }

    String describe() {
      if (error == null) {
        return answer instanceof CasResult ? answer.getClass().getSimpleName() : "answered";
      }
      String cause = error.getCause() == null ? "" : ": " + error.getCause().getMessage();
      return error.certainty() + " " + error.reason() + cause;
    }
  }

  FaultCell(FaultLane lane, FaultCall call, NetworkFault fault, int exchange) {
    this.lane = lane;
    this.call = call;
    this.fault = fault;
    this.exchange = exchange;
    this.scene = new FaultScene(lane);
  }

  /** Returns how many exchanges the call takes, without a fault. */
  static int exchanges(FaultLane lane, FaultCall call) {
    FaultCell cell = new FaultCell(lane, call, NetworkFault.REPLY_SLOW, 0);
    Runnable issue = cell.prepare();
    cell.scene.warmUp();
    int before = lane.proxy().exchanges();
    issue.run();
    return lane.proxy().exchanges() - before;
  }

  private Runnable prepare() {
    if (call.isWrite()) {
      Write write = call.prepare(scene);
      return () -> scene.store().compareAndSet(scene.id(), write.expected(), write.next());
    }
    return switch (call) {
      case PURGE -> this::purgeOnce;
      case SCAN -> this::scan;
      default -> () -> scene.store().find(scene.id());
    };
  }

  /**
   * Makes the call under the fault.
   *
   * @return what it came to, or nothing if the fault met no exchange of it
   * @throws AssertionError if anything was answered that is not so, or the key or the client is of
   *     no more use
   */
  Optional<String> run() {
    return switch (call) {
      case FIND -> read(Optional.of(scene.held()));
      case FIND_NONE -> read(Optional.empty());
      case PURGE -> purge();
      case SCAN -> scanned();
      default -> write(call.prepare(scene));
    };
  }

  private Optional<String> write(Write write) {
    Supplier<CasResult> issue =
        () -> scene.store().compareAndSet(scene.id(), write.expected(), write.next());
    Strike strike = plan();
    Outcome<CasResult> first = issue(strike, issue);
    if (!strike.hasStruck()) {
      return Optional.empty();
    }
    // What was certainly not applied must not be applied by its own late request either.
    boolean waits = fault == NetworkFault.REQUEST_VERY_LATE && !first.isCertainlyNot();
    if (!waits) {
      land(strike);
    }
    scene.callOthers();
    judge(first, write);
    reissue(write);
    KeyRecord last = scene.settle(write.after());
    if (waits) {
      land(strike);
    }
    scene.end(last);
    return Optional.of(first.describe());
  }

  private void judge(Outcome<CasResult> first, Write write) {
    Optional<StoredRecord> live = scene.look();
    boolean unchanged = FaultScene.is(live, write.before());
    boolean applied = write.matches() && FaultScene.is(live, write.after());
    if (first.error() != null && first.error().certainty() == Certainty.UNKNOWN) {
      assertThat(applied || unchanged).as("what is live is what was or what was sent").isTrue();
    } else if (first.isCertainlyNot()) {
      assertThat(unchanged).as("nothing was applied, as the call said (%s)", first).isTrue();
    } else if (first.answer() instanceof CasResult.Applied) {
      assertThat(applied).as("it was applied, as the call said").isTrue();
    } else if (first.answer() instanceof CasResult.Refused refused) {
      if (write.matches()) {
        assertThat(applied).as("it was refused by nothing but its own effect").isTrue();
      }
      FaultScene.mustBe("the refusal", write.after().orElseThrow(), refused.live());
    } else {
      fail("no answer at all");
    }
  }

  /** Sends the same write again until it is answered, as core does (S8). */
  private void reissue(Write write) {
    CasResult result = Expect.decided(scene.store(), write.expected(), write.next());
    if (result instanceof CasResult.Refused refused) {
      FaultScene.mustBe("the second refusal", write.after().orElseThrow(), refused.live());
    } else {
      assertThat(write.matches()).as("a write that never matched was applied").isTrue();
    }
    FaultScene.mustBe("the key", write.after().orElseThrow(), scene.look());
  }

  private Optional<String> read(Optional<KeyRecord> live) {
    Supplier<Optional<StoredRecord>> issue = () -> scene.store().find(scene.id());
    Strike strike = plan();
    Outcome<Optional<StoredRecord>> first = issue(strike, issue);
    if (!strike.hasStruck()) {
      return Optional.empty();
    }
    land(strike);
    if (first.error() == null) {
      assertThat(FaultScene.is(first.answer(), live)).as("the read saw what is").isTrue();
      live.ifPresent(record -> FaultScene.mustBe("the read", record, first.answer()));
    }
    scene.callOthers();
    assertThat(FaultScene.is(lane.answered("a read", issue), live))
        .as("the next read saw what is")
        .isTrue();
    scene.end(scene.settle(live));
    return Optional.of(first.describe());
  }

  private Optional<String> purge() {
    KeyRecord held = scene.write(null, Turns.claim(scene.id()));
    scene.write(held, Turns.completion(held).toBuilder().retention(Duration.ofMillis(1)).build());
    scene.awaitExpiry();
    Strike strike = plan();
    Outcome<Integer> first = issue(strike, this::purgeOnce);
    if (!strike.hasStruck()) {
      return Optional.empty();
    }
    land(strike);
    if (first.error() == null) {
      assertThat(first.answer()).as("how many were deleted").isBetween(0, PAGE);
    }
    // These live, and must go on living.
    scene.callOthers();
    assertThat(scene.look()).as("a record whose retention is over").isEmpty();
    lane.answered("a purge", this::purgeOnce);
    scene.callOthers();
    scene.end(scene.settle(Optional.empty()));
    return Optional.of(first.describe());
  }

  private int purgeOnce() {
    return ((RecordPurger) lane.store()).purge(PAGE);
  }

  private Optional<String> scanned() {
    KeyRecord held = scene.held();
    KeyRecord doubtful = scene.write(held, Turns.doubt(held));
    Strike strike = plan();
    Outcome<Optional<StoredRecord>> first = issue(strike, this::scan);
    if (!strike.hasStruck()) {
      return Optional.empty();
    }
    land(strike);
    if (first.error() == null) {
      FaultScene.mustBe("the scan", doubtful, first.answer());
    }
    scene.callOthers();
    FaultScene.mustBe("the next scan", doubtful, lane.answered("a scan", this::scan));
    scene.end(scene.settle(Optional.of(doubtful)));
    return Optional.of(first.describe());
  }

  /** Looks for the key's record among those in doubt. */
  private Optional<StoredRecord> scan() {
    RecordScanner scanner = (RecordScanner) lane.store();
    Optional<String> from = Optional.empty();
    do {
      RecordScanner.Page page = scanner.scan(Kind.IN_DOUBT, PAGE, from);
      for (StoredRecord each : page.records()) {
        if (each.keyId().equals(scene.id())) {
          return Optional.of(each);
        }
      }
      from = page.next();
    } while (from.isPresent());
    return Optional.empty();
  }

  private Strike plan() {
    scene.warmUp();
    return lane.proxy().plan(fault, exchange);
  }

  private <T> Outcome<T> issue(Strike strike, Supplier<T> call) {
    try {
      return new Outcome<>(call.get(), null);
    } catch (KeyStoreException e) {
      return new Outcome<>(null, e);
    } catch (RuntimeException e) {
      throw new AssertionError("something else than a KeyStoreException was thrown (S7)", e);
    } finally {
      lane.proxy().takeBack();
      if (!strike.hasStruck()) {
        strike.deliver();
      }
    }
  }

  private void land(Strike strike) {
    if (fault.then() != Then.LATE) {
      return;
    }
    strike.deliver();
    try {
      assertThat(strike.awaitLanding(LANDING)).as("what was late has arrived").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted during a test", e);
    }
  }
}
