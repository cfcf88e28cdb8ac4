package io.idem4j.examples.payments;

import io.idem4j.http.HttpResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * What the query asks of the handler for an experiment. No part of the fingerprint, so that a retry
 * may leave it out. Immutable.
 *
 * @param pause how long the handler waits before its effect
 * @param delay how long the handler waits after its effect
 * @param fail where the handler throws, if it does
 * @param status the status to answer without an effect, if one was asked for
 * @param rest the query without what steers the experiment, as it was sent
 */
record Experiment(
    Duration pause, Duration delay, @Nullable Fail fail, OptionalInt status, String rest) {
  private static final Set<String> NAMES = Set.of("pause", "delay", "fail", "status");
  private static final Duration LONGEST = Duration.ofMinutes(10);

  enum Fail {
    BEFORE,
    AFTER
  }

  /** The handler was asked to throw. */
  static final class FailedAsAsked extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FailedAsAsked(Fail where) {
      super("asked to fail " + where, null, false, false);
    }
  }

  /**
   * Reads a query.
   *
   * @param query the raw query; empty for none
   */
  static Experiment parse(String query) throws Refusal {
    Map<String, String> asked = new HashMap<>();
    StringJoiner rest = new StringJoiner("&");
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      if (!NAMES.contains(name)) {
        rest.add(pair);
      } else if (asked.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1))) != null) {
        throw bad("'" + name + "' is there twice.");
      }
    }
    return new Experiment(
        duration(asked, "pause"),
        duration(asked, "delay"),
        fail(asked.get("fail")),
        status(asked.get("status")),
        rest.toString());
  }

  /** What a handler does when nothing is asked of it. */
  @FunctionalInterface
  interface Effect {
    /** Makes the effect and returns the answer. */
    HttpResponse make() throws Exception;
  }

  /** Makes the effect with what was asked for around it, or none if only a status was. */
  HttpResponse run(Effect effect) throws Exception {
    Thread.sleep(pause.toMillis());
    if (fail == Fail.BEFORE) {
      throw new FailedAsAsked(fail);
    }
    HttpResponse answer = status.isPresent() ? asAsked(status.getAsInt()) : effect.make();
    Thread.sleep(delay.toMillis());
    if (fail == Fail.AFTER) {
      throw new FailedAsAsked(fail);
    }
    return answer;
  }

  private static HttpResponse asAsked(int status) {
    if (status == 204 || status == 205 || status == 304) {
      return HttpResponse.of(status);
    }
    return status < 400
        ? Json.response(status, Json.object().put("status", status))
        : Problem.answer(status, "as-asked", "As asked", "The request asked for this status.");
  }

  private static Duration duration(Map<String, String> asked, String name) throws Refusal {
    String text = asked.get(name);
    if (text == null) {
      return Duration.ZERO;
    }
    return Durations.parse(text)
        .filter(duration -> duration.compareTo(LONGEST) <= 0)
        .orElseThrow(() -> bad("'" + name + "' is " + Durations.FORM + ", and at most 10m."));
  }

  private static @Nullable Fail fail(@Nullable String text) throws Refusal {
    if (text == null) {
      return null;
    }
    return switch (text) {
      case "before" -> Fail.BEFORE;
      case "after" -> Fail.AFTER;
      default -> throw bad("'fail' is 'before' or 'after'.");
    };
  }

  private static OptionalInt status(@Nullable String text) throws Refusal {
    if (text == null) {
      return OptionalInt.empty();
    }
    if (!text.matches("[2-5][0-9]{2}")) {
      throw bad("'status' is 200 to 599.");
    }
    return OptionalInt.of(Integer.parseInt(text));
  }

  private static String decode(String text) throws Refusal {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw bad("The query is not well-formed.");
    }
  }

  private static Refusal bad(String detail) {
    return new Refusal(Problem.badRequest(detail));
  }
}
