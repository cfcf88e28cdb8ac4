package io.idem4j.examples.payments;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The scenarios of the tour in which the service stays up. Each has a tenant of its own. */
final class Scenarios {
  private static final int DUPLICATES = 20;

  /** Sets this run's tenants apart from those of earlier ones in the same database. */
  private final String run = "-" + UUID.randomUUID().toString().substring(0, 8);

  private final Client client;

  Scenarios(Client client) {
    this.client = client;
  }

  void firstCall(Finding finding) throws Exception {
    Call call = Call.pay("first-call" + run, "12.50");
    finding.sent("POST /payments under a new key");
    Received first = client.send(call);
    finding.got(first + " with Location");
    finding.expect(first.status() == 201 && !first.isReplay(), "no new 201");
    Received read = client.send(Call.get(call.tenant(), first.header("Location")));
    finding.expect(read.status() == 200 && read.body().equals(first.body()), "not to be read");
    finding.effect(client.effects(call.tenant()).payments(), 1);
  }

  void retry(Finding finding) throws Exception {
    Call call = Call.pay("retry" + run, "12.50");
    finding.sent("the same POST twice, the key bare and then in quotes");
    Received first = client.send(call);
    Received second = client.send(call.withKey('"' + call.key() + '"'));
    boolean isSame = second.repeats(first);
    finding.got(first + ", then " + second + (isSame ? ", the same byte for byte" : ""));
    finding.expect(first.status() == 201 && !first.isReplay(), "no new 201");
    finding.expect(second.isReplay() && isSame, "another answer");
    finding.effect(client.effects(call.tenant()).payments(), 1);
  }

  void parallelDuplicates(Finding finding) throws Exception {
    Call call = Call.pay("parallel" + run, "20").asking("delay=300ms");
    finding.sent(
        DUPLICATES + " times the same POST at once, each repeated while the answer is 409");
    List<CompletableFuture<Received>> started = new ArrayList<>();
    for (int i = 0; i < DUPLICATES; i++) {
      started.add(client.start(call));
    }
    int turnedAway = 0;
    int executed = 0;
    List<Received> answers = new ArrayList<>();
    for (CompletableFuture<Received> one : started) {
      Received received = one.get(30, TimeUnit.SECONDS);
      if (received.status() == 409) {
        turnedAway++;
        received = client.sendUntilDone(call);
      }
      executed += received.isReplay() ? 0 : 1;
      answers.add(received);
    }
    boolean areSame = answers.stream().allMatch(it -> it.repeats(answers.get(0)));
    finding.got(
        "%d times %d%s; %d replays, %d had 409 first"
            .formatted(
                answers.size(),
                answers.get(0).status(),
                areSame ? " with the same bytes" : " and others",
                answers.size() - executed,
                turnedAway));
    finding.expect(areSame && answers.get(0).status() == 201, "not all got the same 201");
    finding.expect(executed == 1, executed + " answers were no replays");
    finding.effect(client.effects(call.tenant()).payments(), 1);
  }

  void anotherBody(Finding finding) throws Exception {
    Call call = Call.pay("another-body" + run, "1");
    finding.sent("a POST, another amount under its key, and the first once more");
    Received first = client.send(call);
    Received other = client.send(call.withBody("{\"amount\":1000,\"currency\":\"EUR\"}"));
    Received again = client.send(call);
    finding.got(first + ", then " + other + ", then " + again);
    finding.expect(other.status() == 422 && other.problem().equals("key-reused"), "no 422");
    finding.expect(again.isReplay() && again.repeats(first), "the first answer has changed");
    finding.effect(client.effects(call.tenant()).payments(), 1);
  }

  void anotherTenant(Finding finding) throws Exception {
    Call call = Call.pay("tenant-a" + run, "5");
    Call other = call.withTenant("tenant-b" + run);
    finding.sent("the same POST under the same key for two tenants");
    Received first = client.send(call);
    Received second = client.send(other);
    finding.got(first + " and " + second + " of another id");
    finding.expect(
        first.status() == 201 && second.status() == 201 && !second.isReplay(), "no two new 201");
    finding.expect(!first.body().equals(second.body()), "both have one id");
    finding.expect(
        client.send(Call.get(other.tenant(), first.header("Location"))).status() == 404,
        "one tenant sees the other's payment");
    long made = client.effects(call.tenant()).payments();
    finding.expect(made == 1, "tenant-a has " + made);
    finding.effect(made + client.effects(other.tenant()).payments(), 2);
  }

  void clientHangsUp(Finding finding) throws Exception {
    Call call = Call.pay("hang-up" + run, "7");
    finding.sent("a POST whose client hangs up before the answer, and a retry");
    client.sendAndHangUp(call.asking("delay=500ms"));
    finding.expect(client.awaitPayments(call.tenant(), 1), "the payment was not made");
    Received retry = client.sendUntilDone(call);
    finding.got("nothing, then " + retry);
    finding.expect(retry.status() == 201 && retry.isReplay(), "no replayed 201");
    finding.effect(client.effects(call.tenant()).payments(), 1);
  }

  void failsBefore(Finding finding) throws Exception {
    fails(finding, Call.pay("fails-before" + run, "3"), "before", 0);
  }

  void failsAfter(Finding finding) throws Exception {
    fails(finding, Call.pay("fails-after" + run, "3"), "after", 1);
  }

  private void fails(Finding finding, Call call, String where, long madeByFirst) throws Exception {
    finding.sent("a POST that fails " + where + " its effect, and a retry");
    Received first = client.send(call.asking("fail=" + where));
    long made = client.effects(call.tenant()).payments();
    Received retry = client.send(call);
    finding.got(first + " with " + made + " made, then " + retry);
    finding.expect(first.status() == 500, "no 500");
    finding.expect(made == madeByFirst, made + " made by the first");
    finding.expect(retry.status() == 201 && !retry.isReplay(), "the retry did not run");
    finding.effect(client.effects(call.tenant()).payments(), 1);
  }

  void incrementFailsAfter(Finding finding) throws Exception {
    Call call = Call.increment("increment" + run, "till", 5);
    finding.sent("PATCH incrementBy 5 that fails after its effect, and a retry");
    Received first = client.send(call.asking("fail=after"));
    Received retry = client.send(call);
    long balance = retry.json().path("balance").asLong(-1);
    finding.got(first + ", then " + retry + " with balance " + balance);
    finding.expect(first.status() == 500 && retry.status() == 200, "no 500 and 200");
    finding.expect(balance == 5, "the balance is not 5");
    finding.effect(client.effects(call.tenant()).increments(), 1);
  }
}
