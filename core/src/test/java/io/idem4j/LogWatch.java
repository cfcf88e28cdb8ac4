package io.idem4j;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Takes the place of the error stream, to which the log goes, and keeps only what leaks (I45). */
final class LogWatch implements AutoCloseable {
  private final PrintStream before = System.err;
  private long lines;
  private String leak;

  LogWatch() {
    System.setErr(
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8) {
          @Override
          public void println(String line) {
            seen(line);
          }

          @Override
          public void println(Object line) {
            seen(line);
          }
        });
  }

  private void seen(Object line) {
    lines++;
    if (leak == null && !Canaries.in(String.valueOf(line)).isEmpty()) {
      leak = String.valueOf(line);
    }
  }

  long lines() {
    return lines;
  }

  String leak() {
    return leak;
  }

  @Override
  public void close() {
    System.setErr(before);
  }
}
