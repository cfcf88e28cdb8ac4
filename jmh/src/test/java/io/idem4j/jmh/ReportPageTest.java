package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** What the page shows. */
final class ReportPageTest {
  private static final Pattern SVG = Pattern.compile("<svg .*?</svg>", Pattern.DOTALL);
  private static final String NAMESPACE = " xmlns=\"http://www.w3.org/2000/svg\"";

  private static String page() throws Exception {
    return new ReportPage(ReportTest.results(), Optional.empty()).html();
  }

  private static Element parse(String svg) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    factory.setNamespaceAware(true);
    return factory
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)))
        .getDocumentElement();
  }

  private static List<Element> charts(String title) throws Exception {
    List<Element> charts = new ArrayList<>();
    for (String each : SVG.matcher(page()).results().map(it -> it.group()).toList()) {
      Element chart = parse(each);
      if (chart.getAttribute("aria-label").equals(title)) {
        charts.add(chart);
      }
    }
    return charts;
  }

  private static List<Element> shapes(Element chart, String name, String kind) {
    List<Element> shapes = new ArrayList<>();
    NodeList all = chart.getElementsByTagNameNS("http://www.w3.org/2000/svg", name);
    for (int i = 0; i < all.getLength(); i++) {
      Element shape = (Element) all.item(i);
      if (List.of(shape.getAttribute("class").split(" ")).contains(kind)) {
        shapes.add(shape);
      }
    }
    return shapes;
  }

  private static double number(Element shape, String attribute) {
    return Double.parseDouble(shape.getAttribute(attribute));
  }

  @Test
  void page_holdsAllResultsAndLeadsNowhere() throws Exception {
    String page = page();
    for (Measured each : ReportTest.results().all()) {
      assertThat(page).contains("<td>" + each.subject() + "</td>", Table.time(each));
    }
    assertThat(page).contains("<td class=\"missed\">missed</td>");
    assertThat(page).contains("<td class=\"not-measured\">not measured</td>");
    assertThat(page.replace(NAMESPACE, ""))
        .doesNotContainPattern("https?:")
        .doesNotContain("<script", "<link", "<img", "@import", "url(", "href", "src=");
  }

  @Test
  void everyBenchmarkOnAStore_hasAChart() throws Exception {
    List<String> charts = SVG.matcher(page()).results().map(it -> it.group()).toList();
    for (String each : charts) {
      assertThat(parse(each).getNamespaceURI()).isEqualTo("http://www.w3.org/2000/svg");
    }
    for (String title : Charts.groups(ReportTest.results().all()).keySet()) {
      assertThat(charts(title)).as(title).isNotEmpty();
    }
  }

  @Test
  void bars_areAsLongAsTheTimes_withTheirErrors() throws Exception {
    Element chart = charts("CallBenchmark.first, postgresql, average time").get(0);
    List<Element> bars = shapes(chart, "rect", "bar");
    assertThat(bars)
        .extracting(it -> it.getAttribute("class"))
        .containsExactly("bar byhand", "bar idem4j", "bar idempotency4j");
    double micro = number(bars.get(0), "width") / 100;
    assertThat(number(bars.get(1), "width")).isCloseTo(110 * micro, within(0.2));
    assertThat(number(bars.get(2), "width")).isCloseTo(154 * micro, within(0.2));
    // Of each error a line along the bar, and one at either end.
    List<Element> errors = shapes(chart, "line", "error");
    assertThat(errors).hasSize(9);
    assertThat(number(errors.get(3), "x2") - number(errors.get(3), "x1"))
        .isCloseTo(4 * micro, within(0.2));
    assertThat(shapes(chart, "text", "value"))
        .extracting(Element::getTextContent)
        .containsExactly("100 ± 1 us/op", "110 ± 2 us/op", "154 ± 1 us/op");
  }

  @Test
  void barsOfOneContender_sayInWhatTheyDiffer() throws Exception {
    Element chart = charts("CallBenchmark.first, memory, average time").get(0);
    assertThat(shapes(chart, "text", "label"))
        .extracting(Element::getTextContent)
        .containsExactly("threads=1", "threads=2");
  }

  @Test
  void sampledResults_haveABlockForEachPercentile() throws Exception {
    Element chart = charts("PurgeBenchmark.first, postgresql, sampled").get(0);
    assertThat(shapes(chart, "text", "block"))
        .extracting(Element::getTextContent)
        .containsExactly("mean", "p50", "p90", "p99", "p99.9");
    assertThat(shapes(chart, "text", "label"))
        .extracting(Element::getTextContent)
        .startsWith("purging=false", "purging=true");
    List<Element> bars = shapes(chart, "rect", "bar");
    assertThat(bars).hasSize(10);
    // p99 without and with a purge.
    assertThat(number(bars.get(6), "width") / number(bars.get(7), "width"))
        .isCloseTo(400.0 / 600, within(0.01));
  }

  @Test
  void growth_isALineOverTheRecords() throws Exception {
    Element chart = charts("GrowthBenchmark.replay, redis, average time").get(0);
    assertThat(shapes(chart, "rect", "bar")).isEmpty();
    assertThat(shapes(chart, "text", "tick"))
        .extracting(Element::getTextContent)
        .containsExactly("10000", "1000000", "records");
    double zero = number(shapes(chart, "line", "axis").get(0), "y1");
    List<Element> dots = shapes(chart, "circle", "dot");
    assertThat((zero - number(dots.get(0), "cy")) / (zero - number(dots.get(1), "cy")))
        .isCloseTo(55.0 / 60, within(0.01));
  }

  @Test
  void resultThatIsNoNumber_isInTheTableButInNoChart(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("results.json");
    Files.writeString(
        file, Files.readString(ReportTest.file()).replace("\"score\": 60.0", "\"score\": \"NaN\""));
    Results results = Results.read(file);
    String page = new ReportPage(results, Optional.empty()).html();
    assertThat(page).contains("GrowthBenchmark.replay records=1000000").doesNotContain("NaN");
    assertThat(Table.goals(results.all()).rows())
        .contains(
            List.of(
                "redis: replay among 1000000 records, beside 10000",
                "≤ 1.15 ×",
                "",
                "not measured"));
  }

  @Test
  void hotKey_isALineOverItsCallers() throws Exception {
    List<Measured> group = new ArrayList<>();
    Measured many = ReportTest.result("HotKeyBenchmark.callTogether{callers=64}");
    for (String callers : List.of("1", "16", "64")) {
      var parameters = new java.util.TreeMap<>(many.parameters());
      parameters.put("callers", callers);
      group.add(
          new Measured(
              many.name(),
              many.mode(),
              parameters,
              many.by(),
              many.score(),
              many.unit(),
              many.percentiles(),
              many.counts()));
    }
    List<String> charts = Charts.of("hot", group);
    // The lines of p50 and p99, then the bars.
    assertThat(charts).hasSize(2);
    Element lines = parse(charts.get(0));
    assertThat(shapes(lines, "text", "value"))
        .extracting(Element::getTextContent)
        .containsExactly("us/op", "p50", "p99");
    assertThat(shapes(parse(charts.get(1)), "rect", "bar")).hasSize(15);
  }

  @Test
  void textThatIsMarkup_isShownAsText() throws Exception {
    String svg =
        new BarChart(
                "<a> & \"b\"",
                List.of(
                    new BarChart.Block(
                        "<i>",
                        List.of(
                            new BarChart.Bar("a<b", "x\" y", new Estimate(1, 2), "us/op"),
                            new BarChart.Bar("none", "x", Estimate.NONE, "us/op")))))
            .svg();
    Element chart = parse(svg);
    assertThat(chart.getAttribute("aria-label")).isEqualTo("<a> & \"b\"");
    assertThat(shapes(chart, "text", "block").get(0).getTextContent()).isEqualTo("<i>");
    assertThat(shapes(chart, "text", "value").get(1).getTextContent()).isEqualTo("not measured");
    assertThat(svg).doesNotContain("NaN");
  }
}
