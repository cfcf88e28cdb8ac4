package io.idem4j.jmh;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which results are meant, written {@code Benchmark.method{parameter=value,by=who}#figure}: those
 * whose named parameters have these values, in one thread if {@code threads} is not named.
 *
 * @param name class and method
 * @param parameters with {@code by} and {@code threads}
 * @param figure as {@link Measured#figure} takes it
 */
record Selection(String name, NavigableMap<String, String> parameters, String figure) {
  private static final Pattern FORM = Pattern.compile("([\\w.]*)\\{([^{}]*)}(?:#(.+))?");
  private static final String BY = "by";
  private static final String ONE_THREAD = "1";

  static Selection of(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("not Benchmark.method{parameter=value}#figure: " + text);
    }
    NavigableMap<String, String> parameters = new TreeMap<>();
    for (String each : parts.group(2).split(",", -1)) {
      int equals = each.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("not parameter=value: " + each);
      }
      parameters.put(each.substring(0, equals).strip(), each.substring(equals + 1).strip());
    }
    return new Selection(parts.group(1), parameters, parts.group(3) == null ? "" : parts.group(3));
  }

  boolean matches(Measured measured) {
    Map<String, String> wanted = new TreeMap<>(parameters);
    wanted.putIfAbsent(Measured.THREADS, ONE_THREAD);
    return measured.name().equals(name)
        && parameters(measured).entrySet().containsAll(wanted.entrySet());
  }

  /** Says whether the other is the same as the first, but for the parameters named here. */
  boolean isCounterpart(Measured first, Measured other) {
    Map<String, String> wanted = parameters(first);
    wanted.putAll(parameters);
    return other.name().equals(name.isEmpty() ? first.name() : name)
        && other.mode().equals(first.mode())
        && other.unit().equals(first.unit())
        && parameters(other).equals(wanted);
  }

  private static Map<String, String> parameters(Measured measured) {
    Map<String, String> all = new TreeMap<>(measured.parameters());
    all.putIfAbsent(Measured.THREADS, ONE_THREAD);
    all.put(BY, measured.by());
    return all;
  }
}
