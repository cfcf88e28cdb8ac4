package io.idem4j.examples.payments;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A Java process beside this one that says on one line of its output that it is ready. It can be
 * killed.
 */
final class Child implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on http://[^:]+:([0-9]+)");
  private static final int START_SECONDS = 30;
  private static final int LINES_KEPT = 20;

  private final Process process;
  private final Pattern readiness;
  private final CompletableFuture<String> ready = new CompletableFuture<>();

  private Child(Process process, Pattern readiness) {
    this.process = process;
    this.readiness = readiness;
    Thread reader = new Thread(this::read, "payments-child-output");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts {@code serve} with these options on a free port, and waits until it listens.
   *
   * @throws IOException if it does not come up; the message holds what it printed
   */
  static Child serve(List<String> options) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Payments.class.getName(),
                "serve",
                "--port",
                "0"));
    command.addAll(options);
    Child child = new Child(java(command, Path.of("")), LISTENING);
    try {
      // Also when the parent is stopped by a signal; if it is stopping already, this throws.
      Runtime.getRuntime().addShutdownHook(new Thread(child.process::destroyForcibly));
      child.await("the service", START_SECONDS);
      return child;
    } catch (IllegalStateException | IOException e) {
      child.close();
      throw e;
    }
  }

  /**
   * Starts a {@link ServerProcess} in a directory, and waits until it is ready. It is to be ended
   * with {@link #end}; it ends itself when this process is gone, however it ended.
   *
   * @param libraries the directory of what the server needs beside this program
   * @throws IOException if it does not come up; the message holds what it printed
   */
  static Child server(StoreOption.Kind kind, Path libraries, Path directory, int seconds)
      throws IOException, InterruptedException {
    Child child =
        new Child(
            java(
                List.of(
                    "-Xmx256m",
                    "-Djava.io.tmpdir=" + directory,
                    "-cp",
                    classPath(libraries),
                    ServerProcess.class.getName(),
                    kind.word()),
                directory),
            ServerProcess.READY);
    boolean isReady = false;
    try {
      child.await("the embedded " + kind.word(), seconds);
      isReady = true;
      return child;
    } finally {
      if (!isReady) {
        child.end(10);
      }
    }
  }

  /**
   * This program and the libraries. The child has another working directory, and what is among the
   * libraries may not be there twice: some look for themselves on the class path.
   */
  private static String classPath(Path libraries) {
    return Stream.concat(
            Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getProperty("java.class.path"))
                .map(entry -> Path.of(entry).toAbsolutePath())
                .filter(entry -> !Files.exists(libraries.resolve(entry.getFileName()))),
            Stream.of(libraries.resolve("*")))
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static Process java(List<String> arguments, Path directory) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .directory(directory.toAbsolutePath().toFile())
        .redirectErrorStream(true)
        .start();
  }

  private void await(String what, int seconds) throws IOException, InterruptedException {
    try {
      ready.get(seconds, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IOException(
          what + " did not start: " + Objects.requireNonNull(e.getCause()).getMessage());
    } catch (TimeoutException e) {
      throw new IOException(what + " did not start in " + seconds + " s");
    }
  }

  /** Returns what the process said when it was ready. */
  String ready() {
    return ready.join();
  }

  int port() {
    return Integer.parseInt(ready());
  }

  long pid() {
    return process.pid();
  }

  /** Kills the process at once, so that it can do nothing more. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    awaitEnd();
  }

  /** Waits until the process has ended. */
  void awaitEnd() throws InterruptedException {
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the process is still there");
    }
  }

  /** Ends a server in order, by closing its input; if that takes too long, by force. */
  void end(int seconds) {
    try {
      process.getOutputStream().close();
      if (process.waitFor(seconds, TimeUnit.SECONDS)) {
        return;
      }
    } catch (IOException e) {
      // Its input is closed already.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }

  /** Waits for as long as the process lives. */
  void join() throws InterruptedException {
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Reads all output: an unread pipe would stop the child once it is full. */
  private void read() {
    Deque<String> last = new ArrayDeque<>();
    try (BufferedReader lines = process.inputReader()) {
      String line;
      while ((line = lines.readLine()) != null) {
        Matcher isReady = readiness.matcher(line);
        if (isReady.matches()) {
          ready.complete(isReady.group(1));
        }
        last.add(line);
        if (last.size() > LINES_KEPT) {
          last.remove();
        }
      }
    } catch (IOException e) {
      last.add(e.toString());
    }
    ready.completeExceptionally(new IOException(String.join(System.lineSeparator(), last)));
  }
}
