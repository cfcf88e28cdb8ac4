package io.idem4j.examples.outbound;

import static io.idem4j.examples.outbound.Fixture.assertReplayed;
import static io.idem4j.examples.outbound.Fixture.die;
import static io.idem4j.examples.outbound.Fixture.perform;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Codec;
import io.idem4j.Lease;
import io.idem4j.Outcome;
import io.idem4j.RecordedFailure;
import io.idem4j.examples.outbound.Desks.Request;
import io.idem4j.examples.outbound.Fixture.Job;
import io.idem4j.examples.outbound.ProviderClient.Call;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Each case with each fault, one after the other. */
class ExamplesTest {
  private final Job job = Job.next(1);
  private Fixture fixture = Fixture.patient();

  ExamplesTest() throws IOException {}

  @AfterEach
  void close() {
    fixture.close();
  }

  /** For requests that arrive after their sender hung up. */
  private void prepare(Fault fault) throws IOException {
    if (fault == Fault.DELAYED) {
      fixture.close();
      fixture = Fixture.hasty();
    }
  }

  /** The first requests have the fault, and what follows gets through. */
  private Retrying.Answer withFault(Example example, Fault... faults) throws Exception {
    fixture.provider.faults(Faults.script(faults));
    Retrying.Answer answer = perform(example, job);
    assertThat(fixture.provider.played()).as("the test's own faults").containsKeys(faults);
    assertReplayed(example, job, answer.value());
    fixture.assertOnce(example, job);
    return answer;
  }

  private List<String> sent(Function<Request, String> what) {
    return fixture.writes().stream().map(what).toList();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void row05_providerWithKeys_everyAttemptSendsOneDerivedKey(Fault fault) throws Exception {
    prepare(fault);
    Example charge = fixture.charge();

    withFault(charge, fault, fault);

    String derived = charge.operation().key(Fixture.CALLER, job.key()).derivedKey("charge");
    assertThat(sent(request -> request.header("idempotency-key"))).containsOnly(derived);
  }

  @Test
  void row05_clientsOwnKey_isNotForwarded() throws Exception {
    for (Example example : fixture.all()) {
      perform(example, job);
    }
    assertThat(fixture.writes()).hasSize(5);
    assertThat(fixture.provider.seen().toString()).doesNotContain(job.key());
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void row06_clientMadeId_everyAttemptSendsOneDerivedId(Fault fault) throws Exception {
    prepare(fault);
    Example shipment = fixture.shipment();

    Retrying.Answer answer = withFault(shipment, fault, fault);

    assertThat(sent(Request::path)).containsOnly("/shipments/" + answer.value());
  }

  @Test
  void row06_idIsAnothers_isAFinalRefusal() throws Exception {
    Example shipment = fixture.shipment();
    String id =
        shipment.operation().key(Fixture.CALLER, job.key()).derivedUuid("shipment").toString();
    fixture.client.send(Call.of("PUT", "/shipments/" + id).about(new Order("another", 1)));

    for (Class<?> origin : List.of(RefusedException.class, Outcome.Failed.class)) {
      Object got;
      try {
        got = shipment.call(Fixture.CALLER, job.key(), job.order());
      } catch (RefusedException e) {
        got = e;
      }
      assertThat(got).isInstanceOf(origin);
    }
    assertThat(fixture.provider.effects(shipment.kind())).doesNotContainKey(job.order().number());
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void row07_draftThenCommit_everyAttemptCommitsTheDraftOfTheStep(Fault fault) throws Exception {
    prepare(fault);
    // The draft gets through, and then its commit has the fault.
    Retrying.Answer answer = withFault(fixture.invoice(), Fault.NONE, fault, fault);

    assertThat(sent(Request::path)).filteredOn(path -> path.equals("/invoices")).hasSize(1);
    assertThat(sent(Request::path))
        .filteredOn(path -> path.endsWith("/commit"))
        .containsOnly("/invoices/" + answer.value() + "/commit");
    assertThat(fixture.leftovers).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"REPLY_LOST", "ERROR_AFTER"})
  void row07_replyOfTheDraftIsLost_theLeftoverGoesToTheHookBeforeTheCommit(Fault fault)
      throws Exception {
    Retrying.Answer answer = withFault(fixture.invoice(), fault);

    assertThat(fixture.leftovers).containsExactly("in_1");
    assertThat(answer.value()).isEqualTo("in_2");
    assertThat(sent(Request::path))
        .containsExactly("/invoices", "/invoices", "/invoices/in_1", "/invoices/in_2/commit");
  }

  @Test
  void row07_committedByAHolderWhoseStepIsNotRecorded_isTheAnswer() throws Exception {
    InvoiceExample invoice = fixture.invoice();
    String reference = invoice.operation().key(Fixture.CALLER, job.key()).derivedKey("invoice");
    fixture.client.send(
        Call.of("POST", "/invoices").about(job.order()).withField("reference", reference));
    fixture.client.send(Call.of("POST", "/invoices/in_1/commit"));

    assertThat(withFault(invoice, Fault.NONE, Fault.REQUEST_LOST).value()).isEqualTo("in_1");
    assertThat(invoice.sweep()).as("its own draft").isEqualTo(1);
  }

  @Test
  void row07_draftThatArrivesLate_isFoundByASweepThatLeavesOpenOnesAlone() throws Exception {
    InvoiceExample invoice = fixture.invoice();
    Job open = Job.next(2);
    fixture.provider.faults(Faults.script(Fault.NONE, Fault.REQUEST_LOST));
    assertThat(die(invoice, open, true)).isTrue();

    withFault(invoice, Fault.DUPLICATED);

    assertThat(fixture.leftovers).as("nobody looked since").isEmpty();
    assertThat(invoice.sweep()).isEqualTo(1);
    assertThat(fixture.leftovers).hasSize(1);
    assertThat(invoice.sweep()).isZero();
    assertThat(perform(invoice, open).value()).as("the draft of the dead").isEqualTo("in_1");
    fixture.assertOnce(invoice, open);
    fixture.assertOnce(invoice, job);
  }

  @ParameterizedTest
  @EnumSource(value = Fault.class, mode = Mode.EXCLUDE, names = "DUPLICATED")
  void row09_existenceCheckUnderLock_finds(Fault fault) throws Exception {
    prepare(fault);
    Example transfer = fixture.transfer();

    Retrying.Answer answer = withFault(transfer, fault);

    boolean isFound = List.of(Fault.REPLY_LOST, Fault.DELAYED, Fault.ERROR_AFTER).contains(fault);
    assertThat(answer.outcome())
        .isInstanceOf(isFound ? Outcome.Recovered.class : Outcome.Executed.class);
  }

  @Test
  void row08_reference_isTheDerivedKeyInEveryRequestAndQuestion() throws Exception {
    fixture.provider.faults(Faults.script(Fault.REQUEST_LOST, Fault.REPLY_LOST));
    TransferExample transfer = fixture.transfer();
    perform(transfer, job);
    String derived = transfer.operation().key(Fixture.CALLER, job.key()).derivedKey("transfer");
    assertThat(sent(request -> request.form().get("reference"))).hasSize(2).containsOnly(derived);
    assertThat(fixture.provider.seen())
        .filteredOn(request -> request.method().equals("GET"))
        .isNotEmpty()
        .allMatch(request -> derived.equals(request.query().get("reference")));
  }

  @Test
  void row09_request_bearsTheTimeThatWasRecordedBefore() throws Exception {
    TransferExample transfer = fixture.transfer();
    try (Lease<String> lease = Fixture.claim(transfer, job).orElseThrow()) {
      fixture.provider.faults(Faults.script(Fault.REQUEST_LOST));
      assertThatThrownBy(() -> transfer.run(lease.context(), job.order()))
          .isInstanceOf(NoAnswerException.class);
      assertThat(lease.context().recordedSteps().value("request 1", Codec.text()))
          .hasValue(sent(request -> request.header("request-time")).get(0));
    }
  }

  @Test
  void row11_keyAndAttempt_areReadInTheContextAndSent() throws Exception {
    fixture.provider.faults(Faults.script(Fault.REQUEST_LOST, Fault.ERROR_BEFORE));
    Example charge = fixture.charge();
    perform(charge, job);
    var key = charge.operation().key(Fixture.CALLER, job.key());
    assertThat(sent(request -> request.header("attempt"))).containsExactly("1", "2", "3");
    assertThat(sent(request -> request.header("idempotency-key")))
        .containsOnly(key.derivedKey("charge"));
    Job next = Job.next(2);
    try (Lease<String> lease = Fixture.claim(charge, next).orElseThrow()) {
      assertThat(lease.context().key().id())
          .isEqualTo(charge.operation().key(Fixture.CALLER, next.key()).id());
      assertThat(lease.context().attempt()).isEqualTo(1);
    }
  }

  @Test
  void row13_outcome_tellsMadeNowFromWasThere() throws Exception {
    Example charge = fixture.charge();
    assertThat(perform(charge, job).origin()).isEqualTo("Executed");
    assertThat(perform(charge, job).origin()).isEqualTo("Replayed");
    TransferExample transfer = fixture.transfer();
    fixture.provider.faults(Faults.script(Fault.REPLY_LOST));
    assertThat(perform(transfer, job).origin()).isEqualTo("Recovered");
    assertThat(perform(transfer, job).origin()).isEqualTo("Replayed");
  }

  @Test
  void row02_refusal_isTheAnswerOfEveryRetryAndIsSentOnce() throws Exception {
    for (Example example : fixture.all()) {
      int before = fixture.writes().size();
      Job nothing = new Job(new Order("order-0", 0), "key");
      Outcome<String> outcome = null;
      for (int time = 0; time < 3; time++) {
        try {
          outcome = example.call(Fixture.CALLER, nothing.key(), nothing.order());
        } catch (RefusedException e) {
          assertThat(time).isZero();
        }
      }
      assertThat(outcome)
          .isEqualTo(new Outcome.Failed<>(RecordedFailure.of("amount-invalid"), Optional.empty()));
      assertThat(fixture.writes()).as("%s", example.kind()).hasSize(before + 1);
      assertThat(fixture.provider.effects(example.kind())).isEmpty();
    }
  }

  @Test
  void row01_workerDies_theNextOneFindsOrRepeatsWithOneEffect() throws Exception {
    Map<Job, Boolean> dying = Map.of(Job.next(2), true, Job.next(3), false);
    for (Example example : fixture.all()) {
      dying.forEach((each, isAfter) -> assertThat(die(example, each, isAfter)).isTrue());
    }
    for (Example example : fixture.all()) {
      for (Map.Entry<Job, Boolean> dead : dying.entrySet()) {
        Retrying.Answer answer = perform(example, dead.getKey());
        assertReplayed(example, dead.getKey(), answer.value());
        fixture.assertOnce(example, dead.getKey());
        boolean isFound = dead.getValue() && example instanceof TransferExample;
        assertThat(answer.origin()).isEqualTo(isFound ? "Recovered" : "Executed");
      }
    }
  }
}
