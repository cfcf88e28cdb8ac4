package io.idem4j.jmh;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * A figure and what it may be off by.
 *
 * @param value the figure; no number where it was not measured
 * @param error half of its interval of 99.9 % confidence; no number where that is not known
 */
record Estimate(double value, double error) {
  static final Estimate NONE = new Estimate(Double.NaN, Double.NaN);

  boolean isMeasured() {
    return !Double.isNaN(value);
  }

  boolean hasError() {
    return !Double.isNaN(error);
  }

  /**
   * Returns how many times the other figure this one is. The relative errors of both add up as
   * independent ones do, because the two sides are measured in processes of their own.
   */
  Estimate over(Estimate other) {
    double times = value / other.value;
    return new Estimate(
        times, Math.abs(times) * Math.hypot(error / value, other.error / other.value));
  }

  Estimate times(double factor) {
    return new Estimate(value * factor, error * factor);
  }

  /** Returns what was measured as a rate as the time of one, with the same relative error. */
  Estimate inverse() {
    return new Estimate(1 / value, error / (value * value));
  }

  /** Returns the figure with three digits at least, and its error to the same place. */
  @Override
  public String toString() {
    if (!isMeasured()) {
      return "";
    }
    int places = hasError() && error != Math.rint(error) ? fraction(value) : places(value);
    String text = fixed(value, places);
    return hasError() ? text + " ± " + fixed(error, places) : text;
  }

  /** Returns the figure without its error. */
  String plain() {
    return isMeasured() ? fixed(value, places(value)) : "";
  }

  /** Returns the figure of a count: parts of a byte are noise, half a round trip is not. */
  String count() {
    return isMeasured() && !Double.isInfinite(value)
        ? new BigDecimal(value)
            .setScale(Math.abs(value) < 100 ? 2 : 0, RoundingMode.HALF_EVEN)
            .stripTrailingZeros()
            .toPlainString()
        : "";
  }

  private static int places(double value) {
    return value == Math.rint(value) ? 0 : fraction(value);
  }

  private static int fraction(double value) {
    double size = Math.abs(value);
    if (size == 0 || size >= 100) {
      return size == 0 ? 2 : 0;
    }
    return size >= 10 ? 1 : size >= 1 ? 2 : Math.min(9, 2 - (int) Math.floor(Math.log10(size)));
  }

  private static String fixed(double value, int places) {
    return Double.isInfinite(value)
        ? String.format(Locale.ROOT, "%f", value)
        : new BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).toPlainString();
  }
}
