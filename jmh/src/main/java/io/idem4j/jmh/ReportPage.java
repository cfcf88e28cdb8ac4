package io.idem4j.jmh;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The page: all that it shows is in it. */
final class ReportPage {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --ground: #fff; --text: #1a202c; --faint: #5a6577;
        --rule: #d5dae1; --idem4j: #2b6cb0; --byhand: #8a94a3; --other: #c77d1a;
        --met: #1e7b3c; --unsure: #8a6100; --missed: #c02626;
        --s2: #c77d1a; --s3: #1e7b3c; --s4: #8b3fb0; --s5: #c02626; }
      @media (prefers-color-scheme: dark) { :root { --ground: #14181f; --text: #e6e9ee;
        --faint: #a3adbb; --rule: #39414d; --idem4j: #63a4e8; --byhand: #8a94a3; --other: #e0a04a;
        --met: #5cc57f; --unsure: #e2b43c; --missed: #ff7b72;
        --s2: #e0a04a; --s3: #5cc57f; --s4: #c58be6; --s5: #ff7b72; } }
      @media print { :root { color-scheme: light; --ground: #fff; --text: #000; --faint: #444;
        --rule: #bbb; --idem4j: #2b6cb0; --byhand: #8a94a3; --other: #c77d1a; --met: #1e7b3c;
        --unsure: #8a6100; --missed: #c02626; --s2: #c77d1a; --s3: #1e7b3c; --s4: #8b3fb0;
        --s5: #c02626; }
        body { font-size: 11px; } svg, figure, tr { break-inside: avoid; }
        h2, h3 { break-after: avoid; } .wide { overflow: visible; }
        * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 72em; margin: 2em auto;
        padding: 0 1em; background: var(--ground); color: var(--text); }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      td, th { padding: .25em .8em .25em 0; border-bottom: 1px solid var(--rule);
        text-align: left; vertical-align: top; }
      td + td { white-space: nowrap; }
      .wide { overflow-x: auto; }
      dl { display: grid; grid-template-columns: max-content auto; gap: .1em 1.2em; }
      dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
      .met { color: var(--met); } .met-but-within-the-error { color: var(--unsure); }
      .missed { color: var(--missed); font-weight: 600; } .not-measured { color: var(--faint); }
      figure { margin: 1em 0 2em; max-width: 760px; } figcaption { font-weight: 600; }
      svg { width: 100%; height: auto; font-size: 13px; fill: var(--text); }
      .label { text-anchor: end; } .tick { text-anchor: middle; } .block { fill: var(--faint); }
      .bar { fill: var(--other); } .bar.idem4j { fill: var(--idem4j); }
      .bar.byhand { fill: var(--byhand); }
      .error { stroke: var(--text); stroke-width: 1.5; } .grid { stroke: var(--rule); }
      .axis { stroke: var(--faint); } .line { stroke: var(--c); stroke-width: 2; }
      .dot { fill: var(--c); }
      .s0 { --c: var(--idem4j); } .s1 { --c: var(--byhand); stroke-dasharray: 6 3; }
      .s2 { --c: var(--s2); stroke-dasharray: 2 2; } .s3 { --c: var(--s3); }
      .s4 { --c: var(--s4); stroke-dasharray: 6 3; } .s5 { --c: var(--s5);
        stroke-dasharray: 2 2; }
      """;

  private final Results results;
  private final Optional<Surroundings> surroundings;

  ReportPage(Results results, Optional<Surroundings> surroundings) {
    this.results = results;
    this.surroundings = surroundings;
  }

  String html() {
    StringBuilder page =
        new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
            .append("<meta name=\"viewport\" content=\"width=device-width\">\n")
            .append("<title>idem4j benchmarks</title>\n<style>\n")
            .append(STYLE)
            .append("</style></head><body>\n<h1>idem4j benchmarks</h1>\n");
    surroundings(page);
    page.append("<h2>Goals</h2>\n")
        .append("<p>Errors are JMH's, of 99.9 % confidence; percentiles have none.</p>\n")
        .append(Table.goals(results.all()).html());
    List<Ratio> ratios = Ratio.of(results.all());
    if (!ratios.isEmpty()) {
      page.append("<h2>Beside the same work by hand</h2>\n").append(Table.ratios(ratios).html());
    }
    page.append("<h2>Charts</h2>\n<p>Each block of bars has its own scale, from zero. ")
        .append("A line across a bar is its error; without an end it reaches further.</p>\n");
    Charts.groups(results.all()).forEach((title, group) -> figure(page, title, group));
    page.append("<h2>All results</h2>\n").append(Table.all(results.all()).html());
    return page.append("</body></html>\n").toString();
  }

  private void surroundings(StringBuilder page) {
    Map<String, String> facts = surroundings.map(Surroundings::facts).orElse(Map.of());
    if (facts.isEmpty()) {
      page.append("<p>").append(Html.escape(Report.UNKNOWN)).append("</p>\n");
    } else {
      page.append("<dl>\n");
      facts.forEach(
          (name, fact) ->
              page.append("<dt>")
                  .append(Html.escape(name))
                  .append("</dt><dd>")
                  .append(Html.escape(fact))
                  .append("</dd>\n"));
      page.append("</dl>\n");
    }
    if (!results.settings().isEmpty()) {
      page.append("<ul>\n");
      results
          .settings()
          .forEach(it -> page.append("<li>").append(Html.escape(it)).append("</li>\n"));
      page.append("</ul>\n");
    }
  }

  private static void figure(StringBuilder page, String title, List<Measured> group) {
    page.append("<figure><figcaption>").append(Html.escape(title)).append("</figcaption>\n");
    Charts.of(title, group).forEach(page::append);
    page.append("</figure>\n");
  }
}
