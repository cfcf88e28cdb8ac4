package io.idem4j.jmh;

/**
 * A way to run an operation once per key: idem4j, the same work by hand, or another library. What
 * does not belong to the call is made beforehand, by {@link #prepare}. Safe for use by many
 * threads.
 */
public interface Contender extends AutoCloseable {
  /** Returns what a call is given: a key, as this contender takes keys. */
  Object prepare(String key);

  /**
   * Makes the first call under a key: claims it, takes the answer for the operation's, records it.
   *
   * @return what the caller gets
   * @throws IllegalStateException if it was not the first call
   */
  Object first(Object prepared, byte[] answer) throws Exception;

  /** Makes what {@link #replay} meets: by default a first call. */
  default Object answered(Object prepared, byte[] answer) throws Exception {
    return first(prepared, answer);
  }

  /**
   * Makes a further call under a key whose first call has its answer.
   *
   * @return what the caller gets: the recorded answer, where this contender keeps one
   * @throws IllegalStateException if it was not replayed
   */
  Object replay(Object prepared) throws Exception;

  /** Gets a recorded answer in the cheapest way there is: by default as a further call does. */
  default Object read(Object prepared) throws Exception {
    return replay(prepared);
  }

  /** Closes what this contender opened by itself. */
  @Override
  default void close() {}
}
