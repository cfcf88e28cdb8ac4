package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The Lua scripts, by name: their text, and the SHA-1 by which a server that has seen the text
 * finds it again. Immutable.
 */
enum Script {
  /** See {@code compare-and-set.lua}. */
  COMPARE_AND_SET("compare-and-set.lua"),

  /** See {@code find.lua}. */
  FIND("find.lua"),

  /** See {@code scan.lua}. */
  SCAN("scan.lua");

  private static final String COMMON = "record.lua";

  private final String text;
  private final String sha;

  Script(String resource) {
    this.text = read(COMMON) + "\n" + read(resource);
    this.sha = new String(Sha1.hex(text.getBytes(UTF_8)), UTF_8);
  }

  /** Returns the whole text. */
  String text() {
    return text;
  }

  /** Returns the SHA-1 of the text, as hexadecimal digits. */
  String sha() {
    return sha;
  }

  private static String read(String resource) {
    try (InputStream in = Script.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is missing beside " + Script.class.getName());
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
