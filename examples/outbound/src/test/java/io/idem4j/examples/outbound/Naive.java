package io.idem4j.examples.outbound;

import io.idem4j.Codec;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Recovery.Finding;
import io.idem4j.examples.outbound.Ledger.Kind;
import io.idem4j.examples.outbound.ProviderClient.Call;
import java.time.Duration;
import java.time.Instant;

/** What looks right and is not. */
final class Naive {
  private static final Duration LEASE = Duration.ofMillis(200);

  private Naive() {}

  private static Call transfer(OperationContext context, Order order) {
    return Call.of("POST", "/transfers")
        .about(order)
        .withField("reference", context.derivedKey("transfer"))
        .withHeader("Request-Time", Instant.now().toString());
  }

  /** Repeats although the provider cannot tell a repetition. */
  record Rerunning(Operation<String> operation, ProviderClient provider) implements Example {
    Rerunning(Idempotency idempotency, ProviderClient provider) {
      this(
          idempotency.operation("transfer", Codec.text(), OperationPolicy.rerun().withLease(LEASE)),
          provider);
    }

    @Override
    public Kind kind() {
      return Kind.TRANSFERS;
    }

    @Override
    public String run(OperationContext context, Order order) throws Exception {
      return provider.send(transfer(context, order)).field("id");
    }
  }

  /** Looks, and takes what is not there yet for what will never be. */
  record Impatient(Operation<String> operation, ProviderClient provider) implements Example {
    Impatient(Idempotency idempotency, ProviderClient provider) {
      this(
          idempotency
              .operation("transfer", Codec.text(), OperationPolicy.recover())
              .withRecovery(
                  context ->
                      provider
                          .ask("/transfers?reference=" + context.derivedKey("transfer"))
                          .lines()
                          .stream()
                          .map(there -> there.getOrDefault("id", ""))
                          .findFirst()
                          .map(Finding::done)
                          .orElseGet(Finding::notDone)),
          provider);
    }

    @Override
    public Kind kind() {
      return Kind.TRANSFERS;
    }

    @Override
    public String run(OperationContext context, Order order) throws Exception {
      return provider.send(transfer(context, order)).field("id");
    }
  }

  /** Makes a draft in each attempt, because none is recorded. */
  record Stepless(Operation<String> operation, ProviderClient provider) implements Example {
    Stepless(Idempotency idempotency, ProviderClient provider) {
      this(
          idempotency.operation("invoice", Codec.text(), OperationPolicy.rerun().withLease(LEASE)),
          provider);
    }

    @Override
    public Kind kind() {
      return Kind.INVOICES;
    }

    @Override
    public String run(OperationContext context, Order order) throws Exception {
      String draft = provider.send(Call.of("POST", "/invoices").about(order)).field("id");
      provider.send(Call.of("POST", "/invoices/" + draft + "/commit"));
      return draft;
    }
  }
}
