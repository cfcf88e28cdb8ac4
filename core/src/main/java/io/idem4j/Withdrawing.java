package io.idem4j;

import io.idem4j.Refusals.Withdrawal;
import io.idem4j.StoreCalls.Kind;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;

/**
 * The withdrawal of a claim that may have been applied or may yet be, and whose operation will not
 * run: puts back what the claim found. Used by one thread at a time.
 */
final class Withdrawing {
  private final Engine engine;
  private final Stamping stamps;
  private final Stamp claimExpected;
  private StoreCalls.Write write;

  Withdrawing(
      Engine engine,
      StoreCalls calls,
      Stamping stamps,
      Stamp claimExpected,
      KeyRecord claimed,
      KeyRecord putBack) {
    this.engine = engine;
    this.stamps = stamps;
    this.claimExpected = claimExpected;
    this.write = calls.write(claimed.stamp(), putBack);
  }

  /** Sends once, and says whether the claim is settled. */
  boolean send() {
    Reply reply = write.send();
    boolean settled = reply.kind() == Kind.APPLIED;
    if (reply.kind() == Kind.REFUSED) {
      Withdrawal next = Refusals.withdrawn(claimExpected, stamps, reply.live());
      if (next == Withdrawal.FOLLOW) {
        write = write.over(reply.live().orElseThrow().record(), stamps.fresh());
      }
      settled = next == Withdrawal.SETTLED;
    }
    if (settled) {
      engine.rooms().ring(write.next().keyId());
    }
    return settled;
  }
}
