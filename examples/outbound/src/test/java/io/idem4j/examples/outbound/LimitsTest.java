package io.idem4j.examples.outbound;

import static io.idem4j.examples.outbound.Fixture.perform;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Idempotency;
import io.idem4j.Lease;
import io.idem4j.LeaseLostException;
import io.idem4j.Outcome;
import io.idem4j.examples.outbound.Fixture.Job;
import io.idem4j.examples.outbound.Ledger.Kind;
import io.idem4j.examples.outbound.ProviderClient.Call;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes wrong otherwise, and what goes wrong all the same. */
class LimitsTest {
  private final Job job = Job.next(1);
  private Fixture fixture = Fixture.patient();

  LimitsTest() throws IOException {}

  @AfterEach
  void close() {
    fixture.close();
  }

  private void slow() throws IOException {
    fixture.close();
    fixture = Fixture.slow();
  }

  private int effects(Kind kind) {
    return fixture.provider.effects(kind).getOrDefault(job.order().number(), 0);
  }

  @Test
  void row05_keyThatIsMadeForEachAttempt_chargesTwice() throws Exception {
    fixture.provider.faults(Faults.script(Fault.REPLY_LOST));
    Call charge = Call.of("POST", "/charges").about(job.order());
    assertThatThrownBy(
            () ->
                fixture.client.send(
                    charge.withHeader("Idempotency-Key", UUID.randomUUID().toString())))
        .isInstanceOf(NoAnswerException.class);
    fixture.client.send(charge.withHeader("Idempotency-Key", UUID.randomUUID().toString()));
    assertThat(effects(Kind.CHARGES)).isEqualTo(2);
  }

  @Test
  void row05_keyThatTheProviderForgot_chargesTwice() throws Exception {
    Call charge =
        Call.of("POST", "/charges").about(job.order()).withHeader("Idempotency-Key", "derived");
    fixture.client.send(charge);
    fixture.provider.forgetKeys();
    fixture.client.send(charge);
    assertThat(effects(Kind.CHARGES)).isEqualTo(2);
  }

  /** Retried every five hours, so that the key is kept for as long as anybody likes. */
  @Test
  void row05_retriedForLongerThanTheProviderRemembers_isInDoubtAndChargedOnce() throws Exception {
    Instant[] now = {Instant.now()};
    Example charge = fixture.charge(() -> now[0]);
    for (int hours = 0; hours <= 20; hours += 5) {
      fixture.provider.faults(Faults.script(Fault.REPLY_LOST));
      assertThatThrownBy(() -> charge.call(Fixture.CALLER, job.key(), job.order()))
          .isInstanceOf(NoAnswerException.class);
      now[0] = now[0].plus(Duration.ofHours(5));
    }
    fixture.provider.forgetKeys();
    assertThatThrownBy(() -> charge.call(Fixture.CALLER, job.key(), job.order()))
        .isInstanceOf(ForgottenException.class);
    assertThat(charge.call(Fixture.CALLER, job.key(), job.order()))
        .isInstanceOf(Outcome.InDoubt.class);
    assertThat(effects(Kind.CHARGES)).isEqualTo(1);
  }

  @Test
  void row05_attemptOfWhichNothingIsRecorded_isTakenToBeAsOldAsItCanBe() {
    Instant[] now = {Instant.now()};
    Example charge = fixture.charge(() -> now[0]);
    assertThat(Fixture.die(charge, job, false)).isTrue();
    fixture.provider.faults(Faults.script(Fault.REPLY_LOST));
    assertThatThrownBy(
            () -> {
              while (charge.call(Fixture.CALLER, job.key(), job.order())
                  instanceof Outcome.InFlight) {
                Thread.sleep(20);
              }
            })
        .isInstanceOf(NoAnswerException.class);
    // The dead one may have sent up to 6 h 15 min before.
    now[0] = now[0].plus(Duration.ofHours(17));
    assertThatThrownBy(() -> charge.call(Fixture.CALLER, job.key(), job.order()))
        .isInstanceOf(ForgottenException.class);
    assertThat(effects(Kind.CHARGES)).isEqualTo(1);
  }

  /** Such as the 409 of a provider that is busy with the same key. */
  @Test
  void statusThatIsNoSuccess_isNoAnswer() throws Exception {
    for (Reply reply :
        List.of(
            Reply.of(409, Map.of("id", "ch_1")),
            Reply.error(404, "moved"),
            Reply.of(200, Map.of("ok", "1")))) {
      try (Stub stub = new Stub(reply)) {
        var client = new ProviderClient(stub.uri(), Fixture.PATIENCE);
        Job next = Job.next(1);
        for (Example example :
            List.of(fixture.charge(client), fixture.invoice(fixture.idempotency, client))) {
          assertThatThrownBy(() -> example.call(Fixture.CALLER, next.key(), next.order()))
              .as("%s, %s", example.kind(), reply)
              .isInstanceOf(NoAnswerException.class);
        }
        assertThatThrownBy(
                () ->
                    fixture
                        .charge(client)
                        .callAsync(Fixture.CALLER, next.key(), next.order(), Runnable::run)
                        .get())
            .hasCauseInstanceOf(NoAnswerException.class);
      }
    }
  }

  @Test
  void row07_withoutAStep_everyAttemptCommitsADraftOfItsOwn() throws Exception {
    fixture.provider.faults(Faults.script(Fault.NONE, Fault.REPLY_LOST));
    perform(new Naive.Stepless(fixture.idempotency, fixture.client), job);
    assertThat(effects(Kind.INVOICES)).isEqualTo(2);
  }

  /** The step of the first holder is not recorded, and its commit arrives at the worst moment. */
  @Test
  void row07_committedBetweenTheLookAndTheDeletion_isTheInvoice() throws Exception {
    InvoiceExample invoice = fixture.invoice();
    String reference = invoice.operation().key(Fixture.CALLER, job.key()).derivedKey("invoice");
    assertThat(Fixture.die(invoice, job, false)).isTrue();
    fixture.client.send(
        Call.of("POST", "/invoices").about(job.order()).withField("reference", reference));
    AtomicInteger writes = new AtomicInteger();
    fixture.provider.faults(
        isWrite -> {
          // The second one's draft, and then the deletion of the first one's, which is overtaken.
          if (isWrite && writes.incrementAndGet() == 2) {
            commit("in_1");
          }
          return Fault.NONE;
        });

    assertThat(perform(invoice, job).value()).isEqualTo("in_1");

    assertThat(writes.get()).as("draft, commit by the first, deletion").isEqualTo(3);
    fixture.assertOnce(invoice, job);
    assertThat(fixture.leftovers).isEmpty();
    assertThat(invoice.sweep()).as("the second one's own").isEqualTo(1);
  }

  private void commit(String draft) {
    try {
      fixture.client.send(Call.of("POST", "/invoices/" + draft + "/commit"));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Nobody tells it that its lease is over, and nobody could see its draft in time. */
  @Test
  void row07_draftThatComesWhenTheLeaseIsOver_isNotCommitted() throws Exception {
    slow();
    fixture.provider.faults(Faults.script(Fault.DELAYED));
    var forgetful = new ForgetfulStore(fixture.store);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Idempotency alone = Idempotency.builder(forgetful).executor(renewal -> {}).build()) {
      Example late = fixture.invoice(alone, fixture.patientClient());
      Lease<String> lease = Fixture.claim(late, job).orElseThrow();
      Future<String> first = thread.submit(() -> late.run(lease.context(), job.order()));
      while (fixture.writes().isEmpty()) {
        Thread.sleep(5);
      }
      perform(fixture.invoice(), job);
      assertThatThrownBy(first::get).hasCauseInstanceOf(NoAnswerException.class);
    } finally {
      thread.shutdownNow();
    }
    fixture.assertOnce(fixture.invoice(), job);
  }

  @Test
  void row09_rerunWithoutALook_transfersTwice() throws Exception {
    fixture.provider.faults(Faults.script(Fault.REPLY_LOST));
    perform(new Naive.Rerunning(fixture.idempotency, fixture.client), job);
    assertThat(effects(Kind.TRANSFERS)).isEqualTo(2);
  }

  @Test
  void row09_lookThatDoesNotWaitForWhatIsLate_transfersTwice() throws Exception {
    slow();
    fixture.provider.faults(Faults.script(Fault.DELAYED));
    Example impatient = new Naive.Impatient(fixture.idempotency, fixture.client);
    perform(impatient, job);
    assertThat(effects(Kind.TRANSFERS)).isEqualTo(2);
  }

  @Test
  void row09_networkThatDuplicates_transfersTwiceWhateverTheCallerDoes() throws Exception {
    fixture.provider.faults(Faults.script(Fault.DUPLICATED));
    perform(fixture.transfer(), job);
    assertThat(effects(Kind.TRANSFERS)).isEqualTo(2);
  }

  @Test
  void row09_tooRecentToTell_isUnknownAndNothingIsSent() throws Exception {
    slow();
    TransferExample transfer = fixture.transfer();
    fixture.provider.faults(Faults.script(Fault.REQUEST_LOST));
    assertThatThrownBy(() -> transfer.call(Fixture.CALLER, job.key(), job.order()))
        .isInstanceOf(NoAnswerException.class);
    Outcome<String> outcome = transfer.call(Fixture.CALLER, job.key(), job.order());
    assertThat(outcome).isInstanceOf(Outcome.InDoubt.class);
    assertThat(((Outcome.InDoubt<String>) outcome).retryAfter()).isPresent();
    assertThat(fixture.writes()).hasSize(1);
  }

  @Test
  void row09_timeThatWasNeverRecorded_isTakenForThePresent() throws Exception {
    slow();
    fixture.provider.faults(Faults.script(Fault.DELAYED));
    var forgetful = new ForgetfulStore(fixture.store);
    Job dead = job;
    try (Idempotency dying = Idempotency.builder(forgetful).executor(renewal -> {}).build()) {
      // One that lost its lease before it could send proves nothing.
      for (int number = 2; fixture.writes().isEmpty(); number++) {
        dead = Job.next(number);
        assertThat(Fixture.die(fixture.transfer(dying), dead, true)).isTrue();
      }
    }

    Retrying.Answer answer = perform(fixture.transfer(), dead);

    fixture.assertOnce(fixture.transfer(), dead);
    Fixture.assertReplayed(fixture.transfer(), dead, answer.value());
    assertThat(forgetful.forgotten).hasPositiveValue();
  }

  @Test
  void row09_requestOlderThanTheMaximumDelay_isRefusedAndDoesNothing() {
    Call late =
        Call.of("POST", "/transfers")
            .about(job.order())
            .withHeader("Request-Time", Instant.now().minusSeconds(1).toString());
    assertThatThrownBy(() -> fixture.client.send(late)).isInstanceOf(ExpiredException.class);
    assertThat(effects(Kind.TRANSFERS)).isZero();
  }

  @Test
  void row10_workerThatStalledPastItsLease_makesNoSecondEffectAndRecordsNothing() throws Exception {
    // A process that is stopped renews nothing.
    try (Idempotency stopped = Idempotency.builder(fixture.store).executor(renewal -> {}).build()) {
      Map<Example, Lease<String>> leases = new LinkedHashMap<>();
      for (Example stalled : fixture.all(stopped)) {
        leases.put(stalled, Fixture.claim(stalled, job).orElseThrow());
      }
      Iterator<Example> others = fixture.all().iterator();
      for (Map.Entry<Example, Lease<String>> each : leases.entrySet()) {
        Example stalled = each.getKey();
        Lease<String> lease = each.getValue();
        Example other = others.next();
        String value = perform(other, job).value();
        assertThat(lease.context().isLeaseLost()).isTrue();

        if (stalled instanceof ShipmentExample) {
          assertThat(stalled.run(lease.context(), job.order())).isEqualTo(value);
        } else {
          assertThatThrownBy(() -> stalled.run(lease.context(), job.order()))
              .isInstanceOf(LeaseLostException.class);
        }
        Outcome<String> own = lease.complete("its own");

        assertThat(own.orElseThrow()).isEqualTo(value);
        assertThat(effects(stalled.kind())).as("%s", stalled.kind()).isOne();
        Fixture.assertReplayed(other, job, value);
      }
    }
  }
}
