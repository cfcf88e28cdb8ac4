package io.idem4j.examples.payments;

import io.idem4j.examples.payments.StoreOption.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A store's server, started for as long as this process lives, in a process of its own. Its data is
 * in a temporary directory that goes with it.
 */
final class EmbeddedServer implements AutoCloseable {
  /** Names another directory than {@code servers} beside the jar. */
  static final String DIRECTORY = "payments.servers";

  private static final int START_SECONDS = 180;
  private static final int END_SECONDS = 20;

  /** No server can be started here; the message says what to do instead. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
      super(message);
    }
  }

  private final StoreOption store;
  private final Child child;
  private final Path directory;

  private EmbeddedServer(StoreOption store, Child child, Path directory) {
    this.store = store;
    this.child = child;
    this.directory = directory;
  }

  /**
   * Starts a server and waits until it can be used.
   *
   * @param out is told that this takes a while
   */
  static EmbeddedServer start(Kind kind, PrintStream out)
      throws UnavailableException, InterruptedException {
    Path libraries = libraries(kind);
    out.println("starting an embedded " + kind.word());
    boolean isStarted = false;
    Path directory = null;
    try {
      directory = Files.createTempDirectory("idem4j-" + kind.word()).toRealPath();
      Child child = Child.server(kind, libraries, directory, START_SECONDS);
      isStarted = true;
      return new EmbeddedServer(new StoreOption(kind, child.ready()), child, directory);
    } catch (IOException e) {
      throw new UnavailableException(e.getMessage() + instead(kind));
    } finally {
      if (!isStarted && directory != null) {
        Directories.delete(directory);
      }
    }
  }

  private static Path libraries(Kind kind) throws UnavailableException {
    if (!System.getProperty("os.name").equals("Linux")
        || !System.getProperty("os.arch").equals("amd64")) {
      throw new UnavailableException(
          "an embedded " + kind.word() + " can be started on Linux x64 only" + instead(kind));
    }
    Path libraries = directory().resolve(kind.word());
    if (!Files.isDirectory(libraries)) {
      throw new UnavailableException(
          "an embedded "
              + kind.word()
              + " needs the directory "
              + libraries
              + ", which mvn package makes"
              + instead(kind));
    }
    return libraries;
  }

  private static Path directory() {
    String named = System.getProperty(DIRECTORY);
    if (named != null) {
      return Path.of(named).toAbsolutePath().normalize();
    }
    try {
      var jar = EmbeddedServer.class.getProtectionDomain().getCodeSource().getLocation();
      return Path.of(jar.toURI()).resolveSibling("servers");
    } catch (URISyntaxException e) {
      return Path.of("servers").toAbsolutePath();
    }
  }

  private static String instead(Kind kind) {
    return System.lineSeparator()
        + "give a running server instead: --store "
        + kind.word()
        + ":"
        + kind.example();
  }

  /** Returns where the server is. */
  StoreOption store() {
    return store;
  }

  /** Waits until the server has ended, for whatever reason. */
  void join() throws InterruptedException {
    child.join();
  }

  @Override
  public void close() {
    child.end(END_SECONDS);
    Directories.delete(directory);
  }
}
