package io.idem4j.examples.outbound;

/** The provider found the request too old, and did and will do nothing about it. */
final class ExpiredException extends Exception {
  private static final long serialVersionUID = 1L;

  ExpiredException() {
    super("the request came too late");
  }
}
