package io.idem4j.examples.client;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * One logical call: a request and the key under which it takes effect once. Each attempt sends the
 * same key and the same bytes. A new operation is a new call, with a new key; whoever wants the
 * same operation again, by a second click or after a restart, sends a call with the same key.
 * Immutable.
 */
public final class KeyedCall {
  private static final String HEADER = "Idempotency-Key";

  /** What is one key both bare and in quotes, without escapes. */
  private static final Pattern KEY = Pattern.compile("[!-~&&[^\"\\\\,;]]{1,255}");

  private final String key;
  private final boolean isQuoted;
  private final boolean isResumed;

  /** Never changed once it is here; copied for each change. */
  private final HttpRequest.Builder template;

  private KeyedCall(String key, boolean isQuoted, boolean isResumed, HttpRequest.Builder template) {
    this.key = key;
    this.isQuoted = isQuoted;
    this.isResumed = isResumed;
    this.template = template;
  }

  /** Returns a new call, whose key is a random UUID. The bytes are copied. */
  public static KeyedCall of(String method, URI uri, byte[] body) {
    var publisher = BodyPublishers.ofByteArray(body.clone());
    return new KeyedCall(
        UUID.randomUUID().toString(),
        true,
        false,
        HttpRequest.newBuilder(uri).method(method, publisher));
  }

  /**
   * Returns this call under a key of your own, such as one that was stored with an order before the
   * first attempt.
   *
   * @param key 1 to 255 visible ASCII characters, none of them a quote, backslash, comma or
   *     semicolon; unique for each operation, and hard to guess
   */
  public KeyedCall withKey(String key) {
    if (!KEY.matcher(key).matches()) {
      throw new IllegalArgumentException(
          "a key has 1 to 255 visible characters, none of \" \\ , ;");
    }
    return new KeyedCall(key, isQuoted, isResumed, template);
  }

  /**
   * Returns this call with the key as it stands. By default it is sent in quotes, as a String of
   * RFC 9651, which is what the IETF draft says; most vendors document a bare one.
   */
  public KeyedCall withBareKey() {
    return new KeyedCall(key, false, isResumed, template);
  }

  /** Returns this call with one more header field, which is sent with each attempt. */
  public KeyedCall withHeader(String name, String value) {
    if (name.equalsIgnoreCase(HEADER)) {
      throw new IllegalArgumentException("use withKey");
    }
    return new KeyedCall(key, isQuoted, isResumed, template.copy().header(name, value));
  }

  /**
   * Returns this call as one that may have been sent before, by another {@link RetryingClient#send}
   * or another process: a refusal now says nothing about those attempts.
   */
  public KeyedCall resumed() {
    return new KeyedCall(key, isQuoted, true, template);
  }

  boolean isResumed() {
    return isResumed;
  }

  /** Returns the key. Store it before the first attempt if the operation outlives this process. */
  public String key() {
    return key;
  }

  /** The request of every attempt. */
  HttpRequest request() {
    return template.copy().setHeader(HEADER, isQuoted ? '"' + key + '"' : key).build();
  }

  @Override
  public String toString() {
    return "KeyedCall";
  }
}
