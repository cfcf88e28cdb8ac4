package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** The HTTP layer. */
final class HttpMutants {
  private HttpMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(entrance());
    all.addAll(request());
    all.addAll(operation());
    all.addAll(lease());
    all.addAll(tried());
    all.addAll(HttpAnswerMutants.all());
    all.addAll(HttpPolicyMutants.all());
    return all;
  }

  private static List<Mutant> entrance() {
    return Mutant.in("http/Entrance")
        .mutant(
            "readsTheBodyBeforeTheKey",
            "bad inputs 2: a bad key costs no body",
            "keys.read(settings.keyExtractor == null ? request : captured(request));",
            "keys.read(captured(request));",
            "http.HttpGuardsTest.badKey_costsNoBodyAndNoStore")
        .mutant(
            "protectsEveryMethod",
            "h26: other methods run without protection",
            "return settings.methods.contains(request.method());",
            "return true;",
            "http.HttpGuardsTest"
                + ".unprotectedRequest_keepsItsBodyForTheHandler_andIsCountedWhereAKeyWasPossible")
        .mutant(
            "honoursAnIgnoredKey",
            "a key that the policy ignores does nothing",
            "|| settings.keyRequirement == KeyRequirement.IGNORED) {",
            ") {",
            "http.HttpGuardsTest"
                + ".unprotectedRequest_keepsItsBodyForTheHandler_andIsCountedWhereAKeyWasPossible")
        .mutant(
            "runsWithoutARequiredKey",
            "h24: a required key that is missing is a 400",
            "presented.isEmpty() && settings.keyRequirement == KeyRequirement.REQUIRED",
            "presented == null",
            "http.HttpGuardsTest.badKey_costsNoBodyAndNoStore")
        .mutant(
            "takesAMissingKeyForANewOne",
            "h25: without an optional key nothing is stored",
            "presented.isEmpty() && settings.keyRequirement == KeyRequirement.OPTIONAL",
            "presented == null",
            "http.HttpGuardsTest"
                + ".unprotectedRequest_keepsItsBodyForTheHandler_andIsCountedWhereAKeyWasPossible")
        .mutant(
            "throwsOnABlankKey",
            "bad inputs 2: what core says is no key is a 400",
            "return IdempotencyKey.of(scope, keyName(), text); } catch (IllegalKeyException e) {",
            "return IdempotencyKey.of(scope, keyName(), text); } catch (ArithmeticException e) {",
            "http.HttpGuardsTest"
                + ".textThatIsNoKey_fromAnExtractorOrADiscriminator_is400_beforeTheStore",
            "IllegalKeyException")
        .mutant(
            "throwsOnABadDiscriminator",
            "bad inputs 4: a discriminator that is no text is a 400",
            "Optional.empty()), fingerprint); } catch (IllegalKeyException e) {",
            "Optional.empty()), fingerprint); } catch (ArithmeticException e) {",
            "http.HttpGuardsTest"
                + ".textThatIsNoKey_fromAnExtractorOrADiscriminator_is400_beforeTheStore",
            "IllegalKeyException")
        .mutant(
            "makesKeysOfNothing",
            "a key of the payload needs a fingerprint of it",
            "plain.equals(Fingerprint.none()) ? plain : bound(plain);",
            "bound(plain);",
            "http.HttpGuardsTest.keyOfThePayload_needsAFingerprint_boundToAnEndpointOrNot")
        .mutant(
            "forgetsTheEndpoint",
            "a shared key is bound to the endpoint that it first came to",
            ".part(\"operation\", name)",
            "",
            "http.HttpGuardsTest.sharedKey_atAnotherEndpoint_isRefused_whateverIsCompared")
        .mutant(
            "tellsAGeneratedKeyBare",
            "a generated key is told as a client has to send it",
            "settings.keySyntax == Syntax.STRICT ?",
            "settings.keySyntax == null ?",
            "http.HttpAnswersTest.generatedKey_isToldAsAClientHasToSendIt")
        .list();
  }

  private static List<Mutant> request() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(
        Mutant.in("http/HttpRequest")
            .mutant(
                "capturesAnyLength",
                "bad inputs 20: 413 over the limit",
                "if (captured.length() > limit) {",
                "if (captured.length() < 0) {",
                "http.HttpGuardsTest.bodyOverTheLimit_is413_andAskedTwiceItIsStill")
            .mutant(
                "takesTheRestForTheBody",
                "a body that was read in part is not read on",
                "} else if (wasReadInPart) {",
                "} else if (stream == null && limit < 0) {",
                "http.CapturedBodyTest"
                    + ".bodyThatFailsInTheMiddle_failsEachCapture_andIsNeverTakenForTheRest")
            .mutant(
                "forgetsThatTheBodyWasTooLarge",
                "what is left of a body that is too large is not the body",
                "isTooLarge = true;",
                "wasReadInPart = false;",
                "http.HttpGuardsTest.bodyOverTheLimit_is413_andAskedTwiceItIsStill")
            .mutant(
                "believesAnyContentLength",
                "a declared length that is no number is none",
                "declared.matches(\"[0-9]{1,18}\")",
                "!declared.isEmpty()",
                "http.CapturedBodyTest.contentLengthThatIsNone_isNotBelieved",
                "NumberFormatException")
            .list());
    all.addAll(
        Mutant.in("http/CapturedBody")
            .mutant(
                "readsWhatIsDeclaredTooLong",
                "a declared length over the limit is believed without reading",
                "if (declared > limit) {",
                "if (declared < -1) {",
                "http.CapturedBodyTest.declaredLengthOverTheLimit_isBelievedWithoutReading")
            .mutant(
                "cutsTheBodyAtTheLimit",
                "bad inputs 20: more than the limit is refused, not cut",
                "if (length == limit) { throw new TooLargeException(); }",
                "if (length == limit) { break; }",
                "http.CapturedBodyTest.limit_letsExactlyItThrough")
            .mutant(
                "stopsAtAShortRead",
                "a short read is not the end",
                "int count = 1 + in.readNBytes(piece, 1, piece.length - 1);",
                "int count = 1 + Math.max(0, in.read(piece, 1, piece.length - 1));",
                "http.CapturedBodyTest"
                    + ".bodyInAnyPieces_withAnyDeclaredLength_isReadWhole_orRefusedAtTheLimit")
            .mutant(
                "holdsTwiceWhatCame",
                "little more is held than came",
                "Math.max(length / 4, SMALL_PIECE)",
                "2 * size",
                "http.CapturedBodyTest.bodyOfAMegabyte_costsNoSecondCopy")
            .list());
    all.addAll(
        Mutant.in("http/Quotas")
            .mutant(
                "keepsTheScopesPlaceOfARefusedKey",
                "a key that is refused gives back its scope's place",
                "giveBack(ofScope); throw",
                "throw",
                "http.QuotasTest.refusalOfTheKey_givesBackTheScopesPlace")
            .mutant(
                "givesASeatBackTwice",
                "a seat is given back once",
                "if (isTaken.getAndSet(false)) {",
                "if (isTaken.get()) {",
                "http.QuotasTest.oneMoreOfTheScopeOrOfTheKey_isRefused_andSaysWhichItIs")
            .mutant(
                "letsOneTooManyIn",
                "bad inputs 33: a quota lets in as many as it says",
                "return before[0] < most; }",
                "return before[0] <= most; }",
                "http.QuotasTest.oneMoreOfTheScopeOrOfTheKey_isRefused_andSaysWhichItIs")
            .list());
    return all;
  }

  private static List<Mutant> operation() {
    return Mutant.in("http/HttpOperation")
        .mutant(
            "takesAPolicysFunctionForTheStore",
            "a duplicate never runs because its answer cannot be made",
            "outcome = operation.execute(",
            "replies.of(outcome = operation.execute(keyed.key(), keyed.fingerprint(), context -> "
                + "tried.note(() -> handler.handle(Optional.of(context)))), keyed.call()); "
                + "if (outcome == null) operation.execute(",
            "http.HttpGuardsTest.rebuildThatFailsLikeAStore_neverLetsADuplicateRun")
        .mutant(
            "takesTheHandlersExceptionForCores",
            "what a handler throws is thrown on",
            "if (tried.threw(e)) { throw e; } else if",
            "if",
            "http.HttpGuardsTest.handlersOwnException_isThrownOn_evenIfItIsOneOfCores")
        .mutant(
            "runsAgainThoughTheHandlerBegan",
            "nothing runs twice for one request",
            "if (tried.threw(e)) { throw e; } else if (!tried.began() && replies.letsRun(e)) {",
            "if (replies.letsRun(e)) {",
            "http.HttpGuardsTest.handlersOwnException_isThrownOn_evenIfItIsOneOfCores")
        .mutant(
            "saysNotProcessedOfWhatRan",
            "stopping is said before the handler began alone",
            "replies.of(failure, keyed.call(), idempotency.isClosed())",
            "replies.of(failure, keyed.call(), true)",
            "http.HttpGuardsTest.nestedCall_isMisuse_andNotStopping")
        .mutant(
            "saysThatNothingRanAfterTheHandler",
            "what ran is never answered as if it had not, such as after a step that does not fit",
            "return tried.began() ?",
            "return false ?",
            "http.RecoveringTest.stepThatCannotBeRecorded_isNotAnsweredAsIfNothingRan")
        .mutant(
            "keepsTheSeatOfHandle",
            "a quota's seat is given back however the request ends",
            "return run(keyed, handler); } finally { keyed.seat().close(); }",
            "return run(keyed, handler); } finally { }",
            "http.HttpGuardsTest.seatIsGivenBack_byHandle_howeverItEnds")
        .mutant(
            "keepsTheSeatOfADeniedClaim",
            "a quota's seat is given back where nothing was granted",
            "if (!isGranted) { keyed.seat().close(); }",
            "",
            "http.HttpLeaseTest.storeThatIsDown_deniesOrLetsRun_asThePolicySays_andTakesNoSeat",
            "ClassCastException")
        .mutant(
            "keepsTheSeatOfARefusedExecutor",
            "a quota's seat is given back where no task could be had",
            "} catch (Throwable e) { keyed.seat().close(); complete(",
            "} catch (Throwable e) { complete(",
            "http.HandleAsyncTest.closedEngine_givesTheSeatBack")
        .mutant(
            "freesTheSeatOfADetachedHandler",
            "a handler whose caller went away is under way until it ends",
            "if (isDetached && tried.began()) {",
            "if (isDetached && !tried.began()) {",
            "http.HandleAsyncTest"
                + ".cancellation_afterTheHandlerBegan_detachesTheCaller_andKeepsItsSeatUntilItEnds",
            "ClassCastException")
        .mutant(
            "runsWhatWasCancelled",
            "cancelling before the handler began withdraws the claim",
            "outcome.cancel(true);",
            "",
            "http.HandleAsyncTest.cancellation_beforeTheHandlerBegan_withdrawsTheClaim_andRunsNothing")
        .mutant(
            "takesAnAsyncHandlersExceptionForCores",
            "what a handler fails with is what the caller gets",
            "ours) || tried.threw(failure)) {",
            "ours)) {",
            "http.HandleAsyncTest.handlersOwnTroubleWithAStore_isItsOwn_andNeverRunsItAgain")
        .mutant(
            "runsAnAsyncHandlerTwice",
            "nothing runs twice for one request",
            "ours) || tried.threw(failure)) { response.completeExceptionally"
                + "(Objects.requireNonNull(failure)); } else if (!tried.began() && replies",
            "ours)) { response.completeExceptionally"
                + "(Objects.requireNonNull(failure)); } else if (replies",
            "http.HandleAsyncTest.handlersOwnTroubleWithAStore_isItsOwn_andNeverRunsItAgain")
        .mutant(
            "wrapsAnUnprotectedFailure",
            "a handler's failure comes as it is, without a key too",
            "response.completeExceptionally(Tried.unwrapped(thrown));",
            "response.completeExceptionally(thrown);",
            "http.HandleAsyncTest.handlersFailure_comesAsItIs_howeverItFailed_andReleasesTheKey")
        .mutant(
            "countsWhatNeedsNoKey",
            "what could have had a key, and had none, is counted",
            "return entrance.protects(request) ?",
            "return true ?",
            "http.HandleBothWaysTest.everyOutcome_isAnsweredAsByHandle")
        .mutant(
            "recordsWhatTheClassifierReleases",
            "a response that is none to replay is not recorded",
            ".withAnswerClassifier(replies::verdict)",
            "",
            "http.HttpGuardsTest.dispositions_areWhatTheySay")
        .list();
  }

  private static List<Mutant> lease() {
    return Mutant.in("http/HttpLease")
        .mutant(
            "settlesWithNothing",
            "finishing with nothing leaves the lease to be settled",
            "Objects.requireNonNull(response, \"response\");",
            "",
            "http.HttpLeaseTest.finishOfNothing_isRefused_andTheLeaseIsStillThere")
        .mutant(
            "saysNotProcessedOfASecondFinish",
            "a response that was made is never stopping",
            "return held.replies().ofEnd(e, held.call());",
            "return held.replies().of(e, held.call(), true);",
            "http.HttpLeaseTest.secondSettlement_isMisuse_andChangesNothing")
        .mutant(
            "keepsTheSeatOfFinish",
            "a quota's seat is given back by finish",
            "finish(held, response); } finally { seat.close(); }",
            "finish(held, response); } finally { }",
            "http.HttpLeaseTest.finish_recordsBeforeItReturns_andRetriesGetIt")
        .mutant(
            "keepsTheSeatOfFail",
            "a quota's seat is given back by fail",
            "fail(held, failure); } finally { seat.close(); }",
            "fail(held, failure); } finally { }",
            "http.HttpLeaseTest.fail_recordsAsThePolicySays_andReturnsNothing",
            "ClassCastException")
        .mutant(
            "keepsTheSeatOfClose",
            "a quota's seat is given back by close",
            "held.lease().close(); } seat.close();",
            "held.lease().close(); }",
            "http.HttpLeaseTest.close_releasesNothing_andTheLeaseLapses",
            "ClassCastException")
        .mutant(
            "renewsAClosedLease",
            "a lease that was given up lapses",
            "held.lease().close(); } seat.close();",
            "} seat.close();",
            "http.HttpLeaseTest.close_releasesNothing_andTheLeaseLapses",
            "ClassCastException")
        .list();
  }

  private static List<Mutant> tried() {
    return Mutant.in("http/Tried")
        .mutant(
            "takesNothingForAResponse",
            "a handler that answers nothing has failed",
            "return Objects.requireNonNull(response, \"the handler's response\");",
            "return response;",
            "http.HandleAsyncTest.handlerThatAnswersNothing_hasFailed")
        .mutant(
            "forgetsThatTheHandlerBegan",
            "what began is under way until it ends",
            "CompletionStage<HttpResponse> noteAsync(Callable<CompletionStage<HttpResponse>> "
                + "handling) throws Exception { began = true;",
            "CompletionStage<HttpResponse> noteAsync(Callable<CompletionStage<HttpResponse>> "
                + "handling) throws Exception {",
            "http.HandleAsyncTest"
                + ".cancellation_afterTheHandlerBegan_detachesTheCaller_andKeepsItsSeatUntilItEnds",
            "ClassCastException")
        .mutant(
            "neverEnds",
            "a detached handler gives its seat back when it ends",
            "ended.complete(null); if (failure != null) {",
            "if (failure != null) {",
            "http.HandleAsyncTest"
                + ".cancellation_afterTheHandlerBegan_detachesTheCaller_andKeepsItsSeatUntilItEnds",
            "ClassCastException")
        .list();
  }
}
