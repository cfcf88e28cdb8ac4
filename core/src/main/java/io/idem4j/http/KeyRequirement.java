package io.idem4j.http;

/** What becomes of a request without a key. */
public enum KeyRequirement {
  /** It runs without protection. */
  OPTIONAL,
  /** It is refused: 400. */
  REQUIRED,
  /** Keys are ignored altogether: all requests run without protection. */
  IGNORED,
  /**
   * It gets a new key, which the response bears in the first of the key's fields: a client that has
   * seen the response may repeat the request under it.
   */
  GENERATE
}
