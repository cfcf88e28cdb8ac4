package io.idem4j.examples.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Idempotency;
import io.idem4j.Lease;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.examples.outbound.Desks.Request;
import io.idem4j.memory.MemoryKeyStore;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** A provider, the examples that call it, and orders to be made once each. */
final class Fixture implements AutoCloseable {
  static final Scope CALLER = Scope.of("shop");
  static final Duration PATIENCE = Duration.ofSeconds(60);

  final FakeProvider provider;
  final ProviderClient client;
  final MemoryKeyStore store = new MemoryKeyStore(100_000);
  final Idempotency idempotency = Idempotency.builder(store).build();
  final List<String> leftovers = new CopyOnWriteArrayList<>();
  private final Duration lease;
  private final Duration horizon;

  private Fixture(long leaseMillis, long timeoutMillis, long delayMillis, long horizonMillis)
      throws IOException {
    lease = Duration.ofMillis(leaseMillis);
    horizon = Duration.ofMillis(horizonMillis);
    provider = new FakeProvider(0, Faults.none(), Duration.ofMillis(delayMillis), horizon);
    client = new ProviderClient(provider.uri(), Duration.ofMillis(timeoutMillis));
    try {
      // The first exchange of a process takes longer than any other.
      patientClient().ask("/ledger/charges");
    } catch (RefusedException | ExpiredException | InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** Callers that wait longer than anything takes: what they meet is what the test plays. */
  static Fixture patient() throws IOException {
    return new Fixture(400, 10_000, 80, 400);
  }

  /** Callers that hang up before a delayed request arrives. */
  static Fixture hasty() throws IOException {
    return new Fixture(400, 200, 300, 1_500);
  }

  /** What is delayed arrives when its sender's lease is over, but not too late. */
  static Fixture slow() throws IOException {
    return new Fixture(600, 200, 900, 2_000);
  }

  /** Callers that hang up before others arrive, too, and delayed transfers that may be too late. */
  static Fixture stormy() throws IOException {
    return new Fixture(200, 50, 80, 200);
  }

  ChargeExample charge() {
    return new ChargeExample(idempotency, client, lease);
  }

  ChargeExample charge(ProviderClient through) {
    return new ChargeExample(idempotency, through, lease);
  }

  ChargeExample charge(InstantSource clock) {
    return new ChargeExample(idempotency, client, lease, clock);
  }

  ShipmentExample shipment() {
    return new ShipmentExample(idempotency, client, lease);
  }

  /** One that does not hang up. */
  ProviderClient patientClient() {
    return new ProviderClient(provider.uri(), PATIENCE);
  }

  InvoiceExample invoice() {
    return invoice(idempotency, client);
  }

  InvoiceExample invoice(Idempotency by, ProviderClient through) {
    return new InvoiceExample(by, through, lease, leftovers::add);
  }

  TransferExample transfer() {
    return transfer(idempotency);
  }

  TransferExample transfer(Idempotency by) {
    return new TransferExample(by, client, lease, horizon);
  }

  List<Example> all() {
    return all(idempotency);
  }

  /** The four, as another process on the same store has them. */
  List<Example> all(Idempotency by) {
    return List.of(
        new ChargeExample(by, client, lease),
        new ShipmentExample(by, client, lease),
        invoice(by, client),
        transfer(by));
  }

  /** What is to be done once, and the key that the client chose for it. */
  record Job(Order order, String key) {
    static Job next(int number) {
      return new Job(new Order("order-" + number, 100 + number), UUID.randomUUID().toString());
    }
  }

  /** A worker that goes on until it has the answer. */
  static Retrying.Answer perform(Example example, Job job) throws Exception {
    return Retrying.untilAnswered(() -> example.call(CALLER, job.key(), job.order()), PATIENCE);
  }

  /** Returns the lease, or nothing if the key is not to be had. */
  static Optional<Lease<String>> claim(Example example, Job job) {
    var key = example.operation().key(CALLER, job.key());
    return example
        .operation()
        .claim(key, job.order().fingerprint())
        .fold(Optional::of, denied -> Optional.empty());
  }

  /**
   * A worker that dies: it has the key, and is gone after the effect, or before it, without a word
   * to the store.
   *
   * @return whether it came so far as to hold the key
   */
  static boolean die(Example example, Job job, boolean isAfterEffect) {
    Optional<Lease<String>> claimed = claim(example, job);
    if (claimed.isEmpty()) {
      return false;
    }
    try (Lease<String> lease = claimed.get()) {
      if (isAfterEffect) {
        example.run(lease.context(), job.order());
      }
    } catch (Exception e) {
      // Dead is dead.
    }
    return true;
  }

  /** Everybody who asks from here on gets this. */
  static void assertReplayed(Example example, Job job, String value) throws Exception {
    Outcome<String> again = example.call(CALLER, job.key(), job.order());
    assertThat(again).isInstanceOf(Outcome.Replayed.class);
    assertThat(again.orElseThrow()).isEqualTo(value);
  }

  void assertOnce(Example example, Job job) {
    assertThat(provider.effects(example.kind()))
        .as("effects, with the faults %s", provider.played())
        .containsEntry(job.order().number(), 1);
  }

  /** The requests that may take effect. */
  List<Request> writes() {
    return provider.seen().stream().filter(request -> !request.method().equals("GET")).toList();
  }

  @Override
  public void close() {
    idempotency.close();
    provider.close();
  }
}
