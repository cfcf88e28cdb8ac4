package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Completer.End;
import io.idem4j.Completer.Run;
import io.idem4j.Recovery.Finding;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** How far a run of a completer goes, and where the next one goes on. */
class CompleterRunsTest {
  private final Bench bench = new Bench();
  private final ScannedStore store = new ScannedStore(bench.store, bench.memory);
  private final Idempotency idempotency = bench.engineOn(store);
  private final Operation<String> hold =
      idempotency.operation("charge", Codec.text(), OperationPolicy.hold());
  private final List<KeyId> asked = new ArrayList<>();
  private Runnable inside = () -> {};
  private Finding<String> finding = Finding.done("found");
  private final Completer<String> completer =
      hold.completer(
          record -> true,
          (record, context) -> {
            asked.add(context.key().id());
            inside.run();
            return finding;
          });

  private void abandon(int keys) {
    for (int i = 0; i < keys; i++) {
      granted(hold.claim(key("k" + i), BODY)).close();
    }
    bench.pass(seconds(30));
  }

  private long completed(int keys) {
    long completed = 0;
    for (int i = 0; i < keys; i++) {
      completed += bench.record("k" + i).state() == KeyState.COMPLETED ? 1 : 0;
    }
    return completed;
  }

  @Test
  void limit_endsARunAndTheNextOneGoesOn() {
    abandon(7);
    finding = Finding.unknown();
    Completer<String> small = completer.withLimit(3).withPageSize(2);
    assertThat(small.run().end()).isEqualTo(End.LIMIT);
    assertThat(small.run().examined()).isEqualTo(3);
    assertThat(asked).as("each once").doesNotHaveDuplicates().hasSize(6);
    assertThat(store.pages).as("pages that it asked for").containsExactly(2, 1, 2, 1);
    small.run();
    assertThat(asked).doesNotHaveDuplicates().hasSize(7);
    Run rest = null;
    for (int i = 0; i < 10 && (rest == null || rest.end() != End.END_OF_SCAN); i++) {
      rest = small.run();
    }
    assertThat(rest.end()).isEqualTo(End.END_OF_SCAN);
    assertThat(asked).as("in doubt, and not due").hasSize(7);
  }

  @Test
  void foreignRecordsInFront_doNotKeepTheOthersWaiting() {
    abandon(9);
    KeyId last =
        bench
            .memory
            .scan(io.idem4j.spi.RecordScanner.Kind.ABANDONED, 100, Optional.empty())
            .records()
            .get(8)
            .keyId();
    hold.execute(key("mine"), BODY, bench.effect());
    List<KeyId> ours = new ArrayList<>();
    Completer<String> picky =
        hold.completer(
                record -> record.fence() == bench.memory.find(last).orElseThrow().record().fence(),
                (record, context) -> {
                  ours.add(context.key().id());
                  return Finding.done("x");
                })
            .withLimit(2);
    for (int i = 0; i < 5; i++) {
      picky.run();
    }
    assertThat(ours).contains(last);
  }

  @Test
  void close_endsTheRunAfterTheRecordAtHand() {
    abandon(5);
    inside = completer::close;
    Run run = completer.run();
    assertThat(run.end()).isEqualTo(End.STOPPED);
    assertThat(run.done()).isEqualTo(1);
    assertThat(completed(5)).isEqualTo(1);
    assertThat(completer.run()).isEqualTo(new Run(End.STOPPED, 0, 0, 0, 0, 0, 0, Optional.empty()));
    assertThat(store.pages).as("nothing is read for it").hasSize(1);
    assertThat(completer.withLimit(10).run().done()).as("another finds the rest").isEqualTo(4);
    assertThat(asked).doesNotHaveDuplicates();
  }

  @Test
  void interrupt_endsTheRunAndStaysSet() {
    abandon(5);
    inside = () -> Thread.currentThread().interrupt();
    Run run = completer.run();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(run.end()).isEqualTo(End.STOPPED);
    assertThat(run.done()).as("what was begun is recorded").isEqualTo(1);
    inside = () -> {};
    Run next = completer.run();
    assertThat(next.end()).isEqualTo(End.END_OF_SCAN);
    assertThat(next.done()).isEqualTo(4);
  }

  @Test
  void closedIdempotency_endsTheRunAndWaitsForTheRecordAtHand() throws Exception {
    abandon(3);
    CompletableFuture<Boolean> idle = new CompletableFuture<>();
    inside =
        () -> {
          try {
            idle.complete(idempotency.close(Duration.ZERO));
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    assertThat(completer.run().end()).isEqualTo(End.STOPPED);
    assertThat(idle.get()).as("idle while a record was in hand").isFalse();
    assertThat(idempotency.close(Duration.ZERO)).isTrue();
    assertThat(completer.run().end()).isEqualTo(End.STOPPED);
    assertThat(completer.run().end()).as("and nothing is under way").isEqualTo(End.STOPPED);
    assertThat(asked).hasSize(1);
  }

  @Test
  void i40_keyThatAnotherHoldsByNow_isLostAndLeftToIt() {
    abandon(1);
    // On another store object, as another process has it: this thread may not call itself.
    Operation<String> elsewhere =
        bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.rerun());
    inside =
        () -> {
          bench.onWrites(Fault.REQUEST_LOST, 200);
          bench.pass(seconds(40));
          bench.line.clearFaults();
          granted(elsewhere.claim(key("k0"), BODY));
        };
    assertThat(completer.run())
        .isEqualTo(new Run(End.END_OF_SCAN, 1, 0, 0, 0, 0, 1, Optional.empty()));
    assertThat(bench.record("k0").state()).isEqualTo(KeyState.LOCKED);
    assertThat(bench.record("k0").attempt()).isEqualTo(3);
    assertThat(bench.events).endsWith("takenOver", "leaseLost");
  }

  @Test
  void runInsideARun_doesNotBegin() {
    abandon(2);
    List<Run> nested = new ArrayList<>();
    inside = () -> nested.add(completer.run());
    assertThat(completer.run().done()).isEqualTo(2);
    assertThat(nested).extracting(Run::end).containsOnly(End.ALREADY_RUNNING);
    assertThat(completer.run().end()).isEqualTo(End.END_OF_SCAN);
  }

  @Test
  void storeThatFails_endsTheRunWithoutLosingThePlace() {
    abandon(6);
    Completer<String> paged = completer.withPageSize(2);
    int[] turn = {0};
    inside =
        () -> {
          if (++turn[0] == 3) {
            bench.onWrites(Fault.REPLY_LOST, 0);
            store.scanFails =
                KeyStoreException.notApplied(
                    KeyStoreException.Reason.UNAVAILABLE, "no connection", null);
          }
        };
    Run failed = paged.run();
    assertThat(failed.end()).isEqualTo(End.STORE_FAILED);
    assertThat(failed.done()).isEqualTo(4);
    assertThat(failed.failure().orElseThrow().isTransient()).isTrue();
    store.scanFails = null;
    Run rest = paged.run();
    assertThat(rest.end()).isEqualTo(End.END_OF_SCAN);
    assertThat(rest.examined()).as("went on behind the pages that were done").isEqualTo(2);
    assertThat(completed(6)).isEqualTo(6);
  }

  @Test
  void storeThatThrowsWhateverElse_isATypedFailureThatShowsNothing() {
    abandon(1);
    store.scanFails = new IllegalStateException("driver text with " + Canaries.BODY);
    Run failed = completer.run();
    assertThat(failed.end()).isEqualTo(End.STORE_FAILED);
    KeyStoreException failure = failed.failure().orElseThrow();
    assertThat(failure.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN);
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    assertThat(trace.toString()).contains("IllegalStateException").doesNotContain(Canaries.BODY);
    store.scanFails = null;
    assertThat(completer.run().done()).isEqualTo(1);
  }

  /** Records that are left alone are shown again, so that the place of a run can be seen. */
  @Test
  void place_isKeptOverAFailureOfTheStore_butForOneThatTheStoreDoesNotKnow() {
    abandon(6);
    Map<RuntimeException, Integer> examinedByTheNext =
        Map.of(
            KeyStoreException.notApplied(
                KeyStoreException.Reason.UNAVAILABLE, "no connection", null),
            4,
            new MisuseException("this is no place in a scan of this store"),
            6);
    examinedByTheNext.forEach(
        (failure, examined) -> {
          Completer<String> none =
              hold.completer(record -> false, (record, context) -> finding).withPageSize(2);
          store.afterScan = () -> store.scanFails = failure;
          Run failed = none.run();
          assertThat(failed.end()).isEqualTo(End.STORE_FAILED);
          assertThat(failed.examined()).isEqualTo(2);
          store.afterScan = () -> {};
          store.scanFails = null;
          Run next = none.run();
          assertThat(next.end()).isEqualTo(End.END_OF_SCAN);
          assertThat(next.examined()).as("after %s", failure.getMessage()).isEqualTo(examined);
        });
  }

  @Test
  void writesThatFail_endTheRunAndKeepThePageInHand() {
    abandon(4);
    bench.onWrites(Fault.NOT_SENT, 500);
    Run failed = completer.run();
    assertThat(failed.end()).isEqualTo(End.STORE_FAILED);
    assertThat(failed.examined()).isEqualTo(1);
    assertThat(asked).isEmpty();
    bench.line.clearFaults();
    assertThat(completer.run().done()).isEqualTo(4);
  }

  @Test
  void recordOfAnotherFormat_doesNotKeepTheOthersWaiting() {
    abandon(2);
    var live = bench.live("k0");
    // Behind the scan's back: the record is replaced by one of the next release.
    store.afterScan =
        () -> {
          store.afterScan = () -> {};
          Stamp stamp = live.stamp();
          CasResult changed =
              bench.memory.compareAndSet(
                  live.keyId(),
                  stamp,
                  live.record().toBuilder()
                      .stamp(stamp.next())
                      .format(2)
                      .slots(Slots.UNCHANGED)
                      .retention(seconds(100))
                      .build());
          assertThat(changed).isEqualTo(CasResult.APPLIED);
        };
    Run run = completer.run();
    assertThat(run.end()).isEqualTo(End.END_OF_SCAN);
    assertThat(run.done()).isEqualTo(1);
  }

  @Test
  void nodesThatSeeOnePage_beginAtDifferentRecords() {
    abandon(20);
    finding = Finding.unknown();
    List<KeyId> sorted =
        bench
            .memory
            .scan(io.idem4j.spi.RecordScanner.Kind.ABANDONED, 100, Optional.empty())
            .records()
            .stream()
            .map(each -> each.keyId())
            .toList();
    completer.run();
    assertThat(asked).containsExactlyInAnyOrderElementsOf(sorted).isNotEqualTo(sorted);
    Map<KeyId, Long> times =
        asked.stream().collect(Collectors.groupingBy(id -> id, Collectors.counting()));
    assertThat(times.values()).containsOnly(1L);
  }

  @Test
  void vmError_leavesTheKeyToLapseAndReachesTheCaller() {
    abandon(1);
    inside =
        () -> {
          throw new StackOverflowError();
        };
    assertThatThrownBy(completer::run).isInstanceOf(StackOverflowError.class);
    assertThat(bench.record("k0").state()).isEqualTo(KeyState.LOCKED);
    bench.pass(seconds(30));
    inside = () -> {};
    assertThat(completer.run().done()).isEqualTo(1);
  }

  @Test
  void badInput_isRefusedAtOnce() {
    assertThatThrownBy(
            () ->
                bench
                    .operation(OperationPolicy.hold())
                    .completer(record -> true, (record, context) -> Finding.unknown()))
        .as("a store that lists nothing")
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("cannot list");
    assertThatThrownBy(() -> completer.withLimit(0)).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> completer.withPageSize(0)).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> hold.completer(null, (record, context) -> Finding.unknown()))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> hold.completer(record -> true, null))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void keyThatAlwaysFails_keepsTheLaterPagesWaitingForOneRunAlone() {
    abandon(6);
    KeyId first =
        bench
            .memory
            .scan(io.idem4j.spi.RecordScanner.Kind.ABANDONED, 1, Optional.empty())
            .records()
            .get(0)
            .keyId();
    store.refused = first;
    Completer<String> paged = completer.withPageSize(1);
    assertThat(paged.run().end()).isEqualTo(End.STORE_FAILED);
    assertThat(paged.run().end()).as("the same page once more").isEqualTo(End.STORE_FAILED);
    Run rest = paged.run();
    assertThat(rest.end()).isEqualTo(End.END_OF_SCAN);
    assertThat(rest.done()).isEqualTo(5);
    failInDoubt("late");
    assertThat(paged.run().end()).as("known to fail").isEqualTo(End.STORE_FAILED);
    assertThat(paged.run().done()).as("in doubt, behind the abandoned").isEqualTo(1);
    store.refused = null;
    assertThat(paged.run().done()).isEqualTo(1);
    assertThat(completed(6)).isEqualTo(6);
  }

  private void failInDoubt(String value) {
    granted(hold.claim(key(value), BODY)).fail(FailureClassifier.Verdict.inDoubt());
  }
}
