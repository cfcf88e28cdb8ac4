package io.idem4j.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a service publishes of its policy (draft-ietf-httpapi-idempotency-key-header-07, sections
 * 2.2 and 2.5.2), made of the configuration itself. Times are in seconds.
 */
final class PolicyDocument {
  private PolicyDocument() {}

  static Map<String, Object> of(String operation, HttpPolicy.Settings settings) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("operation", operation);
    document.put("methods", List.copyOf(new TreeSet<>(settings.methods)));
    document.put("key", key(settings));
    document.put(
        "uniqueness",
        settings.sharedName == null
            ? "one key per caller and operation"
            : "one key per caller, for all operations of '" + settings.sharedName + "'");
    document.put("fingerprint", settings.fingerprint.describe());
    document.put("maximumRequestBodyBytes", settings.maximumRequestBody);
    if (settings.maximumPerScope < Integer.MAX_VALUE) {
      document.put("maximumUnderWay", settings.maximumPerScope);
    }
    document.put("retentionSeconds", settings.operation.retention().toSeconds());
    document.put("failureRetentionSeconds", settings.operation.failureRetention().toSeconds());
    document.put("expiredKey", "the request runs as a first one");
    document.put("outcomes", outcomes(settings));
    document.put("replayedHeaderFields", settings.replayHeaders.describe());
    document.put("markers", markers(settings.markers));
    document.put("errors", errors(settings));
    document.put("documentation", text(settings.documentation));
    return document;
  }

  private static Map<String, Object> key(HttpPolicy.Settings settings) {
    Map<String, Object> key = new LinkedHashMap<>();
    if (settings.discriminator != null) {
      key.put("source", "the request itself: identical requests are the same request");
      return key;
    }
    if (settings.keyExtractor != null) {
      key.put("source", "the request, as the service documents");
    } else {
      key.put("headerFields", settings.keyHeaders);
      key.put(
          "syntax",
          switch (settings.keySyntax) {
            case STRICT -> "a String of RFC 9651, in double quotes";
            case LENIENT -> "a String of RFC 9651, in double quotes, or the same text bare";
            case RAW -> "plain text";
          });
    }
    key.put("format", settings.keyFormat.describe());
    key.put(
        "requirement",
        switch (settings.keyRequirement) {
          case OPTIONAL -> "optional: without a key the request is not protected";
          case REQUIRED -> "required";
          case IGNORED -> "ignored";
          case GENERATE -> "made by the service where it is missing";
        });
    return key;
  }

  /** One line for each status of interest, as the classifier itself judges it. */
  private static Map<String, Object> outcomes(HttpPolicy.Settings settings) {
    Map<String, Object> outcomes = new LinkedHashMap<>();
    Map<String, List<Integer>> statuses = new LinkedHashMap<>();
    for (int status = 200; status < 600; status++) {
      String answer = outcome(settings, HttpResponse.of(status));
      statuses.computeIfAbsent(answer, key -> new ArrayList<>()).add(status);
    }
    statuses.forEach((answer, list) -> outcomes.put(ranges(list), answer));
    HttpResponse passing = HttpResponse.of(409);
    String hinted = outcome(settings, passing.withHeader("Retry-After", "1"));
    if (!hinted.equals(outcome(settings, passing))) {
      outcomes.put("errors with Retry-After", hinted);
    }
    outcomes.put("exception", failure(settings));
    outcomes.put("recordedSuccess", settings.onCompleted.describe());
    outcomes.put(
        "bodyNotKept",
        switch (settings.oversize) {
          case OMIT_BODY -> "status and header fields are replayed without it";
          case REFERENCE_ONLY -> "409 with a reference";
          case REJECT_REPLAY -> "409";
        });
    return outcomes;
  }

  private static String outcome(HttpPolicy.Settings settings, HttpResponse response) {
    return switch (Replies.disposition(settings, response)) {
      case RECORD, FINAL -> "recorded";
      case RELEASE -> "not recorded, a retry runs again";
      case IN_DOUBT -> "held until somebody has looked";
      case FAILURE -> failure(settings);
    };
  }

  private static String failure(HttpPolicy.Settings settings) {
    return switch (settings.operation.mode()) {
      case RERUN -> "not recorded, a retry runs again";
      case HOLD -> "held until somebody has looked";
      case RECOVER -> "looked up before a retry runs again";
    };
  }

  private static String ranges(List<Integer> statuses) {
    StringBuilder text = new StringBuilder();
    int from = statuses.get(0);
    int last = from;
    for (int status : statuses.subList(1, statuses.size())) {
      if (status != last + 1) {
        append(text, from, last);
        from = status;
      }
      last = status;
    }
    return append(text, from, last).toString();
  }

  private static StringBuilder append(StringBuilder text, int from, int last) {
    return text.append(text.isEmpty() ? "" : ", ")
        .append(from == last ? Integer.toString(from) : from + "-" + last);
  }

  private static Map<String, Object> markers(Markers markers) {
    Map<String, Object> document = new LinkedHashMap<>();
    markers.replay().ifPresent(it -> document.put("replay", it.name() + ": " + it.value()));
    markers.original().ifPresent(it -> document.put("originalRequest", it.to()));
    markers.transience().ifPresent(it -> document.put("transience", it.name()));
    markers.echo().ifPresent(it -> document.put("keyEcho", it));
    markers.lifetime().ifPresent(it -> document.put("lifetime", it));
    return document;
  }

  private static Map<String, Object> errors(HttpPolicy.Settings settings) {
    Problems problems = new Problems(settings);
    Map<String, Object> errors = new LinkedHashMap<>();
    HttpRequest request = HttpRequest.of("POST", "/", HttpHeaders.none(), new byte[0]);
    for (HttpProblem.Kind kind : HttpProblem.Kind.values()) {
      HttpResponse response = problems.of(kind, request);
      Map<String, Object> error = new LinkedHashMap<>();
      error.put("status", response.status());
      error.put("contentType", text(response.headers().first("Content-Type").orElse(null)));
      error.put("retryUnchanged", kind.isTransient());
      errors.put(kind.code(), error);
    }
    return errors;
  }

  private static @Nullable String text(@Nullable Object value) {
    return value == null ? null : value.toString();
  }
}
