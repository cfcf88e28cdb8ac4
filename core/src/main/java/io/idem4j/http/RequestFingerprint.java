package io.idem4j.http;

import io.idem4j.Fingerprint;
import io.idem4j.FingerprintLimitException;
import io.idem4j.IllegalKeyException;
import io.idem4j.MisuseException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What of a request tells a retry from another request under the same key. By default method,
 * target with query, content type and the body's bytes; of the other header fields, those alone
 * that are named here. Immutable and safe for use by many threads.
 *
 * <p>Bytes are compared as they came, so JSON with another order of members, or a multipart body
 * with another boundary, is another request; a client repeats the very bytes. Where that cannot be
 * had, compare a canonical form or selected elements.
 *
 * <p>Whoever changes what is compared names the versions and offers both for a while: {@code
 * old.or(changed)}. Otherwise a retry that meets an older record is refused (the digests of two
 * versions are incomparable, not different).
 */
public final class RequestFingerprint {
  /** Says what is compared, of a request whose body was read. */
  @FunctionalInterface
  public interface Source {
    /**
     * Returns the request's fingerprint.
     *
     * @throws IOException never for a body that was read; declared for its streams
     * @throws IllegalArgumentException if the request is malformed, and is to be answered so: 400
     */
    Fingerprint of(HttpRequest request) throws IOException;
  }

  /** Brings a body into a form that all bodies of the same meaning have. */
  @FunctionalInterface
  public interface Canonicalizer {
    /**
     * Returns the canonical form. Whatever it throws, a stack overflow too, is answered with 400.
     * It must have limits of its own on depth, numbers and repeated members: the body is hostile.
     *
     * @param body the body as it came
     * @param contentType the request's content type; empty if it names none
     */
    byte[] canonical(InputStream body, String contentType) throws IOException;
  }

  private static final List<String> STANDARD = List.of("content-type");
  private static final String VERSION = "http/1";
  private static final String BODY_VERSION = "http-body/1";

  private static final RequestFingerprint OFF =
      new RequestFingerprint("off: the key alone identifies the request", r -> Fingerprint.none());

  private final String description;
  private final Source source;

  private RequestFingerprint(String description, Source source) {
    this.description = description;
    this.source = source;
  }

  /** Compares nothing: the key alone identifies the request. */
  public static RequestFingerprint off() {
    return OFF;
  }

  /** Compares the body's bytes alone. */
  public static RequestFingerprint body() {
    return new RequestFingerprint(
        "body",
        request -> Fingerprint.sha256(BODY_VERSION).part("body", request.body(), limit()).build());
  }

  /** Compares method, target with query, content type and the body's bytes. */
  public static RequestFingerprint request() {
    return new Parts(VERSION, STANDARD, null).fingerprint();
  }

  /**
   * Compares what {@link #request()} does and these header fields, each line without the blanks
   * around it.
   *
   * @param version of this choice, which is stored with each record
   * @throws MisuseException if the version cannot be one: see {@link Fingerprint#sha256(String)}
   */
  public static RequestFingerprint requestAnd(String version, String... headers) {
    TreeSet<String> names = new TreeSet<>(STANDARD);
    for (String header : headers) {
      names.add(header.toLowerCase(Locale.ROOT));
    }
    return new Parts(own(version), List.copyOf(names), null).fingerprint();
  }

  /**
   * Compares what {@link #request()} does, with the body in a canonical form.
   *
   * @param version of the canonical form, which is stored with each record
   * @throws MisuseException if the version cannot be one
   */
  public static RequestFingerprint canonical(String version, Canonicalizer canonicalizer) {
    return new Parts(own(version), STANDARD, canonicalizer).fingerprint();
  }

  /** Other parts under a name that is taken would be another request, rather than incomparable. */
  private static String own(String version) {
    if (version.equals(VERSION) || version.equals(BODY_VERSION)) {
      throw new MisuseException("the fingerprint version " + version + " is this library's own");
    }
    return version;
  }

  /**
   * Compares what {@link #request()} does, by a digest of the caller's: such as {@code () ->
   * Fingerprint.hmacSha256(key)}, which keeps whoever reads the store from guessing bodies.
   */
  public static RequestFingerprint by(Supplier<Fingerprint.Builder> digest) {
    return new RequestFingerprint(
        "method, target, content-type, body",
        request -> digest(digest.get(), request, STANDARD, null));
  }

  /**
   * Compares what the function makes of the request: selected elements, a digest or a signature
   * that the request bears.
   *
   * @param description for the published policy
   */
  public static RequestFingerprint of(String description, Source source) {
    return new RequestFingerprint(description, source);
  }

  /** Returns the offer of this fingerprint, which new records are bound to, and the other one. */
  public RequestFingerprint or(RequestFingerprint other) {
    return new RequestFingerprint(
        description, request -> source.of(request).or(other.source.of(request)));
  }

  /** The parts of a request, and under which version they are compared. */
  private record Parts(
      String version, List<String> headers, @Nullable Canonicalizer canonicalizer) {
    RequestFingerprint fingerprint() {
      Fingerprint.sha256(version);
      return new RequestFingerprint(
          "method, target, "
              + String.join(", ", headers)
              + (canonicalizer == null ? ", body" : ", body in a canonical form"),
          request -> digest(Fingerprint.sha256(version), request, headers, canonicalizer));
    }
  }

  private static Fingerprint digest(
      Fingerprint.Builder digest,
      HttpRequest request,
      List<String> headers,
      @Nullable Canonicalizer canonicalizer)
      throws IOException {
    digest.part("method", request.method()).part("target", request.target());
    for (String name : headers) {
      for (String line : request.headers().all(name)) {
        digest.part("field " + name, line.strip());
      }
    }
    if (canonicalizer == null) {
      return digest.part("body", request.body(), limit()).build();
    }
    String contentType = request.headers().first("Content-Type").orElse("");
    return digest.part("body", canonical(canonicalizer, request, contentType)).build();
  }

  private static byte[] canonical(
      Canonicalizer canonicalizer, HttpRequest request, String contentType) throws IOException {
    try {
      return canonicalizer.canonical(request.body(), contentType);
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      throw new IOException("the body has no canonical form");
    }
  }

  /** The body was captured, and its length checked. */
  private static long limit() {
    return Long.MAX_VALUE;
  }

  /**
   * Returns the fingerprint of a request whose body was captured.
   *
   * @throws MalformedException if the request is malformed, as far as can be told
   * @throws FingerprintLimitException if more is to be compared than the function allows
   */
  Fingerprint of(HttpRequest request) throws MalformedException {
    try {
      return source.of(request);
    } catch (IllegalKeyException e) {
      throw new MalformedException();
    } catch (MisuseException e) {
      // A part is too long, or the configuration's mistake: such as two fingerprints of one
      // version.
      throw e;
    } catch (Exception | StackOverflowError e) {
      throw new MalformedException();
    }
  }

  /** The request is malformed. What was thrown may quote it, and is not kept. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException() {
      super("the request is malformed", null, false, false);
    }
  }

  /** Returns what is compared, in words, for the published policy. */
  String describe() {
    return description;
  }

  @Override
  public String toString() {
    return "RequestFingerprint[" + description + "]";
  }
}
