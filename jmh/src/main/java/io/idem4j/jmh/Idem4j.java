package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.spi.KeyStore;
import java.nio.charset.StandardCharsets;

/** This library, with the defaults of the policy under which a crash runs the operation again. */
final class Idem4j implements Contender {
  static final Scope SCOPE = Scope.of("tenant", "benchmark");

  /** What each request is; made once, because what it costs depends on its length alone. */
  static final Fingerprint REQUEST =
      Fingerprint.sha256().part("body", "{\"amount\":4200,\"currency\":\"EUR\"}").build();

  /** Another request. */
  static final Fingerprint OTHER_REQUEST =
      Fingerprint.sha256().part("body", "other".getBytes(StandardCharsets.UTF_8)).build();

  private final Idempotency idempotency;
  private final Operation<byte[]> operation;

  Idem4j(KeyStore store) {
    this(store, OperationPolicy.rerun());
  }

  Idem4j(KeyStore store, OperationPolicy policy) {
    this.idempotency = Idempotency.builder(store).build();
    this.operation = idempotency.operation("charge", Codec.bytes(), policy);
  }

  Operation<byte[]> operation() {
    return operation;
  }

  @Override
  public IdempotencyKey prepare(String key) {
    IdempotencyKey prepared = operation.key(SCOPE, key);
    prepared.id();
    return prepared;
  }

  @Override
  public byte[] first(Object prepared, byte[] answer) {
    Outcome<byte[]> outcome =
        operation.execute((IdempotencyKey) prepared, REQUEST, context -> answer);
    if (!(outcome instanceof Outcome.Executed)) {
      throw new IllegalStateException("not executed: " + outcome);
    }
    return requireNonNull(outcome.orElseThrow());
  }

  @Override
  public byte[] replay(Object prepared) {
    Outcome<byte[]> outcome =
        operation.execute((IdempotencyKey) prepared, REQUEST, Idem4j::mustNotRun);
    if (!(outcome instanceof Outcome.Replayed)) {
      throw new IllegalStateException("not replayed: " + outcome);
    }
    return requireNonNull(outcome.orElseThrow());
  }

  @SuppressWarnings("DoNotCallSuggester") // it is an action, and nobody calls it: that is its point
  static byte[] mustNotRun(Object context) {
    throw new IllegalStateException("run again");
  }

  @Override
  public void close() {
    idempotency.close();
  }
}
