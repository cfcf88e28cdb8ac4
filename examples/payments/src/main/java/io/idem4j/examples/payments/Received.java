package io.idem4j.examples.payments;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/**
 * What came back. Immutable.
 *
 * @param body the bytes of the body, one character each
 */
record Received(int status, HttpHeaders headers, String body) {
  static Received of(HttpResponse<byte[]> response) {
    return new Received(
        response.statusCode(),
        response.headers(),
        new String(response.body(), StandardCharsets.ISO_8859_1));
  }

  /** Returns a header; empty text if it is missing. */
  String header(String name) {
    return String.join(", ", headers.allValues(name));
  }

  boolean isReplay() {
    return header("Idempotent-Replayed").equals("true");
  }

  /** Says whether both are the same answer, byte for byte. */
  boolean repeats(Received first) {
    return status == first.status
        && body.equals(first.body)
        && header("Location").equals(first.header("Location"))
        && header("Content-Type").equals(first.header("Content-Type"));
  }

  JsonNode json() throws Refusal {
    return Json.parse(body.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Returns the last part of the problem's type; empty if this is no problem. */
  String problem() throws Refusal {
    if (!header("Content-Type").equals(Problem.CONTENT_TYPE)) {
      return "";
    }
    String type = json().path("type").asText();
    return type.substring(type.lastIndexOf(':') + 1);
  }

  @Override
  public String toString() {
    return status + (isReplay() ? " (a replay)" : "");
  }
}
