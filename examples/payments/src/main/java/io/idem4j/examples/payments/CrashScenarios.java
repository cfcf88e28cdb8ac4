package io.idem4j.examples.payments;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The scenarios of the tour in which the service is killed in the middle of a payment and started
 * again on the same store.
 */
final class CrashScenarios {
  /** Sets this run's tenants apart from those of earlier ones in the same database. */
  private final String run = "-" + UUID.randomUUID().toString().substring(0, 8);

  private final List<String> options;

  CrashScenarios(List<String> options) {
    this.options = options;
  }

  void killedBefore(Finding finding) throws Exception {
    Call call = Call.pay("killed-before" + run, "9.99");
    finding.sent("a POST, kill before its effect, restart, retry");
    try (Child child = Child.serve(options)) {
      Client client = new Client(child.port());
      Call slow = call.asking("pause=50s");
      // The one that is turned away proves that the other holds the key and has not paid yet.
      Object turnedAway =
          CompletableFuture.anyOf(client.start(slow), client.start(slow)).get(20, TimeUnit.SECONDS);
      finding.expect(
          turnedAway instanceof Received received && received.status() == 409, "no key was held");
      long made = client.effects(call.tenant()).payments();
      finding.expect(made == 0, made + " made before the kill");
      child.kill();
    }
    retryAfterRestart(finding, call, 0);
  }

  void killedAfter(Finding finding) throws Exception {
    Call call = Call.pay("killed-after" + run, "9.99");
    finding.sent("a POST, kill after its effect, restart, retry");
    try (Child child = Child.serve(options)) {
      Client client = new Client(child.port());
      CompletableFuture<Received> lost = client.start(call.asking("delay=50s"));
      finding.expect(client.awaitPayments(call.tenant(), 1), "no payment before the kill");
      child.kill();
      finding.expect(
          lost.handle((received, failure) -> failure != null).get(20, TimeUnit.SECONDS),
          "an answer before the kill");
    }
    retryAfterRestart(finding, call, 1);
  }

  private void retryAfterRestart(Finding finding, Call call, long expectedBefore) throws Exception {
    try (Child child = Child.serve(options)) {
      Client client = new Client(child.port());
      long before = client.effects(call.tenant()).payments();
      finding.expect(before == expectedBefore, before + " made before the retry");
      Received early = client.send(call);
      // Not held any more if the restart took longer than the lease.
      Received retry = early.status() == 409 ? client.sendUntilDone(call) : early;
      Received again = client.send(call);
      finding.got("nothing, then " + early + " until the lease is over, then " + retry);
      finding.expect(retry.status() == 201 && !retry.isReplay(), "the retry did not run");
      finding.expect(again.isReplay() && again.repeats(retry), "a later retry got another answer");
      finding.expect(
          client.send(Call.get(call.tenant(), retry.header("Location"))).status() == 200,
          "the payment cannot be read");
      finding.effect(client.effects(call.tenant()).payments(), 1);
      child.kill();
    }
  }
}
