package io.idem4j.dynamodb;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * By how much this client's clock is ahead of the service's, as far as one answer can tell. The
 * service stamps whole seconds, at some instant between request and answer, so that only bounds can
 * be given. Immutable.
 *
 * @param least the offset is more than this
 * @param most the offset is at most this
 */
record ClockOffset(Duration least, Duration most) {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /**
   * Returns what an answer tells of the offset; nothing if it has no date.
   *
   * @param sent this clock before the request was sent
   * @param received this clock after the answer had come
   */
  static Optional<ClockOffset> of(SdkHttpResponse answer, Instant sent, Instant received) {
    try {
      return answer
          .firstMatchingHeader("Date")
          .map(date -> ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant())
          .map(
              date ->
                  new ClockOffset(
                      Duration.between(date.plus(SECOND), sent), Duration.between(date, received)));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Says whether the clock is certainly off by more than this, in either direction. */
  boolean isCertainlyBeyond(Duration tolerance) {
    return least.compareTo(tolerance) > 0 || most.compareTo(tolerance.negated()) < 0;
  }
}
