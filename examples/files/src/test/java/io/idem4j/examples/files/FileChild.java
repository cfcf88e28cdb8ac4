package io.idem4j.examples.files;

import io.idem4j.KeyStoreException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another process that uses the same directory; it begins when told to. */
final class FileChild implements AutoCloseable {

  private final Process process;
  private final BufferedReader out;

  private FileChild(Process process) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a process, which waits for {@link #go}. */
  static FileChild start(String mode, Path directory, int... numbers) throws IOException {
    return start(List.of(), mode, directory, numbers);
  }

  /** Starts a process that can write no file of a mebibyte. */
  static FileChild startLimited(String mode, Path directory, int... numbers) throws IOException {
    return start(List.of("sh", "-c", "ulimit -f 512; exec \"$@\"", "sh"), mode, directory, numbers);
  }

  private static FileChild start(List<String> before, String mode, Path directory, int... numbers)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", classPath()));
    command.addAll(List.of(FileChild.class.getName(), mode, directory.toString()));
    for (int number : numbers) {
      command.add(Integer.toString(number));
    }
    return new FileChild(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** What this process runs with; its modules do as well on a class path. */
  private static String classPath() {
    try {
      // Classes that are patched into a module are on neither path.
      Path tests = Path.of(FileChild.class.getResource("FileChild.class").toURI());
      for (int up = FileChild.class.getName().split("\\.").length; up > 0; up--) {
        tests = tests.getParent();
      }
      String modules = System.getProperty("jdk.module.path", "");
      return String.join(
          File.pathSeparator, System.getProperty("java.class.path"), modules, tests.toString());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits until the process has opened its store, and lets it begin. */
  void go() throws IOException {
    String line = out.readLine();
    if (!"ready".equals(line)) {
      throw new AssertionError("the child said " + line);
    }
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }

  /** Returns the next line that the process wrote, or null after the last. */
  String line() throws IOException {
    return out.readLine();
  }

  /** Kills the process, wherever it is, and returns when it is gone. */
  void kill() {
    ProcessHandle handle = process.toHandle(); // Process.destroyForcibly closes what was written
    handle.destroyForcibly();
    handle.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    kill();
  }

  /** Does its work, and writes a line for each thing that is done. */
  public static void main(String[] arguments) throws IOException {
    Path path = Path.of(arguments[1]);
    FileKeyStore store = new FileKeyStore(path);
    LockedDirectory directory = new LockedDirectory(path, Duration.ofSeconds(10));
    System.out.println("ready");
    if (System.in.read() < 0) {
      return;
    }
    try {
      work(arguments, store, directory);
    } catch (KeyStoreException e) {
      System.out.println(e.certainty() + " " + e.reason());
    }
  }

  private static void work(String[] arguments, FileKeyStore store, LockedDirectory directory)
      throws IOException {
    int keys = Integer.parseInt(arguments[2]);
    switch (arguments[0]) {
      case "count" -> {
        int times = Integer.parseInt(arguments[3]);
        for (int time = 0; time < times; time++) {
          Counters.increment(store, Counters.key(time % keys), Long.BYTES);
        }
        System.out.println("done");
      }
      case "write" -> {
        int length = Integer.parseInt(arguments[3]);
        for (int time = 0; ; time++) {
          int key = time % keys;
          System.out.println(
              key + " " + Counters.increment(store, Counters.key(key), length) + ".");
        }
      }
      case "hold" -> {
        try (LockedDirectory.Lock held = directory.lock(Counters.key(keys).bytes()[0])) {
          System.out.println("held");
          held.read("until the parent goes or kills", System.in.read());
        }
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }
}
