package io.idem4j.http;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON (RFC 8259) in ASCII: maps, lists, text, numbers and booleans. Members whose value is
 * null are left out.
 */
final class Json {
  private final StringBuilder out = new StringBuilder();

  private Json() {}

  static String of(Map<String, ?> object) {
    Json json = new Json();
    json.object(object);
    return json.out.toString();
  }

  private void value(Object value) {
    if (value instanceof Map<?, ?> map) {
      object(map);
    } else if (value instanceof List<?> list) {
      out.append('[');
      String separator = "";
      for (Object each : list) {
        out.append(separator);
        value(each);
        separator = ",";
      }
      out.append(']');
    } else if (value instanceof Number || value instanceof Boolean) {
      out.append(value);
    } else {
      text(value.toString());
    }
  }

  private void object(Map<?, ?> object) {
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> member : object.entrySet()) {
      @Nullable Object value = member.getValue();
      if (value != null) {
        out.append(separator);
        text(member.getKey().toString());
        out.append(':');
        value(value);
        separator = ",";
      }
    }
    out.append('}');
  }

  private void text(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
