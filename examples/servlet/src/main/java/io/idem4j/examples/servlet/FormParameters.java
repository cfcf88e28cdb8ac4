package io.idem4j.examples.servlet;

import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The parameters of a posted form, behind those of the query. */
final class FormParameters {
  private FormParameters() {}

  /**
   * Returns the parameters of query and body.
   *
   * @throws IllegalStateException if the body is no form
   */
  static Map<String, String[]> of(
      Map<String, String[]> ofQuery, InputStream body, Charset charset) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    ofQuery.forEach((name, these) -> values.put(name, new ArrayList<>(List.of(these))));
    for (String pair : text(body).split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = decoded(equals < 0 ? pair : pair.substring(0, equals), charset);
        String value = equals < 0 ? "" : decoded(pair.substring(equals + 1), charset);
        values.computeIfAbsent(name, key -> new ArrayList<>(1)).add(value);
      }
    }
    Map<String, String[]> parameters = new LinkedHashMap<>();
    values.forEach((name, these) -> parameters.put(name, these.toArray(String[]::new)));
    return Collections.unmodifiableMap(parameters);
  }

  private static String text(InputStream body) {
    try {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String decoded(String text, Charset charset) {
    try {
      return URLDecoder.decode(text, charset);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException("the body is no form", e);
    }
  }
}
