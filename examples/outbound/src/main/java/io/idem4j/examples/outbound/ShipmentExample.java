package io.idem4j.examples.outbound;

import io.idem4j.Codec;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.examples.outbound.Ledger.Kind;
import io.idem4j.examples.outbound.ProviderClient.Call;
import java.time.Duration;
import java.util.Map;

/**
 * The caller makes the id: send the derived UUID, and repeat. It is the same for every attempt, and
 * nothing has to be stored before the request. A conflict is what an earlier attempt of ours looks
 * like, or a copy of this request; what is there under the id says whether it is.
 */
public final class ShipmentExample implements Example {
  private final ProviderClient provider;
  private final Operation<String> operation;

  ShipmentExample(Idempotency idempotency, ProviderClient provider, Duration lease) {
    this.provider = provider;
    OperationPolicy policy =
        OperationPolicy.rerun()
            .withLease(lease)
            .withFinal(RefusedException.class, RefusedException::recorded);
    this.operation = idempotency.operation("ship", Codec.text(), policy);
  }

  @Override
  public Kind kind() {
    return Kind.SHIPMENTS;
  }

  @Override
  public Operation<String> operation() {
    return operation;
  }

  @Override
  public String run(OperationContext context, Order order) throws Exception {
    String id = context.derivedUuid("shipment").toString();
    Reply reply = provider.send(Call.of("PUT", "/shipments/" + id).about(order));
    if (reply.status() == 409 && !isOurs(id, order)) {
      throw new RefusedException("id-taken");
    }
    return id;
  }

  private boolean isOurs(String id, Order order) throws Exception {
    Map<String, String> there = Form.parse(provider.ask("/shipments/" + id).body());
    return there.entrySet().containsAll(order.form().entrySet());
  }

  /** Ships orders; the exit status is 0 only if each was shipped once. */
  public static void main(String[] args) throws Exception {
    System.exit(Demo.run(args, ShipmentExample::new));
  }
}
