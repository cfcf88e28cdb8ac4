package io.idem4j.examples.outbound;

/** So late that the provider may have forgotten the key: nothing was sent. */
final class ForgottenException extends Exception {
  private static final long serialVersionUID = 1L;

  ForgottenException() {
    super("not sent: the provider may have forgotten the key");
  }
}
