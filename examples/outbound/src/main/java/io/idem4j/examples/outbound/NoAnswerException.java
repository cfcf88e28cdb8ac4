package io.idem4j.examples.outbound;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The provider gave no answer that tells whether the request took effect, or will. */
final class NoAnswerException extends IOException {
  private static final long serialVersionUID = 1L;

  NoAnswerException(String what, @Nullable Throwable cause) {
    super(what, cause);
  }
}
