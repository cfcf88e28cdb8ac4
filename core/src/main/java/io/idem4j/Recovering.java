package io.idem4j;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a recovery under a held key, and settles the key if that is the end of it. One use. */
final class Recovering<T extends @Nullable Object> {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private static final Duration RETRY = Duration.ofSeconds(1);

  private final Engine engine;
  private final Lease<T> lease;
  private final Recovery<T> recovery;

  Recovering(Engine engine, Lease<T> lease, Recovery<T> recovery) {
    this.engine = engine;
    this.lease = lease;
    this.recovery = recovery;
  }

  Claim<T> ask() {
    Recovery.Finding<T> finding = find();
    return switch (finding.kind()) {
      case DONE -> new Claim.Denied<>(lease.completeRecovered(finding.value()));
      case NOT_DONE -> {
        if (!lease.held().isLost()) {
          yield new Claim.Granted<>(lease);
        }
        // Somebody else may have asked meanwhile, and run the operation.
        lease.close();
        yield new Claim.Denied<>(new Outcome.InFlight<>(RETRY));
      }
      case FAILED -> new Claim.Denied<>(lease.failRecovered(finding.failure()));
      case UNKNOWN -> new Claim.Denied<>(lease.unrecovered());
    };
  }

  /** Asks alone: total, but for errors of the virtual machine, which let the lease lapse. */
  Recovery.Finding<T> find() {
    Nesting nesting = Nesting.enter(engine.store(), lease.held().request().id());
    lease.held().runner().begin();
    try {
      return Objects.requireNonNull(recovery.recover(lease.recoveryContext()), "finding");
    } catch (VirtualMachineError e) {
      lease.close();
      throw e;
    } catch (Throwable e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      log.warn(
          "{}: its recovery threw {}; the key stays in doubt",
          lease.held().request().describe(),
          e.getClass().getName());
      return Recovery.Finding.unknown();
    } finally {
      lease.held().runner().end();
      nesting.leave();
    }
  }
}
