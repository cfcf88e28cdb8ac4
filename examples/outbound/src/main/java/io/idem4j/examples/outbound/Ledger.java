package io.idem4j.examples.outbound;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The effects at the provider: how often each order was charged, shipped, invoiced or paid out.
 * Safe for use by many threads.
 */
final class Ledger {
  /** The kinds of effect, by the path of the service that makes them. */
  enum Kind {
    CHARGES,
    SHIPMENTS,
    INVOICES,
    TRANSFERS;

    String path() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Map<Kind, Map<String, Integer>> effects = new ConcurrentHashMap<>();

  /** Counts one effect more. */
  void add(Kind kind, String order) {
    effects
        .computeIfAbsent(kind, unused -> new ConcurrentHashMap<>())
        .merge(order, 1, Integer::sum);
  }

  /** Returns how many effects each order has; an order without one is missing. */
  Map<String, Integer> effects(Kind kind) {
    return new TreeMap<>(effects.getOrDefault(kind, Map.of()));
  }
}
