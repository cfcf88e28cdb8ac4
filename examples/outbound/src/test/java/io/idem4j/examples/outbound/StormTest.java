package io.idem4j.examples.outbound;

import static io.idem4j.examples.outbound.Fixture.CALLER;
import static io.idem4j.examples.outbound.Fixture.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Outcome;
import io.idem4j.examples.outbound.Fixture.Job;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Many orders, each by two workers at a time, some of which die, with a fault for every other
 * request. The seed that is printed with a failure gives the same faults, though not to the same
 * requests.
 */
class StormTest {
  private static final int ORDERS = 150;
  private static final long SEED = Long.getLong("idem4j.outbound.seed", System.nanoTime());

  private final Fixture fixture = Fixture.stormy();
  private final ExecutorService workers = Executors.newFixedThreadPool(48);
  private final ExecutorService storeCalls = Executors.newCachedThreadPool();

  StormTest() throws IOException {}

  @AfterEach
  void close() {
    workers.shutdownNow();
    storeCalls.shutdownNow();
    fixture.close();
  }

  /** Makes one call of a worker, blocking or not. */
  private interface Calling {
    Outcome<String> call(Job job) throws Exception;
  }

  private void storm(Example example, EnumSet<Fault> faults, int orders, Calling calling)
      throws Exception {
    fixture.provider.faults(Faults.random(SEED, faults.toArray(Fault[]::new)));
    Random random = new Random(SEED);
    AtomicInteger deaths = new AtomicInteger();
    List<Job> jobs = new ArrayList<>();
    List<Future<Retrying.Answer>> answers = new ArrayList<>();
    for (int number = 0; number < orders; number++) {
      Job job = Job.next(number);
      jobs.add(job);
      int fate = random.nextInt(6);
      for (int worker = 0; worker < 2; worker++) {
        answers.add(
            workers.submit(
                () -> {
                  if (fate < 2 && Fixture.die(example, job, fate == 0)) {
                    deaths.incrementAndGet();
                  }
                  return Retrying.untilAnswered(() -> calling.call(job), PATIENCE);
                }));
      }
    }
    Map<String, Integer> once = new TreeMap<>();
    for (int number = 0; number < orders; number++) {
      Job job = jobs.get(number);
      String first = answers.get(2 * number).get().value();
      assertThat(first).as("the id of %s, seed %d", job.order(), SEED).isNotBlank();
      assertThat(answers.get(2 * number + 1).get().value())
          .as("every retry of %s gets the first answer, seed %d", job.order(), SEED)
          .isEqualTo(first);
      Fixture.assertReplayed(example, job, first);
      once.put(job.order().number(), 1);
    }
    assertThat(fixture.provider.effects(example.kind()))
        .as("effects, seed %d, faults %s", SEED, fixture.provider.played())
        .isEqualTo(once);
    assertThat(fixture.provider.played().keySet())
        .as("faults of the test, seed %d", SEED)
        .containsAll(faults);
    assertThat(deaths.get()).as("dead workers, seed %d", SEED).isGreaterThan(orders / 6);
  }

  private void storm(Example example, EnumSet<Fault> faults) throws Exception {
    storm(example, faults, ORDERS);
  }

  private void storm(Example example, EnumSet<Fault> faults, int orders) throws Exception {
    storm(example, faults, orders, job -> example.call(CALLER, job.key(), job.order()));
  }

  private static Outcome<String> await(Future<Outcome<String>> future) throws Exception {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  private static EnumSet<Fault> all() {
    return EnumSet.complementOf(EnumSet.of(Fault.NONE));
  }

  private static EnumSet<Fault> withoutCopies() {
    return EnumSet.complementOf(EnumSet.of(Fault.NONE, Fault.DUPLICATED));
  }

  @Test
  void row05_providerWithKeys_chargesEachOrderOnce() throws Exception {
    storm(fixture.charge(), all());
  }

  @Test
  void row05_asynchronously_chargesEachOrderOnce() throws Exception {
    ChargeExample charge = fixture.charge();
    storm(
        charge,
        all(),
        ORDERS,
        job -> await(charge.callAsync(CALLER, job.key(), job.order(), storeCalls)));
  }

  @Test
  void row06_clientMadeId_shipsEachOrderOnce() throws Exception {
    storm(fixture.shipment(), all());
  }

  @Test
  void row09_existenceCheckUnderLock_transfersEachOrderOnce() throws Exception {
    storm(fixture.transfer(), withoutCopies());
  }

  @Test
  void row09_existenceCheckAsynchronously_transfersEachOrderOnce() throws Exception {
    TransferExample transfer = fixture.transfer();
    storm(
        transfer,
        withoutCopies(),
        ORDERS,
        job -> await(transfer.callAsync(CALLER, job.key(), job.order(), storeCalls)));
  }

  @Test
  void row07_draftThenCommit_invoicesEachOrderOnceAndLeavesNoDraft() throws Exception {
    InvoiceExample invoice = fixture.invoice();
    storm(invoice, all());

    fixture.provider.faults(Faults.none());
    ProviderClient patient = fixture.patientClient();
    fixture.invoice(fixture.idempotency, patient).sweep();
    assertThat(fixture.leftovers).as("seed %d", SEED).isNotEmpty();
    assertThat(patient.ask("/invoices?state=draft").lines()).isEmpty();
  }

  /** The check can fail: without keys, ids, steps or a look, orders are paid out twice. */
  @Test
  void naive_rerunAgainstAProviderWithoutKeys_isCaught() {
    Example naive = new Naive.Rerunning(fixture.idempotency, fixture.client);
    assertThatThrownBy(() -> storm(naive, withoutCopies(), 40))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("effects");
  }
}
