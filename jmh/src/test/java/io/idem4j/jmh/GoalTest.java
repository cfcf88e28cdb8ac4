package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.idem4j.jmh.Goal.Row;
import io.idem4j.jmh.Goal.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is met, missed and not measured. */
final class GoalTest {
  private static final String FIRST = "CallBenchmark.first{store=postgresql,answer=256,by=idem4j}";
  private static final String BY_HAND = "{by=byhand}";

  private static Goal atMost(String limit, String first) {
    return Goal.of("what | " + first + " | ≤ " + limit);
  }

  private static Goal atMost(String limit, String first, String other) {
    return atMost(limit + " × " + other, first);
  }

  private static Goal atLeast(String limit, String first, String other) {
    return Goal.of("what | " + first + " | ≥ " + limit + " × " + other);
  }

  private static Verdict verdict(Goal goal) throws Exception {
    List<Row> rows = goal.rows(ReportTest.results().all());
    assertThat(rows).hasSize(1);
    return rows.get(0).verdict();
  }

  @Test
  void atMost_isMetSurelyUnsurelyOrMissed() throws Exception {
    // Seen: 1.1 ± 0.0228.
    assertThat(verdict(atMost("1.20", FIRST, BY_HAND))).isEqualTo(Verdict.MET);
    assertThat(verdict(atMost("1.12", FIRST, BY_HAND))).isEqualTo(Verdict.UNSURE);
    assertThat(verdict(atMost("1.09", FIRST, BY_HAND))).isEqualTo(Verdict.MISSED);
  }

  @Test
  void atLeast_isMetSurelyUnsurelyOrMissed() throws Exception {
    String rival = FIRST.replace("by=idem4j", "by=idempotency4j");
    // Seen: 154 of 110, 1.4 ± 0.027.
    assertThat(verdict(atLeast("1.3", rival, "{by=idem4j}"))).isEqualTo(Verdict.MET);
    assertThat(verdict(atLeast("1.38", rival, "{by=idem4j}"))).isEqualTo(Verdict.UNSURE);
    assertThat(verdict(atLeast("1.5", rival, "{by=idem4j}"))).isEqualTo(Verdict.MISSED);
  }

  @Test
  void timeWithoutAnError_isNeverSurelyMet() throws Exception {
    String replay = FIRST.replace("first", "replay");
    assertThat(verdict(atMost("2", replay, BY_HAND))).isEqualTo(Verdict.UNSURE);
    assertThat(verdict(atMost("1.20", replay, BY_HAND))).isEqualTo(Verdict.MISSED);
  }

  @Test
  void percentile_isComparedWithoutAnError() throws Exception {
    Goal goal =
        atMost("2", "PurgeBenchmark.first{store=postgresql,purging=true}#p99", "{purging=false}");
    Row row = goal.rows(ReportTest.results().all()).get(0);
    assertThat(row.seen()).isEqualTo(new Estimate(1.5, Double.NaN)).hasToString("1.50");
    assertThat(row.verdict()).isEqualTo(Verdict.MET);
  }

  @Test
  void count_isComparedWithItsLimit() throws Exception {
    String first = "CallBenchmark.first{store=memory}#bytes";
    // Seen: 790 ± 20.
    assertThat(verdict(atMost("811", first))).isEqualTo(Verdict.MET);
    assertThat(verdict(atMost("800", first))).isEqualTo(Verdict.UNSURE);
    assertThat(verdict(atMost("789", first))).isEqualTo(Verdict.MISSED);
  }

  @Test
  void countThatIsOneButForRounding_isOne() throws Exception {
    String hot = "HotKeyBenchmark.callTogether{store=memory,callers=64}";
    assertThat(verdict(atMost("1", hot + "#runs"))).isEqualTo(Verdict.MET);
    assertThat(verdict(atMost("0", hot + "#errors"))).isEqualTo(Verdict.MET);
    assertThat(verdict(atMost("1", hot + "#polls"))).isEqualTo(Verdict.MET);
  }

  @Test
  void totalOrRate_isNoCountOfACall() throws Exception {
    assertThat(ReportTest.result("HotKeyBenchmark.callTogether{callers=64}").counts())
        .containsOnlyKeys("polls", "runs", "errors");
    String total = "HotKeyBenchmark.callTogether{store=memory,callers=64}#trips";
    assertThat(verdict(atMost("1", total))).isEqualTo(Verdict.NOT_MEASURED);
  }

  @Test
  void threads_areOneUnlessNamed() throws Exception {
    String first = "CallBenchmark.first{store=memory}";
    assertThat(atMost("9", first).rows(ReportTest.results().all()))
        .extracting(it -> it.seen().value())
        .containsExactly(1.0);
    Goal growing = atMost("1.3", "CallBenchmark.first{store=memory,threads=2}", "{threads=1}");
    assertThat(verdict(growing)).isEqualTo(Verdict.MET);
  }

  @Test
  void goalOfSeveralResults_hasARowForEach() throws Exception {
    assertThat(
            atMost("1", "PurgeBenchmark.first{store=postgresql}#p99")
                .rows(ReportTest.results().all()))
        .extracting(Row::what)
        .containsExactly(
            "what: PurgeBenchmark.first purging=false, records=1000000, store=postgresql, sampled",
            "what: PurgeBenchmark.first purging=true, records=1000000, store=postgresql, sampled");
  }

  @Test
  void goalOfWhatWasNotRun_isShownAsNotMeasured() throws Exception {
    assertThat(verdict(atMost("1", "CallBenchmark.first{store=h2}")))
        .isEqualTo(Verdict.NOT_MEASURED);
    // Of the two sides only one was.
    assertThat(verdict(atMost("1", "CallBenchmark.first{store=memory}", BY_HAND)))
        .isEqualTo(Verdict.NOT_MEASURED);
  }

  @Test
  void tableOfGoals_leavesNoGoalOut() throws Exception {
    List<Measured> results = ReportTest.results().all();
    assertThat(Table.goals(List.of()).rows())
        .hasSameSizeAs(Goals.ALL)
        .allMatch(it -> it.get(3).equals("not measured"));
    assertThat(Table.goals(results).markdown())
        .contains(
            "| postgresql: replay, beside the same statements by hand | ≤ 1.20 × | 1.50 | missed |",
            "| postgresql: first call, beside the same statements by hand | ≤ 1.20 × | 1.10 ± 0.02"
                + " | met |",
            "| memory: bytes of a first call | ≤ 800 | 790 ± 20 | met, but within the error |",
            "| redis: replay among 1000000 records, beside 10000 | ≤ 1.15 × | 1.09 ± 0.11 | met,"
                + " but within the error |",
            "| dynamodb: replay, beside the raw SDK calls | ≤ 1.10 × |  | not measured |");
    assertThat(Table.goals(results).rows()).hasSameSizeAs(Goals.ALL);
  }

  @Test
  void wrongGoal_isRefused() {
    for (String each :
        List.of(
            "",
            "what | a{b=c}",
            "a{b=c} | ≤ 1",
            "what | a{b=c} | 1",
            "what | a{b=c} | ≤ 1 {b=d}")) {
      assertThatIllegalArgumentException().as(each).isThrownBy(() -> Goal.of(each));
    }
  }

  @Test
  void wrongSelection_isRefused() {
    for (String each : List.of("CallBenchmark.first", "{}", "{store}", "{=a}", "a{b=c}#")) {
      assertThatIllegalArgumentException().as(each).isThrownBy(() -> Selection.of(each));
    }
  }
}
