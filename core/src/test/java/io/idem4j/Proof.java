package io.idem4j;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What the checks of this run did, in numbers; {@link ProofPage} shows them. Safe for use by many
 * threads.
 */
public final class Proof {
  private static final ConcurrentMap<String, ConcurrentMap<String, Long>> COUNTS =
      new ConcurrentHashMap<>();

  private Proof() {}

  /**
   * Adds to a number.
   *
   * @param check the simple name of the test class
   * @param what what is counted
   */
  public static void count(String check, String what, long n) {
    COUNTS.computeIfAbsent(check, key -> new ConcurrentHashMap<>()).merge(what, n, Long::sum);
  }

  /** Returns the numbers of each check, sorted. */
  static Map<String, Map<String, Long>> checks() {
    Map<String, Map<String, Long>> all = new TreeMap<>();
    COUNTS.forEach((check, counts) -> all.put(check, new TreeMap<>(counts)));
    return all;
  }
}
