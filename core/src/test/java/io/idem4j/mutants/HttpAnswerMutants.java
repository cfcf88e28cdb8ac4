package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** What the HTTP layer answers, records and replays. */
final class HttpAnswerMutants {
  private HttpAnswerMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(verdicts());
    all.addAll(replies());
    all.addAll(failures());
    all.addAll(records());
    all.addAll(problems());
    return all;
  }

  private static List<Mutant> verdicts() {
    return Mutant.in("http/Replies")
        .mutant(
            "recordsAResponseOfTheMoment",
            "RELEASE frees the key",
            "case RELEASE -> Optional.of(Verdict.retryable());",
            "case RELEASE -> Optional.empty();",
            "http.HttpGuardsTest.dispositions_areWhatTheySay")
        .mutant(
            "rerunsADoubt",
            "IN_DOUBT holds the key",
            "case IN_DOUBT -> Optional.of(Verdict.inDoubt());",
            "case IN_DOUBT -> Optional.of(Verdict.retryable());",
            "http.HttpGuardsTest.dispositions_areWhatTheySay")
        .mutant(
            "rerunsAFailureThatIsHeld",
            "FAILURE under a policy that holds is in doubt",
            "settings.operation.mode() == OperationPolicy.Mode.RERUN ?",
            "true ?",
            "http.HttpGuardsTest.dispositions_areWhatTheySay")
        .mutant(
            "throwsWithTheClassifier",
            "a classifier that throws has no say once the effect is made",
            "} catch (Throwable e) { log.warn(\"a classifier threw",
            "} catch (ArithmeticException e) { log.warn(\"a classifier threw",
            "http.HttpGuardsTest.classifierThatThrows_hasNoSay",
            "StackOverflowError")
        .list();
  }

  private static List<Mutant> replies() {
    return Mutant.in("http/Replies")
        .mutant(
            "promisesALifetimeOfWhatIsNotKnown",
            "no marker on a response that is not known to be recorded",
            "problems.of(Kind.NOT_RECORDED, request) : own; } private boolean isKept",
            "problems.of(Kind.NOT_RECORDED, request) : withLifetime(own); } private boolean isKept",
            "http.HttpLeaseTest"
                + ".completionThatIsNotKnown_givesTheOwnResponse_withoutALifetime_orSaysSo")
        .mutant(
            "hidesAnUnrecordedResponse",
            "a policy may surface a lost completion",
            "return settings.surfacesLostCompletions && isKept(own) ?",
            "return false ?",
            "http.HttpLeaseTest"
                + ".completionThatIsNotKnown_givesTheOwnResponse_withoutALifetime_orSaysSo")
        .mutant(
            "marksNoReplay",
            "bad inputs 32: a replay says that it is one",
            ".map(field -> response.withHeader(field.name(), field.value())) "
                + ".orElse(response); } /** What a handler passes on",
            ".map(field -> response) .orElse(response); } /** What a handler passes on",
            "http.HttpLeaseTest.finish_recordsBeforeItReturns_andRetriesGetIt")
        .mutant(
            "echoesNoKey",
            "the key is echoed where it was honoured",
            "return call.echo() .map(",
            "return Optional.<Markers.Field>empty() .map(",
            "http.HttpAnswersTest.echo_isOnAnswersThatHonouredTheKeyAlone")
        .mutant(
            "replaysNothingAsTheBody",
            "I44: a replay without its body says so",
            "if (recorded.bodyKept()) {",
            "if (recorded != null) {",
            "http.HttpAnswersTest.bodyThatWasNotKept_isSaidSo_withoutItsEncoding")
        .mutant(
            "omitsTheBodyAgainstThePolicy",
            "I44: a policy may refuse a replay without its body",
            "if (settings.oversize != Oversize.OMIT_BODY) {",
            "if (settings.oversize == null) {",
            "http.HttpAnswersTest.bodyThatWasNotKept_isSaidSo_withoutItsEncoding")
        .mutant(
            "namesAnEncodingOfNothing",
            "a body that was left out has no encoding",
            ".without(\"Content-Encoding\")",
            "",
            "http.HttpAnswersTest.bodyThatWasNotKept_isSaidSo_withoutItsEncoding")
        .mutant(
            "forgetsTheOriginalRequest",
            "the original request's id is replayed",
            "return id.map(it -> without.withHeader(original.to(), it)).orElse(without);",
            "return without;",
            "http.HttpAnswersTest.originalRequest_isNamedOnReplays_underItsOtherName")
        .mutant(
            "replaysTheFirstRequestsId",
            "the original request's id is not the replay's own",
            "recorded.withHeaders(recorded.headers().without(original.from()));",
            "recorded;",
            "http.HttpAnswersTest.originalRequest_isNamedOnReplays_underItsOtherName")
        .mutant(
            "pointsToNothing",
            "a policy may refuse a duplicate of a success",
            "isSuccess && settings.onCompleted == OnCompleted.CONFLICT_WITH_REFERENCE",
            "isSuccess && settings.onCompleted == null",
            "http.HandleBothWaysTest.everyOutcome_isAnsweredAsByHandle")
        .mutant(
            "replaysInsteadOfRebuilding",
            "a policy may answer from the current state",
            "isSuccess && settings.rebuild != null && settings",
            "isSuccess && settings.rebuild == null && settings",
            "http.HandleBothWaysTest.everyOutcome_isAnsweredAsByHandle")
        .list();
  }

  private static List<Mutant> failures() {
    return Mutant.in("http/Replies")
        .mutant(
            "failsOpenUnasked",
            "bad inputs 44: closed unless the policy says otherwise",
            "return settings.failsOpen && failure",
            "return failure",
            "http.HttpGuardsTest.failingOpen_isForAStoreThatIsKnownToHaveAppliedNothing")
        .mutant(
            "failsOpenOverAClaimThatMayBeApplied",
            "bad inputs 44: open where the claim is known not to be applied alone",
            "&& store.certainty() == KeyStoreException.Certainty.NOT_APPLIED "
                + "// One that is full or read-only still knows what ran. "
                + "&& store.reason() == KeyStoreException.Reason.UNAVAILABLE;",
            "&& (store.reason() == KeyStoreException.Reason.UNAVAILABLE "
                + "|| store.reason() == KeyStoreException.Reason.NO_ANSWER);",
            "http.HttpGuardsTest.failingOpen_isForUnavailableStoresAlone")
        .mutant(
            "failsOpenOverARecordThatCannotBeRead",
            "bad inputs 25: an unreadable record never lets anything run",
            "&& store.reason() == KeyStoreException.Reason.UNAVAILABLE;",
            ";",
            "http.HttpGuardsTest.failingOpen_isForUnavailableStoresAlone")
        .mutant(
            "hidesAMisuse",
            "an embedder's mistake is thrown",
            "} throw failure; }",
            "} return problems.of(Kind.RECORD_UNREADABLE, request); }",
            "http.HttpGuardsTest.nestedCall_isMisuse_andNotStopping")
        .mutant(
            "throwsWhenClosed",
            "a closed engine is a 503",
            "if (isClosed) {",
            "if (failure == null) {",
            "http.HttpLeaseTest.engineThatIsClosed_isStopping_andARunningLeaseIsFinishedStill",
            "MisuseException")
        .mutant(
            "losesAResponseWithItsLease",
            "a lease that was lost gives the handler's own response",
            "&& !settings.surfacesLostCompletions) { return own;",
            "&& settings.surfacesLostCompletions) { return own;",
            "http.HttpLeaseTest"
                + ".leaseThatWasTakenOver_givesTheOwnResponse_withoutAMarker_andRecordsNothing")
        .mutant(
            "saysThatABrokenRecordMayPass",
            "bad inputs 25: an unreadable record is no outage",
            "&& store.reason() != KeyStoreException.Reason.UNREADABLE",
            "",
            "http.HttpGuardsTest.unreadableEnvelope_isNoOutage")
        .list();
  }

  private static List<Mutant> records() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(
        Mutant.in("http/ResponseCodec")
            .mutant(
                "keepsAnyBody",
                "a body over the limit is not kept",
                "&& response.body().length <= maximumBody",
                "",
                "http.ResponseCodecTest.bodyOverTheLimit_isNotKept_andAtTheLimitItIs")
            .mutant(
                "readsAnyVersion",
                "bad inputs 25: another version is refused",
                "if (in.get() != VERSION) {",
                "if (in.get() == 0 && VERSION == 0) {",
                "http.ResponseCodecTest.b25_otherVersionsFlagsAndStatuses_areRefused")
            .mutant(
                "allocatesADamagedLength",
                "bad inputs 25: a damaged length allocates nothing",
                "if (length < 0 || length > in.remaining()) {",
                "if (length < 0 || length > 1 << 24) {",
                "http.ResponseCodecTest.b25_damagedLengths_allocateNothingOfTheirSize")
            .mutant(
                "readsNegativeLengths",
                "bad inputs 25: a damaged length is refused",
                "if (length < 0 || length > in.remaining()) {",
                "if (length > in.remaining()) {",
                "http.ResponseCodecTest.b25_damagedLengths_allocateNothingOfTheirSize",
                "NegativeArraySizeException")
            .mutant(
                "readsWhatFollows",
                "bad inputs 25: what follows the response is refused",
                "if (in.hasRemaining() || (flags",
                "if ((flags",
                "http.ResponseCodecTest.b25_everyTruncation_andEveryLongerForm_isRefused")
            .mutant(
                "readsUnknownFlags",
                "bad inputs 25: flags of another release are refused",
                "(flags & ~BODY_KEPT) != 0 ||",
                "",
                "http.ResponseCodecTest.b25_otherVersionsFlagsAndStatuses_areRefused")
            .mutant(
                "readsABodyThatWasNotKept",
                "bad inputs 25: flags and body agree",
                "|| (flags == 0 && body.length > 0)",
                "",
                "http.ResponseCodecTest.b25_otherVersionsFlagsAndStatuses_areRefused")
            .mutant(
                "replaysABlockedField",
                "bad inputs 27: what is blocked is not replayed, whoever wrote it",
                "if (!ReplayHeaders.isBlocked(name)) {",
                "if (name != null) {",
                "http.ResponseCodecTest.b27_blockedField_putIntoTheStore_isNotReplayed")
            .list());
    all.addAll(
        Mutant.in("http/HttpResponse")
            .mutant(
                "splitsAResponse",
                "bad inputs 28: no line ends inside a value",
                "if (!value.chars().allMatch(HttpResponse::isText)) {",
                "if (value == null) {",
                "http.ResponseCodecTest"
                    + ".b28_valueThatWouldSplitTheResponse_putIntoTheStore_isRefusedAtReplay")
            .mutant(
                "takesAnyName",
                "bad inputs 28: a field's name is a token",
                "if (name.isEmpty() || !name.chars().allMatch(HttpResponse::isToken)) {",
                "if (name.isEmpty()) {",
                "http.HttpValuesTest.b28_responseWithAFieldThatWouldSplitIt_isRefusedAtTheCapture")
            .list());
    all.addAll(
        Mutant.in("http/ReplayHeaders")
            .mutant(
                "recordsBlockedFields",
                "bad inputs 27: credentials, cookies and dates are never recorded",
                "return !BLOCKED.contains(lower) && names.contains(lower) == allows;",
                "return names.contains(lower) == allows;",
                "http.HttpValuesTest.b27_blockedFields_areNeverReplayed_whateverIsAskedFor")
            .mutant(
                "recordsFieldsOfTheConnection",
                "what a Connection field names is not recorded",
                "replays(lower) && !ofConnection.contains(lower)",
                "replays(lower)",
                "http.HttpValuesTest.replayHeaders_leaveOutWhatTheConnectionFieldNames")
            .list());
    all.addAll(
        Mutant.in("http/KeyFormat")
            .mutant(
                "takesAnyTextOfAnExtractor",
                "bad inputs 3: a key is printable ASCII, wherever it came from",
                "return text.chars().allMatch(c -> c >= ' ' && c <= '~');",
                "return true;",
                "http.HttpGuardsTest"
                    + ".textThatIsNoKey_fromAnExtractorOrADiscriminator_is400_beforeTheStore",
                "MisuseException")
            .list());
    return all;
  }

  private static List<Mutant> problems() {
    return Mutant.in("http/Problems")
        .mutant(
            "tellsToRetryAtOnce",
            "h23: Retry-After is a second at least",
            "Math.max(1, seconds)",
            "seconds",
            "http.HttpAnswersTest.retryAfter_ofATimeThatIsOver_isASecond")
        .mutant(
            "tellsToRetryTooEarly",
            "h23: Retry-After is rounded up",
            "+ (after.toNanosPart() > 0 ? 1 : 0)",
            "",
            "http.HttpAnswersTest.retryAfter_isTheSmallerOfWhatIsLeftAndTheHint_inWholeSeconds_andOneAtLeast")
        .mutant(
            "tellsToWaitForTheWholeLease",
            "h23: Retry-After is the hint at most",
            "isEarliest || left.compareTo(settings.retryHint) < 0 ? left : settings.retryHint;",
            "left;",
            "http.HttpAnswersTest.retryAfter_isTheSmallerOfWhatIsLeftAndTheHint_inWholeSeconds_andOneAtLeast")
        .mutant(
            "tellsToWaitLongerThanTheLease",
            "h23: Retry-After is what is left of the lease at most",
            "isEarliest || left.compareTo(settings.retryHint) < 0 ? left : settings.retryHint;",
            "isEarliest ? left : settings.retryHint;",
            "http.HttpAnswersTest.retryAfter_isTheSmallerOfWhatIsLeftAndTheHint_inWholeSeconds_andOneAtLeast")
        .mutant(
            "linksNothing",
            "h11, h27: refusals link to the documentation",
            "if (settings.documentation != null) {",
            "if (settings == null) {",
            "http.HttpAnswersTest.link_isOnEachRefusal_whereThePolicyIsPublished")
        .list();
  }
}
