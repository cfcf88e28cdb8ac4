package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the tests of steps share: an engine with room, and steps that count. */
class StepsFixture {
  static final Codec<String> TEXT = Codec.text();

  final Bench bench = new Bench();
  final List<String> ran = new ArrayList<>();
  final Operation<String> rerun = operation(OperationPolicy.rerun());
  final Operation<String> hold = operation(OperationPolicy.hold());

  Operation<String> operation(OperationPolicy policy) {
    return bench
        .builderOn(bench.store)
        .maximumPayload(10_000)
        .build()
        .operation("charge", TEXT, policy);
  }

  /** A step that counts, and answers with its name and how often it ran. */
  String step(OperationContext context, String name) {
    return context.step(name, TEXT, () -> run(name));
  }

  String run(String name) {
    ran.add(name);
    return name + ran.size();
  }

  static String failing() throws IOException {
    throw new IOException("connection lost");
  }

  <X extends Exception> Throwable thrownBy(Operation<String> operation, Action<String, X> action) {
    return org.assertj.core.api.Assertions.catchThrowable(
        () -> operation.execute(TENANT, "k", BODY, action));
  }

  RecordedSteps recorded() {
    return rerun.admin().steps(key("k").id());
  }
}
