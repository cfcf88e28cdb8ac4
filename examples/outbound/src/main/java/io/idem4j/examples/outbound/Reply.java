package io.idem4j.examples.outbound;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What the provider answers. Immutable.
 *
 * @param status the HTTP status
 * @param body one thing a line, each as a form
 */
record Reply(int status, String body) {
  static Reply of(int status, Map<String, String> fields) {
    return new Reply(status, Form.encode(fields));
  }

  static Reply error(int status, String code) {
    return of(status, Map.of("error", code));
  }

  /** Returns a field of the one thing that it is about; empty if it has none. */
  String field(String name) {
    return Form.parse(body).getOrDefault(name, "");
  }

  /**
   * Returns the id of what was made. A status that is no success, such as the 409 of a provider
   * that is busy with the same key, is no answer: whoever takes one for it loses a payment.
   *
   * @throws NoAnswerException if it does not say that anything was
   */
  String made() throws NoAnswerException {
    String id = field("id");
    if (status / 100 != 2 || id.isEmpty()) {
      throw new NoAnswerException("status " + status + " does not say that it was made", null);
    }
    return id;
  }

  /** As {@link #made}, for those who do not throw. */
  CompletableFuture<String> madeAsync() {
    try {
      return CompletableFuture.completedFuture(made());
    } catch (NoAnswerException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Returns the things of a list. */
  List<Map<String, String>> lines() {
    return body.lines().map(Form::parse).toList();
  }
}
