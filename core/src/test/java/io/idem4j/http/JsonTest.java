package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import org.junit.jupiter.api.Test;

final class JsonTest {
  @Test
  void json_isWrittenAsItIsRead() {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("text", "a\"b\\c/\b\f\n\r\t\0\u007F\u00E4\u2028\uD83D\uDE00<>&'");
    object.put("number", 422);
    object.put("yes", true);
    object.put("none", null);
    object.put("list", List.of("a", 1, Map.of("x", "y"), List.of()));
    object.put("object", Map.of());
    String json = Json.of(object);
    assertThat(json).startsWith("{\"text\":\"a\\\"b\\\\c/\\u0008").doesNotContain("none");
    assertThat(json.chars()).as("ASCII, on one line").allMatch(c -> c >= ' ' && c <= '~');
    object.remove("none");
    object.put("number", 422.0);
    object.put("list", List.of("a", 1.0, Map.of("x", "y"), List.of()));
    assertThat(StrictJson.parse(json)).isEqualTo(object);
    assertThat(Json.of(Map.of())).isEqualTo("{}");
  }

  @Property(tries = 300)
  void json_ofAnyText_isReadBack(
      @ForAll @CharRange(from = '\0', to = '\uFFFF') String name,
      @ForAll @CharRange(from = '\0', to = '\uFFFF') String value) {
    Map<String, Object> object = Map.of(name, List.of(value));
    assertThat(StrictJson.parse(Json.of(object))).isEqualTo(object);
  }

  /** That the judge judges. */
  @Test
  void judge_refusesWhatIsNoJson() {
    for (String wrong :
        List.of("{\"a\":1,}", "[1,]", "{a:1}", "\"\n\"", "01", "{\"a\":1}x", "\"\\x\"", "{", "")) {
      assertThatThrownBy(() -> StrictJson.parse(wrong))
          .as(wrong)
          .isInstanceOf(RuntimeException.class);
    }
  }
}
