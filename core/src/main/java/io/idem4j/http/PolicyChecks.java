package io.idem4j.http;

import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import java.util.UUID;

/** Refuses, when an operation is made, what no request could be answered by. */
final class PolicyChecks {
  private PolicyChecks() {}

  /**
   * Checks a policy for an operation.
   *
   * @throws MisuseException if it contradicts itself, or the name cannot be one
   */
  static void require(String name, HttpPolicy.Settings settings) {
    // Where operations share a name in their keys, nobody else looks at this one's.
    IdempotencyKey.of(Scope.single(), name, "name");
    if (settings.failsOpen && settings.operation.mode() != OperationPolicy.Mode.RERUN) {
      throw new MisuseException("an operation that must not run twice cannot fail open");
    }
    if (settings.discriminator != null) {
      requireFitForPayloadKeys(settings);
    }
    requireFingerprint(settings);
    if (settings.keyRequirement == KeyRequirement.GENERATE) {
      requireFitForGenerated(settings.keyFormat);
    }
  }

  private static void requireFitForPayloadKeys(HttpPolicy.Settings settings) {
    if (!settings.operation.namesRetention()) {
      throw new MisuseException("keys of the payload need a policy that names its retention");
    }
    if (settings.keyRequirement == KeyRequirement.IGNORED) {
      throw new MisuseException("keys of the payload cannot be ignored");
    }
    if (settings.fingerprint == RequestFingerprint.off()) {
      throw new MisuseException("keys of the payload need a fingerprint of it");
    }
  }

  /** What contradicts itself for each request is refused now: two fingerprints of one version. */
  private static void requireFingerprint(HttpPolicy.Settings settings) {
    HttpRequest trial = HttpRequest.of("POST", "/", HttpHeaders.none(), new byte[0]);
    try {
      Fingerprint fingerprint = settings.fingerprint.of(trial);
      if (settings.discriminator != null) {
        IdempotencyKey.ofPayload(Scope.single(), "trial", fingerprint, "");
      }
    } catch (RequestFingerprint.MalformedException e) {
      // It wants more of a request than this one has.
    }
  }

  /** A key that is handed out must be taken when it comes back. */
  private static void requireFitForGenerated(KeyFormat format) {
    try {
      format.check("generated", UUID.randomUUID().toString());
    } catch (IllegalKeyException e) {
      throw new MisuseException("generated keys are UUIDs, and the keys' format refuses them");
    }
  }
}
