package io.idem4j.http;

import io.idem4j.Fingerprint;
import io.idem4j.FingerprintLimitException;
import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.Scope;
import io.idem4j.http.HttpProblem.Kind;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
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
      return ofPayload(scope, request, settings.discriminator.apply(captured(request)));
    }
    Optional<KeyReader.Presented> presented =
        keys.read(settings.keyExtractor == null ? request : captured(request));
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
      // As a client would have to send it.
      String line = settings.keySyntax == Syntax.STRICT ? '"' + generated + '"' : generated;
      echo = Optional.of(new Markers.Field(settings.keyHeaders.get(0), line));
    }
    Fingerprint fingerprint = bound(fingerprint(captured(request)));
    return new Admitted(new Replies.Call(request, key, echo), fingerprint);
  }

  private Admitted ofPayload(Scope scope, HttpRequest request, String discriminator)
      throws Refusal {
    Fingerprint plain = fingerprint(request);
    // Of nothing no key can be made, which core says; bound to the endpoint it were something.
    Fingerprint fingerprint = plain.equals(Fingerprint.none()) ? plain : bound(plain);
    try {
      IdempotencyKey key = IdempotencyKey.ofPayload(scope, keyName(), fingerprint, discriminator);
      return new Admitted(new Replies.Call(request, key, Optional.empty()), fingerprint);
    } catch (IllegalKeyException e) {
      throw problems.refusal(Kind.KEY_MALFORMED);
    }
  }

  /** Returns the response with the request's key, where the policy repeats it and it is one. */
  HttpResponse echoed(HttpResponse response, HttpRequest request) {
    if (settings.markers.echo().isEmpty()) {
      return response;
    }
    String field = settings.markers.echo().get();
    try {
      return keys.read(request).map(it -> response.withHeader(field, it.line())).orElse(response);
    } catch (Refusal | IOException e) {
      return response;
    }
  }

  private IdempotencyKey key(Scope scope, String text) throws Refusal {
    try {
      return IdempotencyKey.of(scope, keyName(), text);
    } catch (IllegalKeyException e) {
      throw problems.refusal(Kind.KEY_MALFORMED);
    }
  }

  private HttpRequest captured(HttpRequest request) throws Refusal, IOException {
    try {
      request.capture(settings.maximumRequestBody);
      return request;
    } catch (CapturedBody.TooLargeException e) {
      throw problems.refusal(Kind.BODY_TOO_LARGE);
    }
  }

  private Fingerprint fingerprint(HttpRequest request) throws Refusal {
    try {
      return settings.fingerprint.of(request);
    } catch (FingerprintLimitException e) {
      throw new Refusal(Kind.BODY_TOO_LARGE, "The request has more than can be compared.");
    } catch (RequestFingerprint.MalformedException e) {
      throw problems.refusal(Kind.REQUEST_MALFORMED);
    }
  }

  /** Binds each of the digests to this operation, whatever they are of, if the key is not. */
  private Fingerprint bound(Fingerprint fingerprint) {
    if (settings.sharedName == null) {
      return fingerprint;
    }
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
