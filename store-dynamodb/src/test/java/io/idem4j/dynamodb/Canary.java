package io.idem4j.dynamodb;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** All text that an exception carries, however deep. */
final class Canary {
  private Canary() {}

  static String textOf(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    append(text, thrown, Collections.newSetFromMap(new IdentityHashMap<>()));
    return text.toString();
  }

  private static void append(StringWriter text, Throwable thrown, Set<Throwable> seen) {
    if (thrown == null || !seen.add(thrown)) {
      return;
    }
    text.append(thrown.getMessage()).append('\n').append(thrown.toString()).append('\n');
    append(text, thrown.getCause(), seen);
    for (Throwable each : thrown.getSuppressed()) {
      append(text, each, seen);
    }
  }
}
