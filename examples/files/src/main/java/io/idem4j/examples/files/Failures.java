package io.idem4j.examples.files;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.examples.files.LockedDirectory.BusyException;
import io.idem4j.examples.files.LockedDirectory.UnprovenException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;

/** What is known after an {@link IOException} (S7). */
final class Failures {

  /** S7: before a file is moved, nothing is applied; what is not proven after that is UNKNOWN. */
  static KeyStoreException of(IOException e) {
    if (e instanceof UnprovenException) {
      return KeyStoreException.unknown("a file may or may not have been replaced", nameless(e));
    }
    if (e instanceof BusyException) {
      return KeyStoreException.notApplied(
          Reason.BUSY, "other calls held the lock of the key for too long", null);
    }
    return KeyStoreException.notApplied(
        e instanceof AccessDeniedException ? Reason.MISCONFIGURED : Reason.UNAVAILABLE,
        "the directory cannot be used: see the cause",
        nameless(e));
  }

  /** Exceptions of files name the file, and so the key id; of that, only a digest may be shown. */
  private static IOException nameless(Throwable e) {
    Throwable cause = e instanceof UnprovenException && e.getCause() != null ? e.getCause() : e;
    String text =
        cause instanceof FileSystemException named ? named.getReason() : cause.getMessage();
    String type = cause.getClass().getSimpleName();
    IOException copy = new IOException(text == null ? type : type + ": " + text);
    copy.setStackTrace(cause.getStackTrace());
    return copy;
  }

  private Failures() {}
}
