package io.idem4j.tck;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What drivers made of faults: for each fault, how often a call under it came to what. Told by
 * {@link MatrixPage}; nothing is asserted about it. Safe for use by many threads.
 */
final class FaultLog {
  private static final ConcurrentMap<String, ConcurrentMap<String, Integer>> SEEN =
      new ConcurrentHashMap<>();

  private FaultLog() {}

  static void add(String store, NetworkFault fault, String outcome) {
    SEEN.computeIfAbsent(store + "\t" + fault, each -> new ConcurrentHashMap<>())
        .merge(outcome, 1, Integer::sum);
  }

  /** Returns and forgets the counts of outcomes, by store and fault, a tab between them. */
  static Map<String, Map<String, Integer>> take() {
    Map<String, Map<String, Integer>> all = new TreeMap<>();
    SEEN.forEach((what, counts) -> all.put(what, new TreeMap<>(counts)));
    SEEN.clear();
    return all;
  }
}
