package io.idem4j.dynamodb;

import io.idem4j.Fingerprint;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** Records, stores and calls that several tests need. */
final class Rows {
  private Rows() {}

  /** Returns the first claim of a fresh key. */
  static KeyRecord claim() {
    return Samples.locked(Samples.keyId(), Samples.stamp()).build();
  }

  /** Returns a renewal: another stamp, the slots as they are. */
  static KeyRecord renewal(KeyRecord held) {
    return held.toBuilder().stamp(held.stamp().next()).slots(Slots.UNCHANGED).build();
  }

  /** Returns the completion of a claim. */
  static KeyRecord completed(KeyRecord claim) {
    return completed(claim, 100);
  }

  /** Returns the completion of a claim with a payload of this length. */
  static KeyRecord completed(KeyRecord claim, int length) {
    return Samples.completed(claim.keyId(), claim.stamp().next())
        .fingerprint(claim.fingerprint())
        .slots(Slots.of(Samples.bytes(length), null))
        .build();
  }

  /** Returns the end of a claim without an answer. */
  static KeyRecord ended(KeyRecord claim, KeyState state) {
    return claim.toBuilder()
        .stamp(claim.stamp().next())
        .state(state)
        .lease(Duration.ZERO)
        .slots(Slots.UNCHANGED)
        .build();
  }

  /** Returns another caller's claim of the same key. */
  static KeyRecord duplicate(KeyRecord first) {
    return Samples.locked(first.keyId(), Samples.stamp()).build();
  }

  /** Claims and completes a fresh key. */
  static KeyRecord done(KeyStore store) {
    return done(store, 100);
  }

  /** Claims and completes a fresh key, with a payload of this length. */
  static KeyRecord done(KeyStore store, int length) {
    KeyRecord claim = claim();
    KeyRecord done = completed(claim, length);
    apply(store, Stamp.ABSENT, claim);
    apply(store, claim.stamp(), done);
    return done;
  }

  /** Writes what must be applied. */
  static KeyRecord apply(KeyStore store, Stamp expected, KeyRecord next) {
    if (!(store.compareAndSet(next.keyId(), expected, next) instanceof CasResult.Applied)) {
      throw new AssertionError("a write that matches was refused");
    }
    return next;
  }

  /** Builds a store on a table of its own, without a margin for clocks. */
  static DynamoDbKeyStore store(DynamoDbClient client, String table) {
    return DynamoDbKeyStore.builder(client)
        .table(table)
        .clockSkew(Duration.ZERO)
        .createTableIfMissing()
        .build();
  }

  /** Returns the layout of {@link #store}. */
  static Layout layout(String table) {
    return new Layout(table, "pk", "", null, "", "expire_at_s");
  }

  /** Executes an operation that counts how often it runs. */
  static Outcome<String> execute(Operation<String> operation, String key, AtomicInteger runs) {
    return operation.execute(
        Scope.single(),
        key,
        Fingerprint.none(),
        context -> {
          runs.incrementAndGet();
          return "done";
        });
  }
}
