package io.idem4j.http;

import io.idem4j.MisuseException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which header fields of a response are recorded and replayed. Some never are, whatever is asked
 * for ({@link #BLOCKED}): they belong to one exchange or one connection, or hand one caller's
 * credentials to another. Immutable.
 */
public final class ReplayHeaders {
  /**
   * What is never recorded: cookies, credentials and challenges, dates, and what belongs to one
   * connection or one message (RFC 9110, section 7.6.1). What a response's {@code Connection} field
   * names is added to it.
   */
  public static final Set<String> BLOCKED =
      Set.of(
          "set-cookie",
          "set-cookie2",
          "authorization",
          "proxy-authorization",
          "www-authenticate",
          "proxy-authenticate",
          "authentication-info",
          "proxy-authentication-info",
          "authentication-control",
          "clear-site-data",
          "date",
          "age",
          "connection",
          "proxy-connection",
          "keep-alive",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "content-length");

  private static final ReplayHeaders STANDARD =
      allow(
          Set.of(
              "cache-control",
              "cdn-cache-control",
              "content-disposition",
              "content-encoding",
              "content-language",
              "content-location",
              "content-security-policy",
              "content-type",
              "etag",
              "expires",
              "last-modified",
              "link",
              "location",
              "pragma",
              "surrogate-control",
              "vary",
              "x-content-type-options"));

  private final boolean allows;
  private final Set<String> names;

  private ReplayHeaders(boolean allows, Set<String> names) {
    this.allows = allows;
    this.names = names;
  }

  private static ReplayHeaders allow(Set<String> names) {
    return new ReplayHeaders(true, new TreeSet<>(names));
  }

  /**
   * Returns the fields that describe what is answered: its type, language and encoding, where it
   * is, its validators, links, and the directives to caches.
   */
  public static ReplayHeaders standard() {
    return STANDARD;
  }

  /** Returns all fields but those that are always blocked and these. */
  public static ReplayHeaders allExcept(String... names) {
    return new ReplayHeaders(false, lower(List.of(names)));
  }

  /**
   * Returns the same and these fields.
   *
   * @throws MisuseException if one of them is always blocked
   */
  public ReplayHeaders and(String... more) {
    Set<String> changed = new TreeSet<>(names);
    for (String name : lower(List.of(more))) {
      if (BLOCKED.contains(name)) {
        throw new MisuseException("the header field " + name + " is never replayed");
      }
      if (allows) {
        changed.add(name);
      } else {
        changed.remove(name);
      }
    }
    return new ReplayHeaders(allows, changed);
  }

  private static Set<String> lower(List<String> names) {
    Set<String> lower = new TreeSet<>();
    names.forEach(name -> lower.add(name.toLowerCase(Locale.ROOT)));
    return lower;
  }

  /** Returns what is recorded of a response's fields. */
  HttpHeaders of(HttpHeaders headers) {
    Set<String> ofConnection = new HashSet<>();
    for (String line : headers.all("Connection")) {
      for (String name : line.split(",", -1)) {
        ofConnection.add(name.strip().toLowerCase(Locale.ROOT));
      }
    }
    HttpHeaders.Builder kept = HttpHeaders.builder();
    headers.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (replays(lower) && !ofConnection.contains(lower)) {
            kept.add(name, value);
          }
        });
    return kept.build();
  }

  static boolean isBlocked(String name) {
    return BLOCKED.contains(name.toLowerCase(Locale.ROOT));
  }

  private boolean replays(String lower) {
    return !BLOCKED.contains(lower) && names.contains(lower) == allows;
  }

  /** Returns the rule in words, for the published policy. */
  String describe() {
    return allows
        ? String.join(", ", names)
        : "all that may be replayed" + (names.isEmpty() ? "" : " but " + String.join(", ", names));
  }

  @Override
  public String toString() {
    return "ReplayHeaders[" + describe() + "]";
  }
}
