package io.idem4j.examples.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;

/**
 * An order in a file, and with it the key of its payment. Key and bytes are on the disk before the
 * first attempt: a process that is started after a crash sends the same ones. A shop has a column
 * beside the order instead. Immutable.
 *
 * @param key the key of the payment
 * @param body the request's body, one line
 * @param isNew whether nobody can have sent it before
 */
record Order(String key, String body, boolean isNew) {
  /** Returns the order that is in the file; without the file, makes it with a new key. */
  static Order open(Path file, String bodyOfNew) throws IOException {
    boolean isNew = !Files.exists(file) && store(file, UUID.randomUUID() + "\n" + bodyOfNew + "\n");
    List<String> lines = Files.readAllLines(file);
    if (lines.size() != 2) {
      throw new IOException("no order of two lines: " + file);
    }
    return new Order(lines.get(0), lines.get(1), isNew);
  }

  /**
   * At once: half an order under the name would be taken for another one. Never over what is there:
   * two processes that start together would pay under two keys.
   */
  private static boolean store(Path file, String text) throws IOException {
    Path half = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
    try (FileChannel channel =
        FileChannel.open(half, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    try {
      Files.createLink(file, half);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false; // Another process was first, and its key is the order's.
    } finally {
      Files.delete(half);
    }
  }
}
