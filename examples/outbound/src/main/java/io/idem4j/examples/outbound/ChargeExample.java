package io.idem4j.examples.outbound;

import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.examples.outbound.Ledger.Kind;
import io.idem4j.examples.outbound.ProviderClient.Call;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * The provider has idempotency keys: send it the derived key, and repeat. Every attempt sends the
 * same one, so that the provider charges once and answers the same, whoever attempts. The client's
 * own key is not sent: it is the client's, and the provider's keys are ours.
 *
 * <p>A provider forgets keys, and charges again then. Retention is no bound for that: each attempt
 * counts it anew, so that a key which is retried now and then lives for as long as somebody does
 * so. So the first attempt records when it began, and one that comes too late leaves the key in
 * doubt: a person looks at the provider's books.
 */
public final class ChargeExample implements Example {
  /** For how long the provider remembers a key. */
  private static final Duration REMEMBERED = Duration.ofHours(24);

  /**
   * Until when an attempt may send: a request on its way and the clocks take less than the rest.
   */
  private static final Duration LATEST = REMEMBERED.minusHours(1);

  private final ProviderClient provider;
  private final InstantSource clock;
  private final Operation<String> operation;

  /** How much later an attempt begins than the one before, at most: then its key is gone. */
  private final Duration longest;

  ChargeExample(Idempotency idempotency, ProviderClient provider, Duration lease) {
    this(idempotency, provider, lease, InstantSource.system());
  }

  ChargeExample(
      Idempotency idempotency, ProviderClient provider, Duration lease, InstantSource clock) {
    this.provider = provider;
    this.clock = clock;
    OperationPolicy policy =
        OperationPolicy.rerun()
            .withLease(lease)
            .withRetention(REMEMBERED.dividedBy(4))
            .withClassifier(
                failure ->
                    failure instanceof ForgottenException ? Verdict.inDoubt() : Verdict.retryable())
            .withFinal(RefusedException.class, RefusedException::recorded);
    this.operation = idempotency.operation("charge", Codec.text(), policy);
    this.longest = policy.maximumHold().plus(policy.lease()).plus(policy.retention());
  }

  @Override
  public Kind kind() {
    return Kind.CHARGES;
  }

  @Override
  public Operation<String> operation() {
    return operation;
  }

  @Override
  public String run(OperationContext context, Order order) throws Exception {
    return provider.send(charge(context, order)).made();
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

  private CompletionStage<String> runAsync(OperationContext context, Order order)
      throws ForgottenException {
    return provider.sendAsync(charge(context, order)).thenCompose(Reply::madeAsync);
  }

  /** When the first attempt began, or earlier, unless claims without an answer were withdrawn. */
  private Instant begun(OperationContext context) {
    return Instant.parse(
        context.step(
            "begun",
            Codec.text(),
            // Earlier attempts, if there were any, died before they recorded it.
            () -> clock.instant().minus(longest.multipliedBy(context.attempt() - 1L)).toString()));
  }

  private Call charge(OperationContext context, Order order) throws ForgottenException {
    if (clock.instant().isAfter(begun(context).plus(LATEST))) {
      throw new ForgottenException();
    }
    return Call.of("POST", "/charges")
        .about(order)
        .withHeader("Idempotency-Key", context.derivedKey("charge"))
        // For the people who look into it: what the provider does is the same for each attempt.
        .withHeader("Attempt", Integer.toString(context.attempt()));
  }

  /** Charges orders; the exit status is 0 only if each was charged once. */
  public static void main(String[] args) throws Exception {
    System.exit(Demo.run(args, ChargeExample::new));
  }
}
