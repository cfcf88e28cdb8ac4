package io.idem4j.tck;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** All that exceptions and logs tell: for tests that no secret is among it (S7). */
public final class Told {
  private Told() {}

  /** Returns all text that an exception carries, however deep: causes, suppressed and next ones. */
  public static String by(Throwable thrown) {
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
    if (thrown instanceof SQLException sql) {
      append(text, sql.getNextException(), seen);
    }
  }

  /**
   * Returns what is written to the standard error while something runs, as slf4j-simple does. For
   * one test at a time.
   */
  public static String onStandardError(Runnable action) {
    PrintStream old = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(old);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
