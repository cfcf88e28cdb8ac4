package io.idem4j.http;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The header fields of a request or a response: names without regard to case (RFC 9110, section
 * 5.1), each with its values in the order of their lines. Nothing of them is joined, split or
 * trimmed. Immutable; a {@code toString()} shows names alone.
 */
public final class HttpHeaders {
  private static final HttpHeaders NONE = new HttpHeaders(newMap());

  private final SortedMap<String, List<String>> fields;

  private HttpHeaders(SortedMap<String, List<String>> fields) {
    this.fields = fields;
  }

  private static SortedMap<String, List<String>> newMap() {
    return new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  }

  /** Returns no fields. */
  public static HttpHeaders none() {
    return NONE;
  }

  /** Returns one field of one line. */
  public static HttpHeaders of(String name, String value) {
    return NONE.with(name, value);
  }

  /** Returns these fields; names that differ in case alone are one field. */
  public static HttpHeaders of(Map<String, ? extends List<String>> fields) {
    Builder builder = builder();
    fields.forEach((name, values) -> values.forEach(value -> builder.add(name, value)));
    return builder.build();
  }

  /** Returns a builder without fields. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the values of all lines of a field; none if it is missing. */
  public List<String> all(String name) {
    List<String> values = fields.get(name);
    return values == null ? List.of() : values;
  }

  /** Returns the value of a field's first line. */
  public Optional<String> first(String name) {
    return all(name).stream().findFirst();
  }

  /** Returns the same fields, of which this one has this one line. */
  public HttpHeaders with(String name, String value) {
    SortedMap<String, List<String>> changed = newMap();
    changed.putAll(fields);
    // Away first: a sorted map would keep the old spelling of the name.
    changed.remove(name);
    changed.put(name, List.of(value));
    return new HttpHeaders(changed);
  }

  /** Returns the same fields without this one. */
  public HttpHeaders without(String name) {
    if (!fields.containsKey(name)) {
      return this;
    }
    SortedMap<String, List<String>> changed = newMap();
    changed.putAll(fields);
    changed.remove(name);
    return new HttpHeaders(changed);
  }

  /**
   * Returns these fields as they can be sent: without those whose name is no token, and with a
   * question mark for each character that no field may have. For adapters, which see a response
   * when its effect is made: neither is a reason to lose it, and a response is never split.
   */
  public HttpHeaders sendable() {
    Builder sendable = builder();
    forEach(
        (name, value) -> {
          if (!name.isEmpty() && name.chars().allMatch(HttpResponse::isToken)) {
            StringBuilder text = new StringBuilder(value.length());
            value.codePoints().forEach(c -> text.append(HttpResponse.isText(c) ? (char) c : '?'));
            sendable.add(name, text.toString());
          }
        });
    return sendable.build();
  }

  /** Gives each line to the consumer: its field's name and its value. */
  public void forEach(BiConsumer<String, String> consumer) {
    fields.forEach((name, values) -> values.forEach(value -> consumer.accept(name, value)));
  }

  /** Returns the fields as an unmodifiable map, which looks names up without regard to case. */
  public Map<String, List<String>> map() {
    return Collections.unmodifiableMap(fields);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HttpHeaders that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (List<String> values : fields.values()) {
      hash += values.hashCode();
    }
    return hash;
  }

  @Override
  public String toString() {
    return "HttpHeaders" + fields.keySet();
  }

  /** Collects lines. Not for use by several threads. */
  public static final class Builder {
    private final SortedMap<String, List<String>> fields = newMap();

    private Builder() {}

    /** Adds one line. */
    public Builder add(String name, String value) {
      fields.computeIfAbsent(name, key -> new ArrayList<>(1)).add(value);
      return this;
    }

    /** Returns what was added. */
    public HttpHeaders build() {
      SortedMap<String, List<String>> copy = newMap();
      fields.forEach((name, values) -> copy.put(name, List.copyOf(values)));
      return new HttpHeaders(copy);
    }
  }
}
