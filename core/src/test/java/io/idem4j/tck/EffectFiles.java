package io.idem4j.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Somebody else's system, in which operations make effects: a directory that all processes of a
 * test share, and that outlives them. One attempt makes one effect at most, and can be kept from
 * making it; both are one atomic step, a link to a file that is complete. Safe for use by many
 * threads and processes.
 */
public final class EffectFiles {
  private static final String BLOCKED = "blocked";

  private static final AtomicLong COUNT = new AtomicLong();

  private final Path directory;

  /**
   * An effect that was made.
   *
   * @param number of what it was made for
   * @param attempt by which it was made
   * @param value what it answered
   */
  public record Effect(int number, int attempt, String value) {}

  /** Takes a directory that is there. */
  public EffectFiles(Path directory) {
    this.directory = directory;
  }

  /** Makes an effect; says whether it was made: not where this attempt was blocked, or had one. */
  public boolean make(int number, int attempt, String value) {
    return link(number, attempt, value);
  }

  /**
   * Keeps all attempts before this one from making their effect from here on.
   *
   * @return the effect that one of them had made before
   */
  public Optional<String> blockBefore(int number, int attempt) {
    Optional<String> made = Optional.empty();
    for (int each = 1; each < attempt; each++) {
      if (!link(number, each, BLOCKED)) {
        String found = read(place(number, each));
        made = found.equals(BLOCKED) ? made : Optional.of(found);
      }
    }
    return made;
  }

  /** Returns the effects that were made. */
  public List<Effect> made() {
    List<Effect> effects = new ArrayList<>();
    for (Path each : files()) {
      String[] name = each.getFileName().toString().split("\\.", -1);
      String value = name.length == 2 ? read(each) : BLOCKED;
      if (!value.equals(BLOCKED)) {
        effects.add(new Effect(Integer.parseInt(name[0]), Integer.parseInt(name[1]), value));
      }
    }
    return effects;
  }

  private boolean link(int number, int attempt, String content) {
    long own = ProcessHandle.current().pid();
    Path complete = directory.resolve("part." + own + "." + COUNT.incrementAndGet());
    try {
      Files.writeString(complete, content);
      Files.createLink(place(number, attempt), complete);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      delete(complete);
    }
  }

  private Path place(int number, int attempt) {
    return directory.resolve(number + "." + attempt);
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (NoSuchFileException e) {
      // It was never made.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
