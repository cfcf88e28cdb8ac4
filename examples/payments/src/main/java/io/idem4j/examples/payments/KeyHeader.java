package io.idem4j.examples.payments;

import static java.util.Objects.requireNonNull;

import io.idem4j.IllegalKeyException;
import io.idem4j.http.IdempotencyKeyHeader;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code Idempotency-Key}: {@code "k"} and {@code k} are one key. */
final class KeyHeader {
  private static final IdempotencyKeyHeader HEADER = IdempotencyKeyHeader.of(Syntax.LENIENT);

  private KeyHeader() {}

  /**
   * Returns the key; empty if there is no such header.
   *
   * @throws Refusal if the header does not hold exactly one usable key
   */
  static Optional<String> parse(@Nullable List<String> lines) throws Refusal {
    try {
      return HEADER.parse(lines);
    } catch (IllegalKeyException e) {
      throw new Refusal(Problem.keyMalformed(requireNonNull(e.getMessage())));
    }
  }
}
