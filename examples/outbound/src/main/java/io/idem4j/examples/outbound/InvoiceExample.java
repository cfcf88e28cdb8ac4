package io.idem4j.examples.outbound;

import io.idem4j.Codec;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.examples.outbound.Ledger.Kind;
import io.idem4j.examples.outbound.ProviderClient.Call;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The provider has drafts: make one, which has no effect, record its id as a step, and commit it,
 * which may be repeated. Every attempt behind the step commits the same draft.
 *
 * <p>A draft whose reply was lost is left over: nobody knows its id, so nobody commits it. The
 * derived key in its reference says whose it is. Those that are there when a later attempt looks,
 * and those that {@link #sweep} finds, are deleted, and a hook is told.
 *
 * <p>A draft whose step the store never heard of is known to one holder, which commits it if it
 * still has its lease. So whoever holds the key next deletes it, before a draft of its own is
 * committed; and if it cannot be deleted because it was committed meanwhile, it is the invoice.
 */
public final class InvoiceExample implements Example {
  /** Told of each draft that was left over, and is deleted now. */
  @FunctionalInterface
  interface Leftovers {
    /** What it throws before a commit is a failure of that attempt. */
    void deleted(String draft) throws Exception;
  }

  private final ProviderClient provider;
  private final Leftovers leftovers;
  private final Operation<String> operation;

  InvoiceExample(
      Idempotency idempotency, ProviderClient provider, Duration lease, Leftovers leftovers) {
    this.provider = provider;
    this.leftovers = leftovers;
    OperationPolicy policy =
        OperationPolicy.rerun()
            .withLease(lease)
            .withFinal(RefusedException.class, RefusedException::recorded);
    this.operation = idempotency.operation("invoice", Codec.text(), policy);
  }

  @Override
  public Kind kind() {
    return Kind.INVOICES;
  }

  @Override
  public Operation<String> operation() {
    return operation;
  }

  @Override
  public String run(OperationContext context, Order order) throws Exception {
    String reference = context.derivedKey("invoice");
    String draft = context.step("draft", Codec.text(), () -> draft(order, reference));
    if (context.attempt() > 1) {
      // What is gone cannot be committed any more: an earlier holder may have died with a draft
      // that the store never heard of, and with its commit on the way.
      for (Map<String, String> other : invoices("reference=" + reference)) {
        String id = other.getOrDefault("id", "");
        if ("committed".equals(other.get("state"))) {
          return id;
        } else if (!id.equals(draft)) {
          requireHeld(context);
          if (!delete(id)) {
            return id;
          }
        }
      }
    }
    // The step may have taken long, and not be recorded: the next holder may have looked already.
    requireHeld(context);
    if (provider.send(Call.of("POST", "/invoices/" + draft + "/commit")).status() != 200) {
      throw new NoAnswerException("the draft is gone", null);
    }
    return draft;
  }

  private String draft(Order order, String reference) throws Exception {
    Call call = Call.of("POST", "/invoices").about(order).withField("reference", reference);
    return provider.send(call).made();
  }

  private static void requireHeld(OperationContext context) throws NoAnswerException {
    if (context.isLeaseLost()) {
      throw new NoAnswerException("not sent: somebody else may hold the key", null);
    }
  }

  /** Says whether a leftover draft is gone now; if it is not, it was committed meanwhile. */
  private boolean delete(String draft) throws Exception {
    int status = provider.send(Call.of("DELETE", "/invoices/" + draft)).status();
    if (status == 409) {
      return false;
    }
    leftovers.deleted(draft);
    return true;
  }

  /**
   * Looks for drafts that arrived after their invoice was committed. To be run now and then. A
   * draft without a committed invoice of its reference is left alone: somebody may be about to
   * commit it.
   *
   * @return how many were found
   */
  int sweep() throws Exception {
    int found = 0;
    for (Map<String, String> draft : invoices("state=draft")) {
      if (!invoices("state=committed&reference=" + draft.get("reference")).isEmpty()) {
        found += delete(draft.getOrDefault("id", "")) ? 1 : 0;
      }
    }
    return found;
  }

  private List<Map<String, String>> invoices(String query) throws Exception {
    return provider.ask("/invoices?" + query).lines();
  }

  /** Sends invoices; the exit status is 0 only if each order got one. */
  public static void main(String[] args) throws Exception {
    System.exit(
        Demo.run(
            args,
            (idempotency, provider, lease) ->
                new InvoiceExample(
                    idempotency,
                    provider,
                    lease,
                    draft -> System.out.println("deleted the leftover draft " + draft))));
  }
}
