package io.idem4j.tck;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What workers run with: the class path of this process. Packed, it is written to jars, and the
 * classes that a first worker has loaded to an archive, so that others start in half the time.
 */
final class WorkerImage {
  private final String classPath;
  private final Path archive;

  private WorkerImage(String classPath, Path archive) {
    this.classPath = classPath;
    this.archive = archive;
  }

  /** The class path as it is, for few workers. */
  static WorkerImage plain() {
    return new WorkerImage(System.getProperty("java.class.path"), null);
  }

  /** The class path in jars: an archive knows no classes of directories. */
  static WorkerImage packed(Path directory) throws IOException {
    List<String> jars = new ArrayList<>();
    for (String each : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path place = Path.of(each);
      if (Files.isDirectory(place)) {
        Path jar = directory.resolve("classes-" + jars.size() + ".jar");
        pack(place, jar);
        jars.add(jar.toString());
      } else {
        jars.add(each);
      }
    }
    return new WorkerImage(String.join(File.pathSeparator, jars), directory.resolve("classes.jsa"));
  }

  private static void pack(Path classes, Path jar) throws IOException {
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream out = new ZipOutputStream(file);
        Stream<Path> files = Files.walk(classes)) {
      out.setLevel(0);
      files.filter(Files::isRegularFile).forEach(each -> add(out, classes, each));
    }
  }

  private static void add(ZipOutputStream out, Path classes, Path file) {
    try {
      out.putNextEntry(new ZipEntry(classes.relativize(file).toString().replace('\\', '/')));
      Files.copy(file, out);
      out.closeEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isPacked() {
    return archive != null;
  }

  /** The options of the virtual machine; a worker that ends while there is no archive makes it. */
  List<String> options() {
    List<String> options = new ArrayList<>(List.of("-Xlog:disable", "-cp", classPath));
    if (isPacked()) {
      boolean isMade = Files.exists(archive);
      options.add((isMade ? "-XX:SharedArchiveFile=" : "-XX:ArchiveClassesAtExit=") + archive);
    }
    return options;
  }
}
