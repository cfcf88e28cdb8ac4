package io.idem4j.examples.jaxrs;

import io.idem4j.OperationContext;
import io.idem4j.http.HttpLease;
import io.idem4j.http.HttpResponse;
import jakarta.ws.rs.container.ContainerResponseContext;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What one request has come to: a property of it. Threads may take turns, as asynchronous methods
 * have it, and whoever settles the lease first has settled it.
 */
final class Exchange {
  static final String PROPERTY = Exchange.class.getName();

  private final AtomicReference<@Nullable HttpLease> lease;
  private volatile @Nullable HttpResponse decided;
  private volatile @Nullable ContainerResponseContext response;

  private Exchange(@Nullable HttpLease lease, @Nullable HttpResponse decided) {
    this.lease = new AtomicReference<>(lease);
    this.decided = decided;
  }

  static Exchange running(HttpLease lease) {
    return new Exchange(lease, null);
  }

  static Exchange answered(HttpResponse response) {
    return new Exchange(null, response);
  }

  static Optional<Exchange> of(@Nullable Object property) {
    return property instanceof Exchange exchange ? Optional.of(exchange) : Optional.empty();
  }

  Optional<OperationContext> context() {
    HttpLease running = lease.get();
    return running == null ? Optional.empty() : running.context();
  }

  /** Says whether there is still something to record: not without protection. */
  boolean isRunning() {
    return context().isPresent();
  }

  /** Returns what is to be sent instead of whatever the resource makes. */
  Optional<HttpResponse> decided() {
    return Optional.ofNullable(decided);
  }

  void decide(HttpResponse instead) {
    decided = instead;
  }

  /** Returns the response that is being written. */
  Optional<ContainerResponseContext> response() {
    return Optional.ofNullable(response);
  }

  void respond(ContainerResponseContext writing) {
    response = writing;
  }

  /** Records the response; the same comes back if it is to be sent as it is. */
  HttpResponse finish(HttpResponse own) {
    HttpLease running = lease.getAndSet(null);
    return running == null ? own : running.finish(own);
  }

  /** Records a failure; empty if it is to be answered as any other. */
  Optional<HttpResponse> fail(Throwable failure) {
    HttpLease running = lease.getAndSet(null);
    return running == null ? Optional.empty() : running.fail(failure);
  }

  /** Lets the lease lapse if nothing was recorded. */
  void abandon() {
    HttpLease running = lease.getAndSet(null);
    if (running != null) {
      running.close();
    }
  }
}
