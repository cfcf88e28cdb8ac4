package io.idem4j.examples.payments;

import java.util.ArrayList;
import java.util.List;

/** What one scenario of the tour found. Confined to one thread. */
final class Finding {
  private final List<String> broken = new ArrayList<>();
  private String sent = "nothing";
  private String got = "nothing";
  private String effect = "not counted";

  /** Says what was sent. */
  void sent(String text) {
    sent = text;
  }

  /** Says what came back. */
  void got(Object what) {
    got = what.toString();
  }

  /** Compares how often an effect was made with how often it should have been. */
  void effect(long made, long expected) {
    effect = made + (made == 1 ? " time" : " times") + ", should be " + expected;
    expect(made == expected, "the effect was made " + made + " times");
  }

  /** Notes an expectation that did not hold. */
  void expect(boolean holds, String otherwise) {
    if (!holds) {
      broken.add(otherwise);
    }
  }

  boolean isAsExpected() {
    return broken.isEmpty();
  }

  String line(String name) {
    String line =
        "%s %s | sent: %s | came back: %s | effect made: %s"
            .formatted(isAsExpected() ? "ok  " : "FAIL", name, sent, got, effect);
    return isAsExpected() ? line : line + " | BROKEN: " + String.join("; ", broken);
  }
}
