package io.idem4j.examples.outbound;

import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.examples.outbound.Ledger.Kind;

/** One way to make an effect at a provider once for each key. Safe for use by many threads. */
interface Example {
  /** What effect it is. */
  Kind kind();

  /** The operation, with its policy. */
  Operation<String> operation();

  /** Makes the effect, and returns the id that the provider knows it by. */
  String run(OperationContext context, Order order) throws Exception;

  /** What the caller calls, as often as it takes. */
  default Outcome<String> call(Scope caller, String key, Order order) throws Exception {
    return operation()
        .execute(operation().key(caller, key), order.fingerprint(), context -> run(context, order));
  }
}
