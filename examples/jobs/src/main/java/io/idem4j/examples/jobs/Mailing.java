package io.idem4j.examples.jobs;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Recovery;
import io.idem4j.Scope;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Sends mails through a service that knows no keys: each call sends one more. It can be asked for a
 * mail by the id that its sender chose, so the policy is {@link OperationPolicy#recover()}, and the
 * id is derived from the key: the attempt that asks knows the id of the attempt that sent.
 *
 * <p>Asked under the lock of a new holder. <em>Not found</em> means <em>never sent</em> only where
 * the service takes a mail while its sender waits, or not at all, and where two thirds of the lease
 * (after a crash) and the pause (after a lost answer) are longer than a request may be on its way.
 * For a service that takes mails later than that, say <em>unknown</em> until it must have. A holder
 * that was stopped for longer than its lease right before it sends, and goes on then, sends a
 * second mail: only a service that knows keys could tell.
 */
final class Mailing {
  private final Operation<@Nullable Void> operation;
  private final Partners partners;

  /**
   * Makes one.
   *
   * @param pause before the mail service is asked after a lost answer, and between two questions
   */
  Mailing(Idempotency idempotency, Partners partners, Duration lease, Duration pause) {
    this.partners = partners;
    this.operation =
        idempotency
            .operation(
                "mail",
                Codec.nothing(),
                OperationPolicy.recover().withLease(lease).withRecoveryPause(pause))
            .withRecovery(this::wasSent);
  }

  /** Returns the operation, for jobs that send a mail and nothing else. */
  Operation<@Nullable Void> operation() {
    return operation;
  }

  @SuppressWarnings("NullAway") // null is the one value that Void has
  @Nullable Void send(String text, OperationContext context) throws Exception {
    partners.mail(messageId(context), text);
    return null;
  }

  @SuppressWarnings("NullAway") // null is the one value that Void has
  private Recovery.Finding<@Nullable Void> wasSent(OperationContext context) throws Exception {
    return partners.isMailed(messageId(context))
        ? Recovery.Finding.done(null)
        : Recovery.Finding.notDone();
  }

  private static String messageId(OperationContext context) {
    return context.derivedUuid("message").toString();
  }

  /**
   * Sends a mail, as a part of something larger: returns once it was sent, now or before.
   *
   * @throws NotNowException if it is being sent elsewhere, or nobody knows yet whether it was
   * @throws Exception whatever went wrong with the service or the store
   */
  @SuppressWarnings("NullAway") // null is the one value that Void has
  void sendOnce(Scope scope, String id, String text) throws Exception {
    Outcome<@Nullable Void> outcome =
        operation.execute(
            scope,
            id,
            Fingerprint.sha256().part("text", text).build(),
            context -> send(text, context));
    if (outcome instanceof Outcome.InFlight<@Nullable Void> it) {
      throw new NotNowException(it.retryAfter());
    } else if (outcome instanceof Outcome.InDoubt<@Nullable Void> it) {
      throw new NotNowException(it.retryAfter().orElseThrow());
    }
    outcome.orElseThrow();
  }
}
