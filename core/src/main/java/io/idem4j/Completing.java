package io.idem4j;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.OperationPolicy.Mode;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a {@link Completer} does about one record: claims it, and settles it. One use. */
final class Completing<T extends @Nullable Object> {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private final Engine engine;
  private final Operation<T> operation;
  private final StoredRecord scanned;

  Completing(Engine engine, Operation<T> operation, StoredRecord scanned) {
    this.engine = engine;
    this.operation = operation;
    this.scanned = scanned;
  }

  /** Claims the record as the scan showed it; empty if it is not due, or not as it was. */
  Optional<HeldKey> claim() {
    IdempotencyKey key = IdempotencyKey.ofRecord(operation.name(), scanned.keyId());
    Events.Subject subject = engine.events().about(key, engine.timing().nanoTime());
    // No fingerprint is compared: there is no request, and the one that is bound stays bound.
    var request = new KeyMachine.Request(key, Fingerprint.none(), operation.policy());
    return new Claiming(engine, request, subject).take(scanned) instanceof Claiming.Answer.Held held
        ? Optional.of(held.key())
        : Optional.empty();
  }

  /** Records a finding; says whether the key was still held. */
  boolean settle(Lease<T> lease, Recovery.Finding<T> finding) {
    HeldKey held = lease.held();
    Settling.Result result;
    switch (finding.kind()) {
      case DONE -> result = lease.recordAnswer(finding.value());
      case FAILED -> result = lease.recordFailure(Verdict.isFinal(finding.failure()));
      case NOT_DONE -> result = Settling.released(held);
      default -> {
        if (scanned.record().state() == KeyState.LOCKED
            && operation.policy().mode() == Mode.RERUN) {
          // No doubt under this policy: the next caller runs the operation.
          result = Settling.released(held);
        } else {
          result = Settling.unrecovered(held);
        }
      }
    }
    return tell(held.subject(), finding.kind(), result);
  }

  private boolean tell(Events.Subject subject, Recovery.Finding.Kind kind, Settling.Result result) {
    if (result instanceof Settling.Result.Superseded) {
      subject.leaseLost("another's answer was recorded first");
      return false;
    } else if (result instanceof Settling.Result.Lost lost) {
      subject.leaseLost(lost.why());
      return false;
    } else if (result instanceof Settling.Result.NotKnown) {
      log.warn(
          "operation {}, key {}: a completer's finding is not known to be recorded and is re-sent in"
              + " the background",
          operation.name(),
          scanned.keyId().shortDigest());
      subject.tell("recordedUnknown", IdempotencyListener::recordedUnknown);
      return true;
    }
    switch (kind) {
      case DONE -> subject.tell("completed", IdempotencyListener::completed);
      case FAILED -> subject.tell("failed", (to, event) -> to.failed(event, Verdict.Kind.FINAL));
      case NOT_DONE ->
          subject.tell("failed", (to, event) -> to.failed(event, Verdict.Kind.RETRYABLE));
      case UNKNOWN -> subject.tell("inDoubt", IdempotencyListener::inDoubt);
    }
    return true;
  }
}
