package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** Guards of the HTTP layer's policies, and of what happens once an effect is made. */
final class HttpPolicyMutants {
  private HttpPolicyMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(
        Mutant.in("http/CapturedBody")
            .mutant(
                "runsHalfABody",
                "a body that is shorter than declared is no request",
                "if (length < declared) {",
                "if (false) {",
                "http.LayerGuardsTest.bodyShorterThanItWasDeclared_isNoRequest")
            .list());
    all.addAll(
        Mutant.in("http/ResponseClassifier")
            .mutant(
                "keepsWhatSaysToComeBack",
                "an error that says when to retry is no answer for a day",
                "response.status() >= 500 || isPassing(response)",
                "response.status() >= 500",
                "http.LayerGuardsTest.refusalThatSaysWhenToRetry_isNotTheAnswerForADay")
            .list());
    all.addAll(replies());
    all.addAll(
        Mutant.in("http/Problems")
            .mutant(
                "throwsWithTheRenderer",
                "a renderer that throws has no say",
                "} catch (RuntimeException e) { log.warn(\"a renderer threw",
                "} catch (ArithmeticException e) { log.warn(\"a renderer threw",
                "http.LayerGuardsTest.rendererThatThrows_neverRunsTheHandler",
                "KeyStoreException")
            .list());
    all.addAll(
        Mutant.in("http/PolicyChecks")
            .mutant(
                "opensWhatMustNotRunTwice",
                "fail-open is for operations that may run twice",
                "if (settings.failsOpen && ",
                "if (false && ",
                "http.IllegalConfigurationTest.failingOpen_isForOperationsThatMayRunTwice")
            .mutant(
                "ignoresKeysOfThePayload",
                "keys of the payload cannot be ignored",
                "if (settings.keyRequirement == KeyRequirement.IGNORED) {",
                "if (false) {",
                "http.IllegalConfigurationTest.payloadKeys_needANamedRetentionAndAFingerprint")
            .mutant(
                "handsOutKeysThatItRefuses",
                "a generated key fits the format",
                "requireFitForGenerated(settings.keyFormat);",
                "",
                "http.IllegalConfigurationTest.generatedKeys_mustFitTheFormat")
            .list());
    all.addAll(
        Mutant.in("http/HttpPolicy")
            .mutant(
                "dropsTheVendorsRetention",
                "a retention that was named stays",
                "operation.namesRetention() || !settings.operation.namesRetention()",
                "true",
                "http.IllegalConfigurationTest"
                    + ".operationPolicy_thatNamesNoRetention_keepsTheOneThatWasNamed")
            .list());
    return all;
  }

  private static List<Mutant> replies() {
    return Mutant.in("http/Replies")
        .mutant(
            "passesAForeignMarkerOn",
            "h17: a first answer bears no replay marker, whoever set it",
            "HttpResponse own = unmarked(executed.value());",
            "HttpResponse own = executed.value();",
            "http.MarkerSwitchesTest.markers_replay_isNeverWhatWasStored")
        .mutant(
            "throwsAfterAnOwnRun",
            "a rebuild that throws has no say once this call made an effect",
            "if (replayed.ownRun().isEmpty()) {",
            "if (true) {",
            "http.LayerGuardsTest.rebuildThatThrowsAfterAnOwnRun_leavesTheRecordedAnswer",
            "IllegalStateException")
        .list();
  }
}
