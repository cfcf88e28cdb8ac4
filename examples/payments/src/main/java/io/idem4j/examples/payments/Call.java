package io.idem4j.examples.payments;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A request that a {@link Client} can send any number of times. Immutable. */
record Call(
    String method, String target, String tenant, @Nullable String key, @Nullable String body) {

  /** Returns a payment under a new key. */
  static Call pay(String tenant, String amount) {
    return new Call(
        "POST",
        "/payments",
        tenant,
        UUID.randomUUID().toString(),
        "{\"amount\":" + amount + ",\"currency\":\"EUR\"}");
  }

  /** Returns an increment under a new key. */
  static Call increment(String tenant, String account, long by) {
    return new Call(
        "PATCH",
        "/accounts/" + account,
        tenant,
        UUID.randomUUID().toString(),
        "{\"incrementBy\":" + by + "}");
  }

  static Call get(String tenant, String target) {
    return new Call("GET", target, tenant, null, null);
  }

  /** Returns the same request with something asked of the handler. */
  Call asking(String experiment) {
    String separator = target.contains("?") ? "&" : "?";
    return new Call(method, target + separator + experiment, tenant, key, body);
  }

  Call withKey(@Nullable String newKey) {
    return new Call(method, target, tenant, newKey, body);
  }

  Call withBody(String newBody) {
    return new Call(method, target, tenant, key, newBody);
  }

  Call withTenant(String newTenant) {
    return new Call(method, target, newTenant, key, body);
  }

  Call withTarget(String newTarget) {
    return new Call(method, newTarget, tenant, key, body);
  }
}
