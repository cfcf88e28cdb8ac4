package io.idem4j.http;

import io.idem4j.Codec;
import io.idem4j.IdempotencyKey;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How an operation is idempotent over HTTP. Begins with {@link #of}, or with a preset that behaves
 * like the IETF draft or a vendor ({@link HttpPresets}); each {@code with…} returns a changed copy.
 * Whether a failed operation may run again, how long answers are kept and how long a duplicate
 * waits for a running request is said by the {@link OperationPolicy} it is made of.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class HttpPolicy {
  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

  /** The settings. Never changed once a policy was made of them. */
  static final class Settings implements Cloneable {
    OperationPolicy operation;
    List<String> keyHeaders = List.of(IdempotencyKeyHeader.NAME);
    Syntax keySyntax = Syntax.LENIENT;
    KeyFormat keyFormat = KeyFormat.any();
    @Nullable KeyExtractor keyExtractor;
    @Nullable Function<HttpRequest, String> discriminator;
    KeyRequirement keyRequirement = KeyRequirement.OPTIONAL;
    Set<String> methods = Set.of("PATCH", "POST");
    @Nullable String sharedName;
    RequestFingerprint fingerprint = RequestFingerprint.request();
    int mismatchStatus = HttpProblem.Kind.KEY_REUSED.status();
    boolean mismatchReference;
    int inFlightStatus = HttpProblem.Kind.IN_FLIGHT.status();
    Duration retryHint = Duration.ofSeconds(1);
    OnCompleted onCompleted = OnCompleted.REPLAY;
    @Nullable Rebuild rebuild;
    ResponseClassifier classifier = ResponseClassifier.standard();
    Markers markers = Markers.standard();
    ReplayHeaders replayHeaders = ReplayHeaders.standard();
    Oversize oversize = Oversize.OMIT_BODY;
    int maximumRecordedBody = Integer.MAX_VALUE;
    int maximumRequestBody = 1024 * 1024;
    boolean failsOpen;
    boolean surfacesLostCompletions;
    ProblemRenderer renderer = ProblemRenderer.problemJson("urn:idem4j:problem:");
    @Nullable URI documentation;
    UnaryOperator<Codec<HttpResponse>> codec = UnaryOperator.identity();
    int maximumPerScope = Integer.MAX_VALUE;
    int maximumPerKey = Integer.MAX_VALUE;

    Settings(OperationPolicy operation) {
      this.operation = Objects.requireNonNull(operation, "operation");
    }

    Settings copy() {
      try {
        return (Settings) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private final Settings settings;

  private HttpPolicy(Settings settings) {
    this.settings = settings;
  }

  Settings settings() {
    return settings;
  }

  private HttpPolicy with(Consumer<Settings> change) {
    Settings copy = settings.copy();
    change.accept(copy);
    return new HttpPolicy(copy);
  }

  /**
   * Returns the defaults of this library: an optional key, quoted or bare; another request under
   * the key is refused (422), also while the first one runs (otherwise 409); successes,
   * redirections and the errors that a handler chose are replayed.
   *
   * @param operation what a repeated effect costs, and the times that follow from it
   * @throws MisuseException if its times contradict each other
   */
  public static HttpPolicy of(OperationPolicy operation) {
    return new HttpPolicy(new Settings(operation.validated()));
  }

  /**
   * Replaces what a repeated effect costs, and the times; a retention that was named, by a preset
   * too, stays where the new policy names none.
   */
  public HttpPolicy withOperation(OperationPolicy operation) {
    OperationPolicy kept =
        operation.namesRetention() || !settings.operation.namesRetention()
            ? operation
            : operation.withRetention(settings.operation.retention());
    kept.validated();
    return with(settings -> settings.operation = kept);
  }

  /**
   * Names the fields that may bear the key; {@code Idempotency-Key} by default. A request with
   * several of them is refused unless they bear the same key.
   *
   * @throws MisuseException if there is none, or a name is no token
   */
  public HttpPolicy withKeyHeaders(String first, String... more) {
    TreeSet<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    List<String> list =
        Stream.concat(Stream.of(first), Stream.of(more)).filter(names::add).toList();
    list.forEach(name -> IdempotencyKeyHeader.of(Syntax.RAW).named(name));
    return with(settings -> settings.keyHeaders = list);
  }

  /** Sets the syntax of the key's field; lenient by default. */
  public HttpPolicy withKeySyntax(Syntax syntax) {
    return with(settings -> settings.keySyntax = syntax);
  }

  /** Sets what keys look like; 1 to 255 printable ASCII characters by default. */
  public HttpPolicy withKeyFormat(KeyFormat format) {
    return with(settings -> settings.keyFormat = format);
  }

  /**
   * Takes the key from elsewhere than a header field, such as from a member of the body or from two
   * fields of one pair. The key's format is checked all the same.
   */
  public HttpPolicy withKeyExtractor(KeyExtractor extractor) {
    return with(settings -> settings.keyExtractor = extractor);
  }

  /**
   * Makes the key of the request itself: identical requests are the same request, whatever the
   * client meant. Opt-in; the operation's retention, which is the window in which they collapse,
   * must be named, and nothing but the fingerprint identifies the request.
   *
   * <p>An operation is refused whose policy does not name its retention, or that compares nothing.
   *
   * @param discriminator what tells apart identical requests that are both meant; may be empty
   */
  public HttpPolicy withPayloadKeys(Function<HttpRequest, String> discriminator) {
    return with(settings -> settings.discriminator = discriminator);
  }

  /** Sets what becomes of a request without a key; optional by default. */
  public HttpPolicy withKeyRequirement(KeyRequirement requirement) {
    return with(settings -> settings.keyRequirement = requirement);
  }

  /**
   * Names the methods that are protected; {@code POST} and {@code PATCH} by default.
   *
   * @throws MisuseException if there is none, or a safe one is among them (RFC 9110, section 9.2.1)
   */
  public HttpPolicy withMethods(String... methods) {
    if (methods.length == 0) {
      throw new MisuseException("no method is protected");
    }
    Set<String> names = new TreeSet<>();
    for (String method : methods) {
      if (SAFE.contains(method.toUpperCase(Locale.ROOT))) {
        throw new MisuseException(method + " is safe, and needs no key");
      }
      names.add(method);
    }
    return with(settings -> settings.methods = names);
  }

  /** Returns the methods that are protected: a request of any other runs without protection. */
  public Set<String> methods() {
    return Collections.unmodifiableSet(settings.methods);
  }

  /**
   * Makes a key one and the same for all operations that bear this name: the operation becomes a
   * part of the fingerprint, so a key that comes to another endpoint is refused rather than new.
   * Operations that share a name share their policies' other settings too, or contradict each
   * other.
   *
   * @param sharedName stands for the operation's name in the key; stable across releases
   */
  public HttpPolicy withEndpointInFingerprint(String sharedName) {
    if (sharedName.isBlank() || sharedName.length() > IdempotencyKey.OPERATION_LENGTH) {
      throw new MisuseException("the shared name is blank or too long");
    }
    return with(settings -> settings.sharedName = sharedName);
  }

  /** Sets what tells a retry from another request. */
  public HttpPolicy withFingerprint(RequestFingerprint fingerprint) {
    return with(settings -> settings.fingerprint = fingerprint);
  }

  /**
   * Sets how another request under the key is refused; 422 without a reference by default.
   *
   * @param showsReference whether the problem names what the first request is about: its record's
   *     reference, which its handler set
   */
  public HttpPolicy onMismatch(int status, boolean showsReference) {
    requireError(status);
    return with(
        settings -> {
          settings.mismatchStatus = status;
          settings.mismatchReference = showsReference;
        });
  }

  /**
   * Sets how a retry is refused while the first request runs; 409 and 1 s by default. How long it
   * waits before that is the operation policy's wait budget: none by default.
   *
   * @param retryHint the longest {@code Retry-After}; what is left of the lease may be less
   */
  public HttpPolicy onInFlight(int status, Duration retryHint) {
    requireError(status);
    if (retryHint.isNegative() || retryHint.isZero()) {
      throw new MisuseException("the hint for Retry-After is " + retryHint);
    }
    return with(
        settings -> {
          settings.inFlightStatus = status;
          settings.retryHint = retryHint;
        });
  }

  /** Answers a retry after completion by the recorded response: the default. */
  public HttpPolicy replaying() {
    return with(settings -> settings.onCompleted = OnCompleted.REPLAY);
  }

  /**
   * Refuses a retry after a success (409), and names what the first request made: the reference
   * that its handler set. A recorded error is replayed.
   */
  public HttpPolicy pointingToReference() {
    return with(settings -> settings.onCompleted = OnCompleted.CONFLICT_WITH_REFERENCE);
  }

  /** Answers a retry after a success from the current state. A recorded error is replayed. */
  public HttpPolicy rebuilding(Rebuild rebuild) {
    return with(
        settings -> {
          settings.onCompleted = OnCompleted.REBUILD;
          settings.rebuild = rebuild;
        });
  }

  /** Sets which responses are recorded. */
  public HttpPolicy withClassifier(ResponseClassifier classifier) {
    return with(settings -> settings.classifier = classifier);
  }

  /** Sets by which fields the layer says what it did. */
  public HttpPolicy withMarkers(Markers markers) {
    return with(settings -> settings.markers = markers);
  }

  /** Sets which header fields are recorded and replayed. */
  public HttpPolicy withReplayHeaders(ReplayHeaders headers) {
    return with(settings -> settings.replayHeaders = headers);
  }

  /**
   * Sets how a retry is answered if the body was too large to be recorded; by default with status
   * and fields, and without it. The operation is never run again for it.
   */
  public HttpPolicy onOversize(Oversize oversize) {
    return with(settings -> settings.oversize = oversize);
  }

  /**
   * Sets how long a recorded body may be, in bytes; by default as long as the maximum payload of
   * the {@link io.idem4j.Idempotency} allows. With 0 no body is ever kept.
   */
  public HttpPolicy withMaximumRecordedBody(int bytes) {
    requireSize(bytes);
    return with(settings -> settings.maximumRecordedBody = bytes);
  }

  /** Sets how long the body of a request with a key may be, in bytes; 1 MiB by default. */
  public HttpPolicy withMaximumRequestBody(int bytes) {
    requireSize(bytes);
    return with(settings -> settings.maximumRequestBody = bytes);
  }

  /**
   * Runs operations unprotected while the store is down, where it is known that the claim was not
   * applied; told to the listener as bypassed. By default such requests are refused (503). An
   * operation may then run although it has run before.
   */
  public HttpPolicy failingOpen() {
    return with(settings -> settings.failsOpen = true);
  }

  /**
   * Answers 409 without {@code Retry-After} where the handler's response is not known to be
   * recorded, so that nobody repeats the request before somebody has looked. By default the
   * response is sent, and the key is free or in doubt, as the operation's policy says, when its
   * lease is over.
   */
  public HttpPolicy surfacingLostCompletions() {
    return with(settings -> settings.surfacesLostCompletions = true);
  }

  /** Sets the form of the layer's own refusals; {@code application/problem+json} by default. */
  public HttpPolicy withRenderer(ProblemRenderer renderer) {
    return with(settings -> settings.renderer = renderer);
  }

  /** Says where the policy is published: linked from each refusal. */
  public HttpPolicy withDocumentation(URI documentation) {
    return with(settings -> settings.documentation = documentation);
  }

  /**
   * Wraps the codec of recorded responses, as with {@link io.idem4j.EncryptingCodec}. A wrapper of
   * one's own passes {@link Codec#encodeWithoutBody} on too.
   */
  public HttpPolicy withCodec(UnaryOperator<Codec<HttpResponse>> wrapper) {
    return with(settings -> settings.codec = wrapper);
  }

  /**
   * Limits how many requests with keys are under way in this process at once, from when their body
   * was read; not limited by default. One more of the scope is refused with 429, and one more of
   * the key like a request in flight. A {@link HttpLease} is under way until it is ended.
   *
   * @throws MisuseException if a limit is not positive
   */
  public HttpPolicy withQuota(int perScope, int perKey) {
    if (perScope < 1 || perKey < 1) {
      throw new MisuseException("a quota lets one request through at least");
    }
    return with(
        settings -> {
          settings.maximumPerScope = perScope;
          settings.maximumPerKey = perKey;
        });
  }

  private static void requireSize(int bytes) {
    if (bytes < 0) {
      throw new MisuseException("a limit of " + bytes + " bytes");
    }
  }

  private static void requireError(int status) {
    if (status < 400 || status > 599) {
      throw new MisuseException("a refusal has a status from 400 to 599, not " + status);
    }
  }

  @Override
  public String toString() {
    return "HttpPolicy[" + settings.operation + "]";
  }
}
