package io.idem4j.examples.jobs;

import io.idem4j.Codec;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import java.time.Duration;

/**
 * An order in three steps: reserve, charge, mail. A later attempt, in whatever process, goes on
 * behind the last step that is recorded.
 *
 * <p>A step may have taken effect without being recorded, so the one step that was under way runs
 * again. Warehouse and bank know keys: both get a derived one, which is the same in each attempt,
 * and the policy of the whole is {@link OperationPolicy#rerun()}. The mail service knows none: the
 * mail is an operation of its own inside of the step, with another policy ({@link Mailing}).
 */
final class OrderJob {
  private final Partners partners;
  private final Mailing mailing;
  private final Operation<String> operation;
  private final Scope scope;

  OrderJob(
      Idempotency idempotency, Scope scope, Partners partners, Mailing mailing, Duration lease) {
    this.partners = partners;
    this.mailing = mailing;
    this.scope = scope;
    this.operation =
        idempotency.operation("order", Codec.text(), OperationPolicy.rerun().withLease(lease));
  }

  /** Returns the operation. Its answer is the receipt. */
  Operation<String> operation() {
    return operation;
  }

  /** Does what is left to do. */
  String run(String order, OperationContext context) throws Exception {
    String reservation =
        context.step(
            "reserve", Codec.text(), () -> partners.reserve(context.derivedKey("reserve"), order));
    String receipt =
        context.step(
            "charge",
            Codec.text(),
            () -> partners.charge(context.derivedKey("charge"), order + " " + reservation));
    mail(order, receipt, context);
    return receipt;
  }

  @SuppressWarnings("NullAway") // null is the one value that Void has
  private void mail(String order, String receipt, OperationContext context) throws Exception {
    context.step(
        "mail",
        Codec.nothing(),
        () -> {
          mailing.sendOnce(scope, order, order + " " + receipt);
          return null;
        });
  }
}
