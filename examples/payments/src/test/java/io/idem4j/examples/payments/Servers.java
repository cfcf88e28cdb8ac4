package io.idem4j.examples.payments;

import io.idem4j.examples.payments.StoreOption.Kind;
import java.util.EnumMap;
import java.util.Map;

/**
 * The servers that the tests share. Each is started once, by the first test that asks, in the way
 * in which the program does it, and ends with this JVM. {@code -Didem4j.test.redis=redis://…} and
 * the like name running ones instead.
 */
final class Servers {
  private static final Map<Kind, StoreOption> RUNNING = new EnumMap<>(Kind.class);

  static {
    if (System.getProperty(EmbeddedServer.DIRECTORY) == null) {
      System.setProperty(EmbeddedServer.DIRECTORY, "../target/servers");
    }
  }

  private Servers() {}

  static synchronized String at(Kind kind) throws Exception {
    StoreOption running = RUNNING.get(kind);
    if (running == null) {
      String named = System.getProperty("idem4j.test." + kind.word(), "");
      running = named.isEmpty() ? start(kind).store() : new StoreOption(kind, named);
      RUNNING.put(kind, running);
    }
    return running.text();
  }

  /** Starts one that the test ends. */
  static EmbeddedServer start(Kind kind) throws Exception {
    return EmbeddedServer.start(kind, System.out);
  }
}
