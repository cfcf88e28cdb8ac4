package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** What was found wrong with one key, as text that shows neither keys nor contents. */
final class Findings {
  private final KeyId id;
  private final long origin;
  private final List<String> messages = new ArrayList<>();

  Findings(KeyId id, List<Call> calls, List<Deed> deeds) {
    this.id = id;
    this.origin =
        LongStream.concat(
                calls.stream().mapToLong(Call::invoked), deeds.stream().mapToLong(Deed::invoked))
            .min()
            .orElse(0);
  }

  /**
   * Adds a finding.
   *
   * @param rule the number of the rule, S1 or I12, or several
   * @param which the calls and deeds that show it
   */
  void add(String rule, String what, Record... which) {
    StringBuilder text = new StringBuilder(rule).append(": ").append(what);
    for (Record each : which) {
      text.append("; ").append(show(each));
    }
    messages.add(text.append("; key ").append(id.shortDigest()).toString());
  }

  boolean isEmpty() {
    return messages.isEmpty();
  }

  Stream<String> messages() {
    return messages.stream();
  }

  private String show(Record each) {
    if (each instanceof Call call) {
      String what = call.answer() + " by thread " + call.thread();
      return what + between(call.invoked(), call.returned());
    } else if (each instanceof Deed deed) {
      String fence = deed.fence().isPresent() ? " under fence " + deed.fence().getAsLong() : "";
      String what = deed.kind() + fence + " of caller " + deed.caller();
      return what + between(deed.invoked(), deed.returned());
    }
    return each.toString();
  }

  private String between(long invoked, long returned) {
    String end = returned == Long.MAX_VALUE ? "unanswered" : "to " + (returned - origin) + " ns";
    return " from " + (invoked - origin) + " " + end;
  }
}
