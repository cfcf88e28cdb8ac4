package io.idem4j;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Planted secrets, and all output of the suite searched for them, line by line: as they are, in
 * hexadecimal and in Base64 (I45). Safe for use by many threads.
 */
final class Canaries {
  /** Begins every planted key, scope, body and answer; whoever prints one is found out. */
  static final String KEY = "canary-key-4f1d-";

  static final String SCOPE = "canary-scope-82ab-";
  static final String BODY = "canary-body-c90e-";
  static final String ANSWER = "canary-answer-17c3-";

  private static final Set<String> PLANTED = ConcurrentHashMap.newKeySet();
  private static final List<String> FOUND = new CopyOnWriteArrayList<>();
  private static final AtomicLong LINES = new AtomicLong();

  static {
    List.of(KEY, SCOPE, BODY, ANSWER).forEach(Canaries::plant);
  }

  private Canaries() {}

  /** Plants a text; what is printed of it in another form is found too. */
  static void plant(String secret) {
    PLANTED.add(secret);
    plant(secret.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Plants bytes of no text, such as a digest or a stamp; at least eight, or chance prints them.
   */
  static void plant(byte[] secret) {
    PLANTED.add(HexFormat.of().formatHex(secret));
    // Without the last characters, which depend on what follows.
    String base64 = Base64.getEncoder().withoutPadding().encodeToString(secret);
    PLANTED.add(base64.substring(0, base64.length() - 2));
  }

  /** Returns the secrets that a text gives away. */
  static List<String> in(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return PLANTED.stream()
        .filter(secret -> text.contains(secret) || lower.contains(secret.toLowerCase(Locale.ROOT)))
        .toList();
  }

  /** Throws if any output since the start of the run gave a secret away. */
  static void check() {
    if (!FOUND.isEmpty()) {
      throw new AssertionError("output gave away planted secrets: " + FOUND);
    }
  }

  /** How many lines of output were searched. */
  static long lines() {
    return LINES.get();
  }

  /** Searches all that is printed from now on. */
  static void watch() {
    System.setOut(watched(System.out));
    System.setErr(watched(System.err));
  }

  private static PrintStream watched(PrintStream stream) {
    return new PrintStream(new Watched(stream), true, StandardCharsets.UTF_8);
  }

  /** A line belongs to the thread that prints it. */
  private static final class Watched extends OutputStream {
    private final PrintStream to;
    private final ThreadLocal<ByteArrayOutputStream> line =
        ThreadLocal.withInitial(ByteArrayOutputStream::new);

    Watched(PrintStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      ByteArrayOutputStream begun = line.get();
      for (int i = offset; i < offset + length; i++) {
        begun.write(bytes[i]);
        if (bytes[i] == '\n') {
          search(begun.toString(StandardCharsets.UTF_8));
          begun.reset();
        }
      }
    }

    private void search(String text) {
      LINES.incrementAndGet();
      if (!in(text).isEmpty()) {
        FOUND.add(text);
      }
      // Debug lines are there to be searched; nobody would read so many.
      if (!text.contains(" DEBUG io.idem4j")) {
        to.print(text);
      }
    }

    @Override
    public void flush() {
      to.flush();
    }
  }
}
