package io.idem4j.examples.client;

import java.math.BigInteger;
import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads {@code Retry-After} (RFC 9110, section 10.2.3): whole seconds or a date. */
final class RetryAfter {
  private static final BigInteger LONGEST = BigInteger.valueOf(Integer.MAX_VALUE);

  private RetryAfter() {}

  /**
   * Returns the time to wait, none for a date that is over; empty if there is no such field, or
   * none that can be understood.
   *
   * @param now is asked only where the answer has no {@code Date} of its own: the distance of the
   *     two dates is right whatever this clock says
   */
  static Optional<Duration> of(HttpHeaders headers, Instant now) {
    List<String> values = headers.allValues("Retry-After");
    if (values.size() != 1) {
      return Optional.empty();
    }
    String value = values.get(0).trim();
    if (value.matches("[0-9]{1,100}")) {
      return Optional.of(Duration.ofSeconds(new BigInteger(value).min(LONGEST).intValue()));
    }
    Instant sent = headers.firstValue("Date").flatMap(it -> date(it.trim(), now)).orElse(now);
    return date(value, now).map(then -> Duration.between(sent, then)).map(RetryAfter::notNegative);
  }

  private static Duration notNegative(Duration left) {
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** An HTTP-date in one of the three forms that a recipient must take (section 5.6.7). */
  private static Optional<Instant> date(String text, Instant now) {
    List<DateTimeFormatter> forms =
        List.of(
            form("EEE, dd MMM yyyy HH:mm:ss 'GMT'"),
            new DateTimeFormatterBuilder()
                .appendPattern("EEEE, dd-MMM-")
                // What is more than 50 years ahead is meant as a past year.
                .appendValueReduced(
                    ChronoField.YEAR, 2, 2, now.atZone(ZoneOffset.UTC).getYear() - 49)
                .appendPattern(" HH:mm:ss 'GMT'")
                .toFormatter(Locale.ENGLISH),
            form("EEE MMM ppd HH:mm:ss yyyy"));
    for (DateTimeFormatter form : forms) {
      try {
        return Optional.of(LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC));
      } catch (DateTimeException e) {
        // The next form, or none.
      }
    }
    return Optional.empty();
  }

  private static DateTimeFormatter form(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH);
  }
}
