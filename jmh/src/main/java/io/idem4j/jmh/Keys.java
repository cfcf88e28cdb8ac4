package io.idem4j.jmh;

/** What takes its keys as they are. */
interface Keys extends Contender {
  @Override
  default String prepare(String key) {
    return key;
  }

  /**
   * Checks what a library answered.
   *
   * @throws IllegalStateException if the call was not what it was to be
   */
  static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("another answer than expected");
    }
  }
}
