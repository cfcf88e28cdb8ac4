package io.idem4j.http;

import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.Scope;
import io.idem4j.http.HttpProblem.Kind;
import io.idem4j.spi.FingerprintDigest;
import java.io.IOException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Takes key and fingerprint from a request, before anything else is done with it. The key comes
 * first: a request without a good one costs no body. Safe for use by many threads.
 */
final class Entrance {
  /** A request that runs under a key. */
  record Admitted(Replies.Call call, Fingerprint fingerprint) {}

  private final String name;
  private final HttpPolicy.Settings settings;
  private final Problems problems;
  private final KeyReader keys;

  Entrance(String name, HttpPolicy.Settings settings, Problems problems) {
    this.name = name;
    this.settings = settings;
    this.problems = problems;
    this.keys = new KeyReader(settings);
  }

  /** Returns the operation's name as keys have it. */
  String keyName() {
    return settings.sharedName == null ? name : settings.sharedName;
  }

  boolean protects(HttpRequest request) {
    return settings.methods.contains(request.method());
  }

  /** Returns key and fingerprint; null for a request that runs without protection. */
  @Nullable Admitted admit(Scope scope, HttpRequest request) throws Refusal, IOException {
    Objects.requireNonNull(scope, "scope");
    if (!protects(request) || settings.keyRequirement == KeyRequirement.IGNORED) {
      return null;
    }
    if (settings.discriminator != null) {
      capture(request);
      Fingerprint fingerprint = fingerprint(request);
      IdempotencyKey key =
          IdempotencyKey.ofPayload(
              scope, keyName(), fingerprint, settings.discriminator.apply(request));
      return new Admitted(new Replies.Call(request, key, Optional.empty()), fingerprint);
    }
    if (settings.keyExtractor != null) {
      capture(request);
    }
    Optional<KeyReader.Presented> presented = keys.read(request);
    if (presented.isEmpty() && settings.keyRequirement == KeyRequirement.OPTIONAL) {
      return null;
    } else if (presented.isEmpty() && settings.keyRequirement == KeyRequirement.REQUIRED) {
      throw problems.refusal(Kind.KEY_MISSING);
    }
    IdempotencyKey key;
    Optional<Markers.Field> echo;
    if (presented.isPresent()) {
      key = key(scope, presented.get().text());
      String line = presented.get().line();
      echo = settings.markers.echo().map(it -> new Markers.Field(it, line));
    } else {
      String generated = UUID.randomUUID().toString();
      key = key(scope, generated);
      echo = Optional.of(new Markers.Field(settings.keyHeaders.get(0), generated));
    }
    capture(request);
    return new Admitted(new Replies.Call(request, key, echo), fingerprint(request));
  }

  private IdempotencyKey key(Scope scope, String text) throws Refusal {
    try {
      return IdempotencyKey.of(scope, keyName(), text);
    } catch (IllegalKeyException e) {
      throw problems.refusal(Kind.KEY_MALFORMED);
    }
  }

  private void capture(HttpRequest request) throws Refusal, IOException {
    try {
      request.capture(settings.maximumRequestBody);
    } catch (CapturedBody.TooLargeException e) {
      throw problems.refusal(Kind.BODY_TOO_LARGE);
    }
  }

  private Fingerprint fingerprint(HttpRequest request) throws Refusal {
    try {
      Fingerprint fingerprint = settings.fingerprint.of(request);
      return settings.sharedName == null ? fingerprint : ofEndpoint(fingerprint);
    } catch (RequestFingerprint.MalformedException e) {
      throw problems.refusal(Kind.REQUEST_MALFORMED);
    }
  }

  /** Binds each of the digests to this operation, whatever they are of. */
  private Fingerprint ofEndpoint(Fingerprint fingerprint) {
    Fingerprint bound = null;
    for (FingerprintDigest digest : fingerprint.digests()) {
      Fingerprint next =
          Fingerprint.sha256("endpoint/" + shortName(digest.algorithm()))
              .part("operation", name)
              .part("algorithm", digest.algorithm())
              .part("digest", digest.digest())
              .build();
      bound = bound == null ? next : bound.or(next);
    }
    return Objects.requireNonNull(bound);
  }

  /** A version has few characters, and an algorithm's name may have more. */
  private static String shortName(String algorithm) {
    byte[] digest =
        Fingerprint.sha256().part("algorithm", algorithm).build().digests().get(0).digest();
    return HexFormat.of().formatHex(digest, 0, 8);
  }
}
