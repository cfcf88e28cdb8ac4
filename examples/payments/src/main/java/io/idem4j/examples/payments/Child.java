package io.idem4j.examples.payments;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service as a process of its own, which can be killed. */
final class Child implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on http://[^:]+:([0-9]+)");
  private static final int START_SECONDS = 30;
  private static final int LINES_KEPT = 20;

  private final Process process;
  private final CompletableFuture<Integer> port = new CompletableFuture<>();

  private Child(Process process) {
    this.process = process;
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
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Payments.class.getName(),
                "serve",
                "--port",
                "0"));
    command.addAll(options);
    Child child = new Child(new ProcessBuilder(command).redirectErrorStream(true).start());
    try {
      // Also when the parent is stopped by a signal; if it is stopping already, this throws.
      Runtime.getRuntime().addShutdownHook(new Thread(child.process::destroyForcibly));
      child.port.get(START_SECONDS, TimeUnit.SECONDS);
      return child;
    } catch (IllegalStateException e) {
      child.close();
      throw e;
    } catch (ExecutionException e) {
      child.close();
      throw new IOException("the service did not start: " + e.getCause());
    } catch (TimeoutException e) {
      child.close();
      throw new IOException("the service did not start in " + START_SECONDS + " s");
    }
  }

  int port() {
    return port.join();
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
        Matcher listening = LISTENING.matcher(line);
        if (listening.matches()) {
          port.complete(Integer.valueOf(listening.group(1)));
        }
        last.add(line);
        if (last.size() > LINES_KEPT) {
          last.remove();
        }
      }
    } catch (IOException e) {
      last.add(e.toString());
    }
    port.completeExceptionally(new IOException(String.join(System.lineSeparator(), last)));
  }
}
