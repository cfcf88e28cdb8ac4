package io.idem4j;

import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/**
 * Nothing that is printed, thrown, told to a listener or shown by a {@code toString()} gives a key,
 * a scope, a body, an answer, a stamp or a digest away (I45, bad-input 14). The output of all other
 * tests is searched as well: see {@link Canaries}.
 */
final class CanaryTest {
  private static final Fingerprint BODY =
      Fingerprint.sha256().part("body", Canaries.BODY + "{\"card\":\"4111\"}").build();
  private static final Fingerprint OTHER =
      Fingerprint.sha256().part("body", Canaries.BODY + "other").build();
  private static final VersionedKey SECRET =
      new VersionedKey(
          "v1",
          new SecretKeySpec(
              (Canaries.BODY + "0123456789abcdef")
                  .substring(0, 32)
                  .getBytes(StandardCharsets.UTF_8),
              "AES"));

  private final Bench bench = new Bench();
  private final List<String> shown = new ArrayList<>();

  /** Keeps whatever a user could print. */
  private <T> T show(T thing) {
    if (thing instanceof Throwable thrown) {
      StringWriter trace = new StringWriter();
      thrown.printStackTrace(new PrintWriter(trace));
      shown.add(trace.toString());
    }
    shown.add(String.valueOf(thing));
    return thing;
  }

  private void show(Call call) {
    try {
      show(call.run());
    } catch (Throwable e) {
      show(e);
    }
  }

  private interface Call {
    Object run() throws Exception;
  }

  private static IdempotencyKey key(String value) {
    IdempotencyKey key = IdempotencyKey.of(Bench.TENANT, "charge", Canaries.KEY + value);
    Canaries.plant(key.id().bytes());
    return key;
  }

  private Optional<StoredRecord> stored(IdempotencyKey key) {
    Optional<StoredRecord> stored = bench.memory.find(key.id());
    stored.ifPresent(
        live -> {
          KeyRecord record = live.record();
          Canaries.plant(record.stamp().bytes());
          Canaries.plant(record.fingerprint().digest());
          show(live);
          show(record);
          show(record.slots());
          show(record.grant());
          show(record.fingerprint());
        });
    return stored;
  }

  @Test
  void i45_everyOutcomeAndError_keepsTheSecrets() {
    Operation<String> rerun =
        listened(OperationPolicy.rerun().withFinal(IOException.class, e -> failure()));
    Operation<String> hold = listened(OperationPolicy.hold());
    IdempotencyKey key = key("replayed");
    show(key);
    show(rerun);
    show(Bench.TENANT);
    show(BODY);
    show(() -> rerun.execute(key, BODY, context -> show(context) + Canaries.ANSWER));
    show(() -> rerun.execute(key, BODY, context -> Canaries.ANSWER));
    show(() -> rerun.execute(key, OTHER, context -> Canaries.ANSWER));
    show(() -> rerun.execute(key, OTHER, context -> Canaries.ANSWER).orElseThrow());
    show(() -> rerun.execute(key, Fingerprint.none(), context -> Canaries.ANSWER));
    stored(key);

    IdempotencyKey inFlight = key("in flight");
    Claim<String> claim = show(rerun.claim(inFlight, BODY));
    Lease<String> lease = show(((Claim.Granted<String>) claim).lease());
    show(lease.context());
    show(() -> rerun.execute(inFlight, BODY, context -> Canaries.ANSWER).orElseThrow());
    show(
        () ->
            rerun.execute(
                key("nested"),
                BODY,
                context -> rerun.execute(key("nested"), BODY, inner -> "").orElseThrow()));
    stored(inFlight);
    bench.pass(seconds(10_000));
    show(() -> rerun.execute(inFlight, BODY, context -> Canaries.ANSWER));
    show(() -> lease.complete(Canaries.ANSWER + "late"));
    show(() -> lease.complete(Canaries.ANSWER + "twice"));

    show(
        () ->
            rerun.execute(
                key("final"),
                BODY,
                context -> {
                  throw new IOException("what the action says is its own");
                }));
    show(() -> rerun.execute(key("final"), BODY, context -> "").orElseThrow());
    show(
        () ->
            hold.execute(
                key("doubt"),
                BODY,
                context -> {
                  throw new IOException("gateway");
                }));
    show(() -> hold.execute(key("doubt"), BODY, context -> "").orElseThrow());
    stored(key("doubt"));
    assertNothingShown();
  }

  @Test
  void i45_storeFailures_keepTheSecrets() {
    Operation<String> rerun = listened(OperationPolicy.rerun());
    for (Fault fault : Fault.values()) {
      IdempotencyKey key = key("fault " + fault);
      bench.onWrites(fault, 1_000);
      show(() -> rerun.execute(key, BODY, context -> Canaries.ANSWER));
      bench.line.clearFaults();
      bench.pass(seconds(60));
      show(
          () ->
              rerun.execute(
                  key,
                  BODY,
                  context -> {
                    bench.onWrites(fault, 1_000);
                    return Canaries.ANSWER + fault;
                  }));
      bench.line.clearFaults();
      bench.pass(seconds(60));
      stored(key);
    }
    IdempotencyKey broken = key("a store that quotes");
    bench.store.beforeWrite =
        () -> {
          throw new IllegalStateException("near '" + Canaries.KEY + "'" + Canaries.ANSWER);
        };
    show(() -> rerun.execute(broken, BODY, context -> Canaries.ANSWER));
    bench.store.beforeWrite = () -> {};
    bench.pass(seconds(60));
    assertNothingShown();
  }

  @Test
  void i45_answersThatCannotBeReadOrKept_keepTheSecrets() {
    Codec<String> quoting =
        Codec.of(
            "text",
            text -> text.getBytes(StandardCharsets.UTF_8),
            bytes -> {
              throw new IOException("cannot read " + new String(bytes, StandardCharsets.UTF_8));
            });
    Operation<String> unreadable =
        bench.idempotency.operation("charge", quoting, OperationPolicy.rerun());
    show(() -> unreadable.execute(key("codec"), BODY, context -> Canaries.ANSWER));
    show(() -> unreadable.execute(key("codec"), BODY, context -> Canaries.ANSWER));

    Operation<String> rerun = listened(OperationPolicy.rerun());
    show(() -> rerun.execute(key("large"), BODY, context -> Canaries.ANSWER.repeat(100)));
    show(() -> rerun.execute(key("large"), BODY, context -> Canaries.ANSWER).orElseThrow());
    show(() -> rerun.execute(key("surrogate"), BODY, context -> Canaries.ANSWER + "\ud800"));

    EncryptingCodec<String> encrypting = show(EncryptingCodec.of(Codec.text(), SECRET));
    Operation<String> sealed =
        bench.idempotency.operation("charge", encrypting, OperationPolicy.rerun());
    show(() -> sealed.execute(key("sealed"), BODY, context -> Canaries.ANSWER));
    KeyRecord record = bench.memory.find(key("sealed").id()).orElseThrow().record();
    show(() -> encrypting.decode(new byte[] {1, 2, 3}, record.keyId()));
    show(SECRET);
    show(Fingerprint.hmacSha256(SECRET).part("body", Canaries.BODY).build());
    assertNothingShown();
  }

  @Test
  void i45_badInput_isNotQuoted() {
    String hostile = Canaries.KEY + "\u0000\ud800\r\n";
    show(() -> IdempotencyKey.of(Bench.TENANT, "charge", hostile));
    show(() -> IdempotencyKey.of(Bench.TENANT, "charge", Canaries.KEY.repeat(1_000)));
    show(() -> Scope.of(Canaries.SCOPE + "\ud800"));
    show(() -> Fingerprint.sha256().part("body", Canaries.BODY + "\ud800"));
    show(() -> key("reference").withReference(Canaries.KEY.repeat(100)));
    show(() -> listened(OperationPolicy.rerun()).execute(key("x"), BODY, null));
    assertNothingShown();
  }

  /** That the search finds what it looks for, in each form, also in a stack trace's cause. */
  @Test
  void search_findsPlantedSecrets() {
    IdempotencyKey key = key("to be found");
    bench.operation(OperationPolicy.rerun()).execute(key, BODY, context -> Canaries.ANSWER);
    Stamp stamp = stored(key).orElseThrow().stamp();
    byte[] text = (Canaries.KEY + "and more").getBytes(StandardCharsets.UTF_8);
    for (String leak :
        List.of(
            Canaries.KEY + "x",
            "<" + Canaries.SCOPE.toUpperCase(java.util.Locale.ROOT) + ">",
            java.util.HexFormat.of().withUpperCase().formatHex(text),
            java.util.Base64.getEncoder().encodeToString(text),
            java.util.HexFormat.of().formatHex(stamp.bytes()),
            java.util.HexFormat.of().formatHex(key.id().bytes()))) {
      assertThat(Canaries.in("before " + leak + " after")).as(leak.substring(0, 4)).isNotEmpty();
    }
    shown.clear();
    show(new IllegalStateException("outer", new IOException(Canaries.BODY)));
    assertThat(Canaries.in(shown.get(0))).isNotEmpty();
    assertThat(Canaries.in("key " + key.id().shortDigest())).isEmpty();
    assertThat(Canaries.lines()).as("lines of output searched").isPositive();
  }

  private Operation<String> listened(OperationPolicy policy) {
    return bench
        .builderOn(bench.store)
        .listener(
            (IdempotencyListener)
                java.lang.reflect.Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {IdempotencyListener.class},
                    (proxy, method, arguments) -> {
                      for (Object argument : arguments) {
                        show(argument);
                      }
                      return null;
                    }))
        .build()
        .operation("charge", Codec.text(), policy);
  }

  private static RecordedFailure failure() {
    return new RecordedFailure("card-declined", Canaries.ANSWER.getBytes(StandardCharsets.UTF_8));
  }

  private void assertNothingShown() {
    Thread.getAllStackTraces().keySet().forEach(thread -> show(thread.getName()));
    assertThat(shown).hasSizeGreaterThan(5);
    assertThat(shown).allSatisfy(text -> assertThat(Canaries.in(text)).isEmpty());
    Proof.count("CanaryTest", "texts searched", shown.size());
  }
}
