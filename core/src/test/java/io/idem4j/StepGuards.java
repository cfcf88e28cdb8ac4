package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.tck.FaultyKeyStore.Fault;
import java.util.ArrayList;
import java.util.List;

/** What the tests of checkpoints share. */
class StepGuards extends EngineGuards {
  final List<String> ran = new ArrayList<>();

  String step(Lease<String> lease, String name) {
    return lease.context().step(name, Codec.text(), () -> run(name));
  }

  String run(String name) {
    ran.add(name);
    return name + ran.size();
  }

  List<String> recorded() {
    return rerun.admin().steps(key("k").id()).names();
  }

  Lease<String> claimed() {
    return granted(rerun.claim(key("k"), BODY));
  }

  /** Makes a step whose checkpoint meets this fault up to the deadline. */
  Lease<String> unresolved(Fault fault) {
    Lease<String> lease = claimed();
    onWrites(fault, 1_000);
    assertThat(step(lease, "draft")).as("the step does not fail").isEqualTo("draft1");
    bench.line.clearFaults();
    assertThat(lease.context().recordedSteps().names()).containsExactly("draft");
    return lease;
  }

  String step(OperationContext context) {
    return context.step("draft", Codec.text(), () -> run("draft"));
  }
}
