package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;

/** Keys and fingerprints are injective over everything that people put into them. */
class EncodingPropertiesTest {
  /** Texts that other libraries took for equal, or that end somebody's encoding. */
  private static final List<String> ADVERSARIAL =
      List.of(
          "a",
          "A",
          "a ",
          " a",
          "a:b",
          "b",
          ":",
          "a\u0000",
          "\u0000a",
          "a\u200b",
          "\u00e9",
          "e\u0301",
          "\u00c9",
          "\u0130",
          "i",
          "\u00df",
          "ss",
          "{a}",
          "a*",
          "a?",
          "[a]",
          "a'",
          "a\"; DROP TABLE x",
          "${a}",
          "a\r\nb",
          "a\tb",
          "\uD83D\uDE00",
          "1",
          "01",
          "\u0001",
          "Aa",
          "BB",
          "AaAa",
          "BBBB",
          "tenant",
          "tenan",
          "t\u0000enant",
          "none",
          "single");

  @Provide
  Arbitrary<String> text() {
    Arbitrary<String> any =
        Arbitraries.strings()
            .ofMinLength(1)
            .ofMaxLength(12)
            .filter(EncodingPropertiesTest::isUsable);
    Arbitrary<String> joined =
        Arbitraries.of(ADVERSARIAL)
            .list()
            .ofMinSize(1)
            .ofMaxSize(3)
            .map(each -> String.join("", each));
    return Arbitraries.oneOf(Arbitraries.of(ADVERSARIAL), joined, any)
        .filter(text -> !text.isBlank());
  }

  private static boolean isUsable(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  private record Parts(List<String> scope, String operation, String value) {
    IdempotencyKey key() {
      Scope of =
          scope.isEmpty()
              ? Scope.single()
              : Scope.of(scope.get(0), scope.subList(1, scope.size()).toArray(String[]::new));
      return IdempotencyKey.of(of, operation, value);
    }
  }

  @Provide
  Arbitrary<Parts> keys() {
    return Combinators.combine(text().list().ofMaxSize(3), text(), text()).as(Parts::new);
  }

  /** The same texts, cut at another place: what a plain concatenation takes for equal. */
  @Provide
  Arbitrary<Tuple2<Parts, Parts>> shiftedKeys() {
    return text()
        .list()
        .ofMinSize(3)
        .ofMaxSize(6)
        .flatMap(texts -> Combinators.combine(cut(texts), cut(texts)).as((a, b) -> Tuple.of(a, b)));
  }

  private static Arbitrary<Parts> cut(List<String> texts) {
    return Arbitraries.integers()
        .between(1, texts.size() - 1)
        .flatMap(
            operation ->
                Arbitraries.integers()
                    .between(0, operation - 1)
                    .map(
                        scope ->
                            new Parts(
                                scope == 0
                                    ? List.of()
                                    : List.of(String.join("", texts.subList(0, scope))),
                                String.join("", texts.subList(scope, operation)),
                                String.join("", texts.subList(operation, texts.size())))));
  }

  @Property
  void i13_differentKeys_haveDifferentIds(@ForAll("keys") Parts a, @ForAll("keys") Parts b) {
    assertThat(a.key().id().equals(b.key().id())).isEqualTo(a.equals(b));
  }

  @Property
  void i13_shiftedKeys_haveDifferentIds(@ForAll("shiftedKeys") Tuple2<Parts, Parts> pair) {
    assertThat(pair.get1().key().id().equals(pair.get2().key().id()))
        .isEqualTo(pair.get1().equals(pair.get2()));
  }

  @Property
  void keyId_isTheSameEachTimeAndShowsNothing(@ForAll("keys") Parts parts) {
    IdempotencyKey key = parts.key();
    assertThat(parts.key()).isEqualTo(key);
    assertThat(parts.key().id()).isEqualTo(key.id()).hasSameHashCodeAs(key.id());
    assertThat(KeyId.of(key.id().bytes())).isEqualTo(key.id());
    assertThat(key.id().toString()).isEqualTo("KeyId[" + key.id().shortDigest() + "]").hasSize(19);
  }

  @Example
  void bad05_everyAdversarialText_isItsOwnKeyInEveryPlace() {
    List<KeyId> ids = new ArrayList<>();
    for (String text : ADVERSARIAL) {
      ids.add(IdempotencyKey.of(Scope.of(text), "op", "k").id());
      ids.add(IdempotencyKey.of(Scope.of("op"), text, "k").id());
      ids.add(IdempotencyKey.of(Scope.of("op"), "k", text).id());
      ids.add(IdempotencyKey.of(Scope.of("op", text), "k", "k").id());
      ids.add(IdempotencyKey.ofPayload(Scope.of("op"), "k", body("x"), text).id());
    }
    assertThat(ids).doesNotHaveDuplicates();
  }

  @Example
  void bad07_separatorInjection_isTwoRecords() {
    assertThat(IdempotencyKey.of(Scope.of("a"), "op", "b:c").id())
        .isNotEqualTo(IdempotencyKey.of(Scope.of("a:b"), "op", "c").id());
  }

  /** Computed apart from this code, from the layout that {@link IdempotencyKey} describes. */
  @Example
  void keyId_staysTheSameAcrossReleases() {
    assertThat(IdempotencyKey.of(Scope.of("tenant"), "POST /payments", "k").id().shortDigest())
        .isEqualTo(KEY_ID_OF_RELEASE_1);
  }

  /** Computed apart from this code, from the layout that {@link Fingerprint.Builder} describes. */
  @Example
  void fingerprint_staysTheSameAcrossReleases() {
    assertThat(java.util.HexFormat.of().formatHex(body("a").first().digest()))
        .isEqualTo("da7f3086dc85301c21c76070a0123862453d501faa442c1ec9f8e153c86f63ae");
    assertThat(body("a").first().algorithm()).isEqualTo("sha256/1");
  }

  private static final String KEY_ID_OF_RELEASE_1 = "94c7f6ee9b3b";

  private static Fingerprint body(String text) {
    return Fingerprint.sha256().part("body", text).build();
  }

  @Provide
  Arbitrary<List<Tuple2<String, String>>> parts() {
    return Combinators.combine(text(), text())
        .as((a, b) -> Tuple.of(a, b))
        .list()
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  private static Fingerprint of(List<Tuple2<String, String>> parts) {
    Fingerprint.Builder builder = Fingerprint.sha256();
    parts.forEach(part -> builder.part(part.get1(), part.get2()));
    return builder.build();
  }

  @Property
  void bad17_differentParts_haveDifferentFingerprints(
      @ForAll("parts") List<Tuple2<String, String>> a,
      @ForAll("parts") List<Tuple2<String, String>> b) {
    assertThat(of(a).equals(of(b))).isEqualTo(a.equals(b));
  }

  /** Names and contents cut at other places out of the same text. */
  @Property
  void bad17_shiftedParts_haveDifferentFingerprints(
      @ForAll("text") String text, @ForAll int at, @ForAll int otherAt) {
    Assume.that(text.length() >= 2);
    int first = 1 + Math.floorMod(at, text.length() - 1);
    int second = 1 + Math.floorMod(otherAt, text.length() - 1);
    Assume.that(isUsable(text.substring(0, first)) && isUsable(text.substring(0, second)));
    Assume.that(isUsable(text.substring(first)) && isUsable(text.substring(second)));
    var a = List.of(Tuple.of(text.substring(0, first), text.substring(first)));
    var b = List.of(Tuple.of(text.substring(0, second), text.substring(second)));
    assertThat(of(a).equals(of(b))).isEqualTo(first == second);
  }

  /** A content that itself looks like an end of a part, and the name of the next. */
  @Property
  void bad17_contentThatImitatesTheEncoding_isStillContent(
      @ForAll byte[] first, @ForAll byte[] second) {
    byte[] imitation = new byte[first.length + 8 + 1 + 4 + second.length];
    System.arraycopy(first, 0, imitation, 0, first.length);
    imitation[first.length + 7] = (byte) first.length;
    imitation[first.length + 8] = 'n';
    imitation[first.length + 12] = 1;
    System.arraycopy(second, 0, imitation, first.length + 13, second.length);

    assertThat(Fingerprint.sha256().part("n", imitation).build())
        .isNotEqualTo(Fingerprint.sha256().part("n", first).part("n", second).build());
  }

  @Property
  void bad20_streamedPart_isTheSameAsAWholeOne(@ForAll byte[] content, @ForAll int seed)
      throws IOException {
    Fingerprint whole = Fingerprint.sha256().part("a", "x").part("body", content).build();
    Fingerprint streamed =
        Fingerprint.sha256()
            .part("a", "x")
            .part("body", new ByteArrayInputStream(content), content.length)
            .build();
    Fingerprint.Builder pieces = Fingerprint.sha256().part("a", "x");
    int at = content.length == 0 ? 0 : Math.floorMod(seed, content.length);
    pieces
        .openPart("body", content.length)
        .update(content, 0, at)
        .update(content, at, content.length - at)
        .end();
    assertThat(streamed).isEqualTo(whole);
    assertThat(pieces.build()).isEqualTo(whole);
  }

  @Example
  void bad20_streamOverItsLimit_neverMakesAFingerprint() {
    Fingerprint.Builder builder = Fingerprint.sha256();
    assertThatThrownBy(() -> builder.part("body", new ByteArrayInputStream(new byte[11]), 10))
        .isInstanceOf(FingerprintLimitException.class);
    assertThatThrownBy(builder::build).isInstanceOf(MisuseException.class);

    Fingerprint.Builder failing = Fingerprint.sha256();
    assertThatThrownBy(
            () ->
                failing.part(
                    "body",
                    new java.io.SequenceInputStream(
                        new ByteArrayInputStream(new byte[3]), new CutStream()),
                    10))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(failing::build).isInstanceOf(MisuseException.class);

    Fingerprint.Builder pieces = Fingerprint.sha256();
    Fingerprint.Builder.Part part = pieces.openPart("body", 1);
    assertThatThrownBy(() -> part.update(new byte[2], 0, 2))
        .isInstanceOf(FingerprintLimitException.class);
    assertThatThrownBy(part::end).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> part.update(new byte[1], 0, 1)).isInstanceOf(MisuseException.class);
    assertThatThrownBy(pieces::build).isInstanceOf(MisuseException.class);

    Fingerprint.Builder half = Fingerprint.sha256();
    half.openPart("body", 10).update(new byte[5], 0, 5);
    assertThatThrownBy(half::build).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> half.part("a", "b")).isInstanceOf(MisuseException.class);
  }

  @Example
  void partWithAnUnusableName_changesNothing() {
    Fingerprint.Builder builder = Fingerprint.sha256();
    assertThatThrownBy(() -> builder.part("\ud800", new byte[] {1}))
        .isInstanceOf(IllegalKeyException.class);
    assertThatThrownBy(builder::build).isInstanceOf(MisuseException.class);
  }

  private static final class CutStream extends java.io.InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("cut");
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return read();
    }
  }

  @Example
  void peer24_fingerprintOfNothing_isRefused() {
    assertThatThrownBy(() -> Fingerprint.sha256().build()).isInstanceOf(MisuseException.class);
    Fingerprint.Builder once = Fingerprint.sha256().part("a", "b");
    once.build();
    assertThatThrownBy(once::build).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> once.part("a", "b")).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> body("a").or(body("b"))).isInstanceOf(MisuseException.class);
    for (Fingerprint none : List.of(Fingerprint.none(), Fingerprint.none().or(body("a")))) {
      assertThatThrownBy(() -> IdempotencyKey.ofPayload(Scope.single(), "op", none, ""))
          .isInstanceOf(MisuseException.class);
    }
  }

  @Example
  void bad18_hashCodeTwins_haveDifferentFingerprints() {
    assertThat("Aa".hashCode()).isEqualTo("BB".hashCode());
    assertThat(body("Aa")).isNotEqualTo(body("BB"));
  }

  @Example
  void bad02and04_unusableTexts_areRefusedWithoutBeingRepeated() {
    String loneSurrogate = "secret\uD800";
    for (String text : Arrays.asList(null, "", " ", "\t\n", "secret".repeat(43), loneSurrogate)) {
      assertThatThrownBy(() -> IdempotencyKey.of(Scope.single(), "op", text))
          .isInstanceOf(IllegalKeyException.class)
          .hasMessageNotContaining("secret");
      assertThatThrownBy(() -> IdempotencyKey.of(Scope.single(), text, "k"))
          .isInstanceOf(IllegalKeyException.class)
          .hasMessageNotContaining("secret");
      assertThatThrownBy(() -> Scope.of(text))
          .isInstanceOf(IllegalKeyException.class)
          .hasMessageNotContaining("secret");
      assertThatThrownBy(() -> Scope.of("a", text)).isInstanceOf(IllegalKeyException.class);
      assertThatThrownBy(() -> IdempotencyKey.of(Scope.single(), "op", "k").withReference(text))
          .isInstanceOf(IllegalKeyException.class)
          .hasMessageNotContaining("secret");
    }
    assertThat(IdempotencyKey.of(Scope.single(), "op", "x".repeat(255)).id()).isNotNull();
    assertThatThrownBy(() -> body(loneSurrogate)).isInstanceOf(IllegalKeyException.class);
    assertThatThrownBy(
            () -> IdempotencyKey.ofPayload(Scope.single(), "op", body("a"), loneSurrogate))
        .isInstanceOf(IllegalKeyException.class);
    assertThatThrownBy(
            () -> IdempotencyKey.of(Scope.single(), "op", "k").withReference("\u20ac".repeat(100)))
        .isInstanceOf(IllegalKeyException.class);
  }

  @Example
  void i45_nothingShowsKeyFingerprintOrStamp() {
    IdempotencyKey key =
        IdempotencyKey.of(Scope.of("canary-tenant"), "op", "canary-key")
            .withReference("canary-reference");
    Fingerprint fingerprint = body("canary-body");
    assertThat(key.toString() + Scope.of("canary-tenant") + fingerprint + fingerprint.first())
        .doesNotContain("canary");
    assertThat(new io.idem4j.spi.Stamp(4711, 4712) + " " + new io.idem4j.spi.Grant(4711, 4712))
        .doesNotContain("471");
    assertThat(new Outcome.Executed<>("canary", true).toString()).doesNotContain("canary");
    assertThat(
            new Outcome.Replayed<>(
                    java.util.Optional.of("canary"),
                    true,
                    java.util.Optional.of(new Outcome.OwnRun("canary", null)),
                    java.util.Optional.of("canary"))
                .toString())
        .doesNotContain("canary");
    assertThat(new Outcome.Recovered<>("canary", true).toString()).doesNotContain("canary");
  }
}
