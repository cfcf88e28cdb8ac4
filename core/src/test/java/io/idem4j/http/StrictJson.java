package io.idem4j.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON exactly as RFC 8259 has it: a test's judge of what the layer writes. */
final class StrictJson {
  private final String input;
  private int at;

  private StrictJson(String input) {
    this.input = input;
  }

  /** Returns maps, lists, text, {@link Double}, {@link Boolean} or null. */
  static Object parse(String input) {
    StrictJson json = new StrictJson(input);
    Object value = json.value();
    json.blanks();
    if (json.at != input.length()) {
      throw json.wrong();
    }
    return value;
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(String input) {
    return (Map<String, Object>) parse(input);
  }

  private IllegalArgumentException wrong() {
    return new IllegalArgumentException("not JSON at " + at + ": " + input);
  }

  private void blanks() {
    while (at < input.length() && " \t\r\n".indexOf(input.charAt(at)) >= 0) {
      at++;
    }
  }

  private boolean next(String text) {
    blanks();
    if (input.startsWith(text, at)) {
      at += text.length();
      return true;
    }
    return false;
  }

  private Object value() {
    if (next("{")) {
      return members();
    } else if (next("[")) {
      return elements();
    } else if (next("\"")) {
      return text();
    } else if (next("true")) {
      return true;
    } else if (next("false")) {
      return false;
    } else if (next("null")) {
      return null;
    }
    return number();
  }

  private Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    if (next("}")) {
      return members;
    }
    do {
      require("\"");
      String name = text();
      require(":");
      if (members.put(name, value()) != null) {
        throw wrong();
      }
    } while (next(","));
    require("}");
    return members;
  }

  private List<Object> elements() {
    List<Object> elements = new ArrayList<>();
    if (next("]")) {
      return elements;
    }
    do {
      elements.add(value());
    } while (next(","));
    require("]");
    return elements;
  }

  private void require(String text) {
    if (!next(text)) {
      throw wrong();
    }
  }

  private char take() {
    if (at == input.length()) {
      throw wrong();
    }
    return input.charAt(at++);
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (char c = take(); c != '"'; c = take()) {
      if (c < ' ') {
        throw wrong();
      }
      text.append(c == '\\' ? escaped() : c);
    }
    return text.toString();
  }

  private char escaped() {
    char c = take();
    if (c == 'u') {
      String digits = input.substring(at, at + 4);
      if (!digits.matches("[0-9a-fA-F]{4}")) {
        throw wrong();
      }
      at += 4;
      return (char) Integer.parseInt(digits, 16);
    }
    int index = "\"\\/bfnrt".indexOf(c);
    if (index < 0) {
      throw wrong();
    }
    return "\"\\/\b\f\n\r\t".charAt(index);
  }

  private Double number() {
    int from = at;
    while (at < input.length() && "+-.eE0123456789".indexOf(input.charAt(at)) >= 0) {
      at++;
    }
    String number = input.substring(from, at);
    if (!number.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw wrong();
    }
    return Double.valueOf(number);
  }
}
