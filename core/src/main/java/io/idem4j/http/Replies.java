package io.idem4j.http;

import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.IncomparableFingerprintException;
import io.idem4j.KeyStoreException;
import io.idem4j.LeaseLostException;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.RecordedFailure;
import io.idem4j.http.HttpProblem.Kind;
import io.idem4j.http.ResponseClassifier.Disposition;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a response of each outcome, as one policy has them. Safe for use by many threads. */
final class Replies {
  private static final Logger log = LoggerFactory.getLogger(HttpIdempotency.class);

  /** The code of a failure whose bytes are a response. */
  private static final String RESPONSE = "http-response";

  private static final String BODY_OMITTED = "Idempotent-Body-Omitted";

  /**
   * One request under its key.
   *
   * @param echo what is sent back as the key, and in which field
   */
  record Call(HttpRequest request, IdempotencyKey key, Optional<Markers.Field> echo) {}

  private final HttpPolicy.Settings settings;
  private final Codec<HttpResponse> codec;
  private final Problems problems;
  private final int maximumPayload;

  Replies(HttpPolicy.Settings settings, Problems problems, int maximumPayload) {
    this.settings = settings;
    this.maximumPayload = maximumPayload;
    this.problems = problems;
    ReplayHeaders kept =
        settings.markers.original().isEmpty()
            ? settings.replayHeaders
            : settings.replayHeaders.and(settings.markers.original().get().from());
    this.codec = settings.codec.apply(new ResponseCodec(kept, settings.maximumRecordedBody));
  }

  Codec<HttpResponse> codec() {
    return codec;
  }

  /** What is recorded instead of a response; empty to record it. */
  Optional<Verdict> verdict(HttpResponse response, IdempotencyKey key) {
    return switch (disposition(response)) {
      case RECORD -> Optional.empty();
      case RELEASE -> Optional.of(Verdict.retryable());
      case IN_DOUBT -> Optional.of(Verdict.inDoubt());
      case FINAL ->
          Optional.of(Verdict.isFinal(new RecordedFailure(RESPONSE, bytes(response, key))));
      case FAILURE ->
          Optional.of(
              settings.operation.mode() == OperationPolicy.Mode.RERUN
                  ? Verdict.retryable()
                  : Verdict.inDoubt());
    };
  }

  /** The effect is made by now: a classifier that throws has no say. */
  private Disposition disposition(HttpResponse response) {
    return disposition(settings, response);
  }

  static Disposition disposition(HttpPolicy.Settings settings, HttpResponse response) {
    try {
      return Objects.requireNonNull(settings.classifier.classify(response), "disposition");
    } catch (Throwable e) {
      log.warn("a classifier threw {}; the response is recorded", e.getClass().getName());
      return Disposition.RECORD;
    }
  }

  private byte[] bytes(HttpResponse response, IdempotencyKey key) {
    try {
      byte[] whole = codec.encode(response, key.id());
      // Core keeps nothing of a failure's bytes that are too many, rather than a part.
      return whole.length <= maximumPayload
          ? whole
          : codec.encodeWithoutBody(response, key.id()).orElse(whole);
    } catch (Exception e) {
      throw new IllegalStateException("the codec threw " + e.getClass().getName());
    }
  }

  HttpResponse of(Outcome<HttpResponse> outcome, Call call) {
    HttpRequest request = call.request();
    HttpResponse response =
        outcome.fold(
            executed -> executed(executed, request),
            replayed -> replayed(replayed, request),
            recovered -> replay(recovered.value(), Optional.empty(), request),
            inFlight ->
                problems.passing(Kind.IN_FLIGHT, Optional.of(inFlight.retryAfter()), request),
            reused ->
                problems.of(
                    Kind.KEY_REUSED,
                    settings.mismatchReference ? reused.reference() : Optional.empty(),
                    request),
            failed -> failed(failed.failure(), call),
            inDoubt -> problems.passing(Kind.OUTCOME_UNKNOWN, inDoubt.retryAfter(), request));
    return echoed(response, call);
  }

  private HttpResponse executed(Outcome.Executed<HttpResponse> executed, HttpRequest request) {
    HttpResponse own = unmarked(executed.value());
    if (executed.recorded()) {
      return withLifetime(own);
    }
    // What was to be released anyway loses nothing.
    return settings.surfacesLostCompletions && isKept(own)
        ? problems.of(Kind.NOT_RECORDED, request)
        : own;
  }

  private boolean isKept(HttpResponse response) {
    return switch (disposition(response)) {
      case RECORD, FINAL -> true;
      case RELEASE, IN_DOUBT, FAILURE -> false;
    };
  }

  private HttpResponse echoed(HttpResponse response, Call call) {
    return call.echo()
        .map(field -> response.withHeader(field.name(), field.value()))
        .orElse(response);
  }

  private HttpResponse withLifetime(HttpResponse response) {
    Optional<String> name = settings.markers.lifetime();
    if (name.isEmpty()) {
      return response;
    }
    return switch (disposition(response)) {
      case RECORD -> kept(response, name.get(), settings.operation.retention());
      case FINAL -> kept(response, name.get(), settings.operation.failureRetention());
      case RELEASE, IN_DOUBT, FAILURE -> response;
    };
  }

  private static HttpResponse kept(HttpResponse response, String name, Duration retention) {
    return response.withHeader(name, Long.toString(retention.toSeconds()));
  }

  private HttpResponse replayed(Outcome.Replayed<HttpResponse> replayed, HttpRequest request) {
    return replayed
        .answer()
        .map(recorded -> completed(recorded, replayed, request))
        .orElseGet(() -> withoutAnswer(replayed.reference(), request));
  }

  /** Nothing was kept of the response, but the operation was completed. */
  private HttpResponse withoutAnswer(Optional<String> reference, HttpRequest request) {
    return settings.onCompleted == OnCompleted.CONFLICT_WITH_REFERENCE
        ? problems.of(Kind.ALREADY_COMPLETED, reference, request)
        : notKept(reference, request);
  }

  private HttpResponse completed(
      HttpResponse recorded, Outcome.Replayed<HttpResponse> replayed, HttpRequest request) {
    Optional<String> reference = replayed.reference();
    boolean isSuccess = recorded.status() < 300;
    if (isSuccess && settings.onCompleted == OnCompleted.CONFLICT_WITH_REFERENCE) {
      return problems.of(Kind.ALREADY_COMPLETED, reference, request);
    }
    if (isSuccess && settings.rebuild != null && settings.onCompleted == OnCompleted.REBUILD) {
      try {
        return marked(settings.rebuild.rebuild(request, recorded, reference));
      } catch (RuntimeException e) {
        if (replayed.ownRun().isEmpty()) {
          throw e;
        }
        // This call made an effect too, and gets an answer whatever happens.
        log.warn("a rebuild threw {}; the recorded response is sent", e.getClass().getName());
      }
    }
    return replay(recorded, reference, request);
  }

  private HttpResponse replay(
      HttpResponse recorded, Optional<String> reference, HttpRequest request) {
    HttpResponse renamed = withOriginalRequest(recorded);
    if (recorded.bodyKept()) {
      return marked(withLifetime(renamed));
    }
    if (settings.oversize != Oversize.OMIT_BODY) {
      return notKept(reference, request);
    }
    // Nothing is left that an encoding could be of.
    HttpHeaders headers = renamed.headers().without("Content-Encoding").with(BODY_OMITTED, "true");
    return marked(withLifetime(renamed.withHeaders(headers)));
  }

  private HttpResponse withOriginalRequest(HttpResponse recorded) {
    if (settings.markers.original().isEmpty()) {
      return recorded;
    }
    Markers.Original original = settings.markers.original().get();
    Optional<String> id = recorded.headers().first(original.from());
    HttpResponse without = recorded.withHeaders(recorded.headers().without(original.from()));
    return id.map(it -> without.withHeader(original.to(), it)).orElse(without);
  }

  private HttpResponse marked(HttpResponse response) {
    return settings
        .markers
        .replay()
        .map(field -> response.withHeader(field.name(), field.value()))
        .orElse(response);
  }

  /** What a handler passes on of another service's replay is no replay of this one. */
  private HttpResponse unmarked(HttpResponse response) {
    return settings
        .markers
        .replay()
        .filter(field -> response.headers().first(field.name()).isPresent())
        .map(field -> response.withHeaders(response.headers().without(field.name())))
        .orElse(response);
  }

  private HttpResponse notKept(Optional<String> reference, HttpRequest request) {
    return problems.of(
        Kind.ANSWER_NOT_KEPT,
        settings.oversize == Oversize.REFERENCE_ONLY ? reference : Optional.empty(),
        request);
  }

  private HttpResponse failed(RecordedFailure failure, Call call) {
    if (!failure.code().equals(RESPONSE)) {
      return marked(problems.of(Kind.FAILED, call.request()));
    }
    byte[] bytes = failure.bytes();
    if (bytes.length == 0) {
      return notKept(Optional.empty(), call.request());
    }
    HttpResponse recorded;
    try {
      recorded = codec.decode(bytes, call.key().id());
    } catch (Exception e) {
      log.warn(
          "operation {}, key {}: a recorded failure cannot be read",
          call.key().operation(),
          call.key().id().shortDigest());
      return problems.of(Kind.RECORD_UNREADABLE, call.request());
    }
    return replay(recorded, Optional.empty(), call.request());
  }

  /**
   * Makes a response of what core threw, rather than the handler; throws on what is the embedder's
   * mistake.
   *
   * @param isClosed whether core was closed meanwhile
   */
  HttpResponse of(IdempotencyException failure, Call call, boolean isClosed) {
    return echoed(ofFailure(failure, call, isClosed), call);
  }

  /**
   * Makes a response of what core threw when the end of a handler was to be recorded: never that of
   * a request which ran nothing, such as after a step that could not be recorded.
   */
  HttpResponse ofEnd(IdempotencyException failure, Call call) {
    if (failure instanceof LeaseLostException || failure instanceof MisuseException) {
      return of(failure, call, false);
    }
    warn(failure, call);
    return echoed(problems.of(Kind.NOT_RECORDED, call.request()), call);
  }

  private static void warn(IdempotencyException failure, Call call) {
    log.warn(
        "operation {}, key {}: {}",
        call.key().operation(),
        call.key().id().shortDigest(),
        failure.getMessage());
  }

  private HttpResponse ofFailure(IdempotencyException failure, Call call, boolean isClosed) {
    HttpRequest request = call.request();
    if (failure instanceof LeaseLostException lost
        && lost.value() instanceof HttpResponse own
        && !settings.surfacesLostCompletions) {
      return own;
    } else if (failure instanceof LeaseLostException) {
      return problems.of(Kind.NOT_RECORDED, request);
    } else if (failure instanceof KeyStoreException store
        && store.reason() != KeyStoreException.Reason.UNREADABLE) {
      return problems.of(Kind.STORE_UNAVAILABLE, request);
    } else if (failure instanceof MisuseException
        && !(failure instanceof IncomparableFingerprintException)) {
      if (isClosed) {
        return problems.of(Kind.STOPPING, request);
      }
      throw failure;
    }
    warn(failure, call);
    return problems.of(Kind.RECORD_UNREADABLE, request);
  }

  /** Says whether the policy lets the operation run although its key could not be claimed. */
  boolean letsRun(IdempotencyException failure) {
    return settings.failsOpen
        && failure instanceof KeyStoreException store
        && store.certainty() == KeyStoreException.Certainty.NOT_APPLIED
        // One that is full or read-only still knows what ran.
        && store.reason() == KeyStoreException.Reason.UNAVAILABLE;
  }
}
