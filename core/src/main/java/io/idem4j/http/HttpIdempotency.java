package io.idem4j.http;

import io.idem4j.Idempotency;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs HTTP requests once per key: takes the key and the fingerprint from a request, and makes a
 * response of whatever {@link Idempotency} answers. Knows no framework. One instance serves a whole
 * process; safe for use by many threads.
 *
 * <pre>{@code
 * var http = HttpIdempotency.of(idempotency);
 * var payments = http.operation("POST /payments", HttpPolicy.of(OperationPolicy.rerun()));
 *
 * HttpResponse response = payments.handle(Scope.of(tenant), request, context -> pay(...));
 * }</pre>
 *
 * <p>It stands behind authentication and authorisation: the scope is what was authenticated, and a
 * replay must not reach whoever may no longer see the response.
 */
public final class HttpIdempotency {
  private final Idempotency idempotency;
  private final Quotas quotas = new Quotas();
  private final Map<String, HttpOperation> operations = new ConcurrentHashMap<>();

  private HttpIdempotency(Idempotency idempotency) {
    this.idempotency = idempotency;
  }

  /** Returns the layer over this instance, which stays the caller's to close. */
  public static HttpIdempotency of(Idempotency idempotency) {
    return new HttpIdempotency(idempotency);
  }

  /**
   * Returns an operation; one of a fixed set, made at start-up. Nothing is sent to the store.
   *
   * @param name the explicit, stable name: a part of every key's identity, unless the policy puts
   *     the endpoint into the fingerprint
   * @throws io.idem4j.MisuseException if name, policy or codec cannot be used
   */
  public HttpOperation operation(String name, HttpPolicy policy) {
    HttpOperation operation = new HttpOperation(idempotency, quotas, name, policy);
    operations.put(name, operation);
    return operation;
  }

  /**
   * Returns the policies of all operations made so far as a JSON document, generated from their
   * configuration, for publication (draft-ietf-httpapi-idempotency-key-header-07, section 2.5.2):
   * an object whose member {@code operations} holds, by name, what {@link
   * HttpOperation#policyDocument} gives.
   */
  public String policyDocument() {
    Map<String, Object> byName = new TreeMap<>();
    operations.forEach((name, operation) -> byName.put(name, operation.published()));
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("operations", byName);
    return Json.of(document);
  }

  @Override
  public String toString() {
    return "HttpIdempotency" + operations.keySet();
  }
}
