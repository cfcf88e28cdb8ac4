package io.idem4j.http;

import static java.util.Objects.requireNonNull;

import io.idem4j.IllegalKeyException;
import io.idem4j.http.HttpProblem.Kind;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Takes a request's key from where the policy says. Safe for use by many threads. */
final class KeyReader {
  /**
   * A key that a request bears.
   *
   * @param text the key
   * @param line as it was sent
   */
  record Presented(String text, String line) {}

  private final HttpPolicy.Settings settings;
  private final List<IdempotencyKeyHeader> headers;

  KeyReader(HttpPolicy.Settings settings) {
    this.settings = settings;
    this.headers =
        settings.keyHeaders.stream()
            .map(name -> IdempotencyKeyHeader.of(settings.keySyntax).named(name))
            .toList();
  }

  /** Returns the request's key; empty if it has none. Reads the body only for an extractor. */
  Optional<Presented> read(HttpRequest request) throws Refusal, IOException {
    try {
      Optional<Presented> presented =
          settings.keyExtractor == null
              ? ofHeaders(request)
              : settings
                  .keyExtractor
                  .extract(request)
                  .map(text -> new Presented(checked("request", text), text));
      return presented;
    } catch (IllegalKeyException e) {
      throw new Refusal(Kind.KEY_MALFORMED, requireNonNull(e.getMessage()));
    }
  }

  private Optional<Presented> ofHeaders(HttpRequest request) throws Refusal {
    Optional<Presented> found = Optional.empty();
    for (IdempotencyKeyHeader header : headers) {
      List<String> lines = request.headers().all(header.name());
      Optional<String> text = header.parse(lines);
      if (text.isPresent()) {
        if (found.isPresent() && !found.get().text().equals(text.get())) {
          throw new Refusal(
              Kind.KEY_MALFORMED, "the fields " + settings.keyHeaders + " bear different keys");
        }
        found = Optional.of(new Presented(checked(header.name(), text.get()), lines.get(0)));
      }
    }
    return found;
  }

  private String checked(String name, String text) {
    settings.keyFormat.check(name, text);
    return text;
  }
}
