package io.idem4j.examples.outbound;

import io.idem4j.Codec;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.RecordedSteps;
import io.idem4j.Recovery.Finding;
import io.idem4j.Scope;
import io.idem4j.examples.outbound.Ledger.Kind;
import io.idem4j.examples.outbound.ProviderClient.Call;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * The provider has neither keys nor ids of the caller's, but a text field and a list: put the
 * derived key into the field, and look for it before anything is sent again, under the lock.
 *
 * <p>What is not in the list may still arrive. That it cannot any more is the provider's word: it
 * refuses requests that are older than its maximum delay. So each attempt records the time of its
 * request before it sends it, and until the last one is too old the answer is <em>unknown</em>. A
 * worker that stalls with a request in its hands sends one that is refused. There are as many
 * attempts as an operation may have steps, {@value OperationContext#MAXIMUM_STEPS}; then a person
 * has to look.
 *
 * <p>A network that duplicates requests makes two transfers: no caller can prevent that, and of the
 * four this provider alone has no means against it.
 */
public final class TransferExample implements Example {
  private final ProviderClient provider;
  private final Duration horizon;
  private final Operation<String> operation;

  /**
   * Makes the example.
   *
   * @param horizon after what time a request is refused: the provider's maximum delay, and by how
   *     much any two of the clocks may differ, of the provider and of our processes
   */
  TransferExample(
      Idempotency idempotency, ProviderClient provider, Duration lease, Duration horizon) {
    this.provider = provider;
    this.horizon = horizon;
    OperationPolicy policy =
        OperationPolicy.recover()
            .withLease(lease)
            .withRecoveryPause(horizon.dividedBy(4))
            .withFinal(RefusedException.class, RefusedException::recorded);
    this.operation =
        idempotency.operation("transfer", Codec.text(), policy).withRecovery(this::find);
  }

  @Override
  public Kind kind() {
    return Kind.TRANSFERS;
  }

  @Override
  public Operation<String> operation() {
    return operation;
  }

  private static String reference(OperationContext context) {
    return context.derivedKey("transfer");
  }

  @Override
  public String run(OperationContext context, Order order) throws Exception {
    return provider.send(transfer(context, order)).made();
  }

  private Call transfer(OperationContext context, Order order) throws Exception {
    Instant sent = record(context);
    if (context.isLeaseLost()) {
      throw new NoAnswerException("not sent: somebody else may hold the key", null);
    }
    return Call.of("POST", "/transfers")
        .about(order)
        .withField("reference", reference(context))
        .withHeader("Request-Time", sent.toString());
  }

  /**
   * Records when this attempt sends its request, before it does. Each attempt goes by the times of
   * the earlier ones, which are recorded, to its own.
   */
  private static Instant record(OperationContext context) {
    int last = context.recordedSteps().names().size() + 1;
    for (int number = 1; number < last; number++) {
      sent(context, number);
    }
    return sent(context, last);
  }

  private static Instant sent(OperationContext context, int number) {
    return Instant.parse(context.step(name(number), Codec.text(), () -> Instant.now().toString()));
  }

  private static String name(int number) {
    return "request " + number;
  }

  private Finding<String> find(OperationContext context) throws Exception {
    try {
      return look(context);
    } catch (NoAnswerException e) {
      return Finding.unknown();
    }
  }

  private Finding<String> look(OperationContext context) throws Exception {
    // Before the look: what is too old by now, and not in the list then, was never made.
    Instant asked = Instant.now();
    Optional<String> found = listed(context);
    if (found.isPresent()) {
      return Finding.done(found.get());
    }
    RecordedSteps steps = context.recordedSteps();
    int last = steps.names().size();
    if (last < context.attempt() - 1) {
      // An attempt ended before the store had its time, which it took before this one got the key:
      // a step and a lease that is not lost show that. Hold the key until even a request of just
      // now is too old, and look again.
      Thread.sleep(horizon.toMillis() + 1);
      return listed(context).map(Finding::done).orElseGet(Finding::notDone);
    }
    Instant sent = Instant.parse(steps.value(name(last), Codec.text()).orElseThrow());
    return asked.isAfter(sent.plus(horizon)) ? Finding.notDone() : Finding.unknown();
  }

  private Optional<String> listed(OperationContext context) throws Exception {
    return provider.ask("/transfers?reference=" + reference(context)).lines().stream()
        .map(transfer -> transfer.getOrDefault("id", ""))
        .findFirst();
  }

  /** The same, without a thread that waits. */
  CompletableFuture<Outcome<String>> callAsync(
      Scope caller, String key, Order order, Executor storeCalls) {
    return operation.executeAsync(
        operation.key(caller, key),
        order.fingerprint(),
        storeCalls,
        context -> runAsync(context, order));
  }

  private CompletionStage<String> runAsync(OperationContext context, Order order) throws Exception {
    return provider.sendAsync(transfer(context, order)).thenCompose(Reply::madeAsync);
  }

  /** Transfers; the exit status is 0 only if each order was paid out once. */
  public static void main(String[] args) throws Exception {
    System.exit(
        Demo.run(
            args,
            (idempotency, provider, lease) ->
                new TransferExample(
                    idempotency, provider, lease, Demo.MAXIMUM_DELAY.plus(Demo.CLOCKS))));
  }
}
