package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.StoreUnderTest;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.RedisClient;

/** What can be seen of the scripts without running them: stores.md 3.4.1, 3.4.6, 3.4.9, 3.4.10. */
@StoreUnderTest("Redis")
final class ScriptTest {
  private static final Pattern COMMENT = Pattern.compile("--\\[\\[.*?]]|--[^\n]*", Pattern.DOTALL);
  private static final Pattern CALL = Pattern.compile("redis\\.(p?call)\\('([A-Z]+)', (\\S+?)[,)]");

  private static String source(String resource) {
    try (InputStream in = Script.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String code(Script script) {
    return COMMENT.matcher(script.text()).replaceAll("");
  }

  private static Set<String> all(String regex, String text) {
    Set<String> found = new TreeSet<>();
    for (Matcher matcher = Pattern.compile(regex).matcher(text); matcher.find(); ) {
      found.add(matcher.group(1));
    }
    return found;
  }

  private static List<String> calls(String code) {
    List<String> calls = new ArrayList<>();
    for (Matcher matcher = CALL.matcher(code); matcher.find(); ) {
      calls.add(matcher.group(1) + " " + matcher.group(2));
    }
    return calls;
  }

  @Test
  void head_describesEveryArgumentAndVerdict() {
    for (String resource : List.of("compare-and-set.lua", "find.lua", "scan.lua")) {
      String source = source(resource);
      String head = source.substring(0, source.indexOf("]]"));
      String code = source.substring(source.indexOf("]]"));
      assertThat(all("ARGV\\[(\\d)]  ", head)).as(resource).isEqualTo(all("ARGV\\[(\\d)]", code));
      assertThat(all("KEYS\\[(\\d)]", code)).as(resource).containsExactly("1");
      assertThat(head).contains("KEYS[1]", "Output ", "Atomic ", "Repeats ");
    }
    String cas = source("compare-and-set.lua");
    String head = cas.substring(0, cas.indexOf("]]"));
    assertThat(all("\n {13}([a-z]+) ", head))
        .isEqualTo(Set.of("applied", "unbounded", "none", "live", "match", "broken"));
  }

  @ParameterizedTest
  @EnumSource
  void everyCommandTouchesTheOneKey(Script script) {
    String code = code(script);
    for (Matcher matcher = Pattern.compile("redis\\.p?call\\(").matcher(code); matcher.find(); ) {
      Matcher call = CALL.matcher(code).region(matcher.start(), code.length());
      assertThat(
              code.startsWith("redis.call('TIME')", matcher.start())
                  || (call.lookingAt() && Set.of("key", "KEYS[1]").contains(call.group(3))))
          .as(code.substring(matcher.start(), matcher.start() + 40))
          .isTrue();
    }
  }

  /** An error that a client is told of then says that nothing was written (RedisFailure). */
  @Test
  void stores_3_4_9_oneCommandWritesAndNothingAfterItRaises() {
    List<String> calls = calls(code(Script.COMPARE_AND_SET));
    int write = calls.indexOf("call HSET");
    assertThat(calls.subList(0, write))
        .as("before the write: what reads, and what repeats an expiry or asks a replica")
        .containsOnly("call HMGET", "call EXISTS", "pcall HDEL", "pcall PEXPIREAT");
    assertThat(calls.subList(write, calls.size())).containsExactly("call HSET", "pcall PEXPIREAT");
    assertThat(calls(code(Script.FIND))).containsOnly("call HMGET", "call EXISTS", "pcall HDEL");
    assertThat(calls(code(Script.SCAN))).containsOnly("call HMGET", "call EXISTS", "pcall HDEL");
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_4_6_theServersClockIsReadOnce(Script script) {
    assertThat(code(script).split("'TIME'", -1)).hasSize(2);
    assertThat(code(script)).doesNotContain("os.");
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_4_10_noNumberIsPrintedByLua(Script script) {
    assertThat(code(script)).doesNotContain("tostring").doesNotContain("HINCRBY");
    assertThat(all("string\\.format\\('([^']*)'", code(script))).containsExactly("%.0f");
  }

  @Test
  void constants_areThoseOfTheSpi() {
    String code = code(Script.FIND);
    assertThat(all("LONGEST = (\\d+)", code))
        .containsExactly(Long.toString(KeyRecord.MAXIMUM_DURATION.toMillis()));
    assertThat(code).contains("FORMAT = '\\0\\" + KeyRecord.FORMAT + "'");
    assertThat(code(Script.COMPARE_AND_SET)).contains("string.rep('\\0', " + Stamp.LENGTH + ")");
  }

  @ParameterizedTest
  @EnumSource
  void sha_isWhatTheServerComputes(Script script) {
    try (RedisClient client = Redis.client()) {
      assertThat(client.scriptLoad(script.text())).isEqualTo(script.sha());
    }
  }
}
