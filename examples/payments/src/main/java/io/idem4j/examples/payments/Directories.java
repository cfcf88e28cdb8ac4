package io.idem4j.examples.payments;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Temporary directories. */
final class Directories {
  private Directories() {}

  /** Deletes a directory and all in it, as far as that is possible; others may do the same. */
  static void delete(Path directory) {
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              return deleteOne(file);
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path each, @Nullable IOException e) {
              return deleteOne(each);
            }
          });
    } catch (IOException e) {
      // Not thrown by this visitor.
    }
  }

  private static FileVisitResult deleteOne(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // It is temporary; what is still in use is left to the system.
    }
    return FileVisitResult.CONTINUE;
  }
}
