package io.idem4j.mutants;

import java.util.ArrayList;
import java.util.List;

/** What is made of store calls, stamps and stored records. */
final class StoreMutants {
  private StoreMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>();
    all.addAll(storeCalls());
    all.addAll(stamp());
    all.addAll(storedRecord());
    all.addAll(encoding());
    all.addAll(grants());
    all.addAll(backoff());
    all.addAll(envelope());
    return all;
  }

  private static List<Mutant> storeCalls() {
    return Mutant.in("StoreCalls")
        .mutant(
            "asksNoStoreWhichKeysItReadsFirst",
            "a store says which keys are read first",
            "store instanceof ReadFirst first && first.readsFirst(id)",
            "store instanceof ReadFirst",
            "FirstReadTest.keyThatTheStoreDoesNotReadFirst_isClaimedAtOnce")
        .mutant(
            "failsWhereNoStoreSaysWhatIsReadFirst",
            "S7: what a store throws when it is asked which keys it reads first ends no call",
            "subject.storeError(foreign(e)); return false;",
            "throw e;",
            "FirstReadTest.storeThatCannotSay_isNotReadFirst_andTheListenerIsTold",
            "IllegalStateException")
        .mutant(
            "readsANeighboursRecord",
            "I14: a record found must answer for its key",
            "live.ifPresent(this::requireOwn);",
            "",
            "ClaimGuardsTest.firstRead_ofAnotherKeysRecord_isATypedError")
        .mutant(
            "believesANeighboursRefusal",
            "I14: a record that refuses must answer for its key",
            "refused.live().ifPresent(this::requireOwn);",
            "",
            "UnknownOutcomesTest.i14_recordOfAnotherKey_isATypedErrorAndRunsNothing")
        .mutant(
            "takesNullForApplied",
            "S7: what proves nothing is unknown",
            "return failed(KeyStoreException.unknown(\"the store answered null\", " + "null));",
            "return new Reply(Kind.APPLIED, Optional.empty(), null);",
            "HostileSurroundingsTest.storeThatAnswersNull_isUnknown")
        .mutant(
            "takesAnyThrowableForNotApplied",
            "I15: the default of an unexpected throwable is unknown",
            "return KeyStoreException.unknown( \"the store threw \"",
            "return KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "
                + "\"the store threw \"",
            "UnknownOutcomesTest.storeThatThrowsAnythingElse_isUnknown")
        .mutant(
            "catchesRuntimeExceptionsOnly",
            "I15: whatever a store throws is a reply",
            "catch (Throwable e) { return failed(foreign(e)); }",
            "catch (RuntimeException e) { return failed(foreign(e)); }",
            "HostileSurroundingsTest.storeThatThrowsWhatItMustNot_losesNoCompletion",
            "SQLException")
        .mutant(
            "attachesWhatTheStoreThrew",
            "I45: the message of a foreign throwable is withheld",
            "new Withheld(thrown)",
            "thrown",
            "MoreGuardsTest.i45_messageOfAForeignThrowable_isWithheld")
        .mutant(
            "takesUnknownForNotApplied",
            "I16: unknown is never reported as not applied",
            "error.certainty() == KeyStoreException.Certainty.UNKNOWN",
            "false",
            "UnknownOutcomesTest.i17_claimWhoseReplyWasLost_isGrantedWithTheSameFence",
            "KeyStoreException")
        .mutant(
            "settlesAnUnknownByALaterError",
            "I16: after one unknown only applied or refused settles a write",
            "unknown != null && reply.kind() != Kind.APPLIED",
            "unknown == reply.error() && reply.kind() != Kind.APPLIED",
            "UnknownOutcomesTest.afterUnknown_aLaterRefusalForNowDoesNotSettleTheClaim")
        .mutant(
            "settlesAnUnknownByBusy",
            "I16: after one unknown, busy does not settle a write",
            "unknown != null && reply.kind() != Kind.APPLIED",
            "unknown != null && reply.kind() != Kind.BUSY && reply.kind() != " + "Kind.APPLIED",
            "MoreGuardsTest.i16_busyAfterAnUnknown_doesNotSettleTheClaim")
        .mutant(
            "forgetsWhyAnUnknownFailedLater",
            "an answer too large after an unknown leaves a tombstone",
            "reply.error() == null ? unknown : reply.error()",
            "unknown",
            "HostileSurroundingsTest.answerTooLargeAfterAnUnknown_isATombstone")
        .mutant(
            "hidesStoreErrors",
            "store errors are told to the listener",
            "subject.storeError(error); Kind kind",
            "Kind kind",
            "MoreGuardsTest.storeErrors_areToldToTheListener")
        .list();
  }

  private static List<Mutant> stamp() {
    return Mutant.in("spi/Stamp")
        .mutant(
            "comparesTheFirstHalfOfAGrant",
            "I3: all twelve bytes of a grant count",
            "return high == grant.high() && (int) (low >>> 32) == grant.low();",
            "return high == grant.high();",
            "spi.StampTest.isOf_ofAnotherGrant_isFalse")
        .mutant(
            "comparesTheSecondHalfOfAGrant",
            "I3: all twelve bytes of a grant count",
            "return high == grant.high() && (int) (low >>> 32) == grant.low();",
            "return (int) (low >>> 32) == grant.low();",
            "spi.StampTest.isOf_ofAnotherGrant_isFalse")
        .mutant(
            "countsIntoTheGrant",
            "the counter of a stamp never reaches its grant",
            "(low & 0xFFFF_FFFF_0000_0000L) | ((low + 1) & 0xFFFF_FFFFL)",
            "low + 1",
            "spi.StampTest.next_afterTheLastCounter_staysWithinTheGrant")
        .mutant(
            "firstStampMayBeAbsent",
            "no drawn stamp equals ABSENT",
            "((long) grant.low() << 32) | 1",
            "((long) grant.low() << 32)",
            "spi.StampTest.first_ofAnyGrant_isNeverAbsent")
        .list();
  }

  private static List<Mutant> storedRecord() {
    return Mutant.in("spi/StoredRecord")
        .mutant(
            "readsWhatHasNoRecord",
            "I42: a record that the store could not read is a typed error",
            "record == null || format != KeyRecord.FORMAT",
            "format != KeyRecord.FORMAT && record != null",
            "spi.KeyRecordTest.storedRecord_ofALaterFormat_hidesItsContents")
        .mutant(
            "readsWhatItCannotUnderstand",
            "I42: a format that this release cannot read is a typed error",
            "record == null || format != KeyRecord.FORMAT",
            "record == null",
            "UnknownOutcomesTest.i42_recordOfTheNextFormat_isATypedErrorAndIsLeftAlone")
        .mutant(
            "believesALeaseForEver",
            "I31: a lease out of range is a typed error",
            "leaseLeft.compareTo(KeyRecord.MAXIMUM_DURATION) > 0 ||",
            "",
            "HostileSurroundingsTest.i31_recordThatWouldLockForEver_isATypedError")
        .mutant(
            "believesARetentionForEver",
            "I31: a retention out of range is a typed error",
            "|| retentionLeft.compareTo(KeyRecord.MAXIMUM_DURATION) > 0",
            "",
            "HostileSurroundingsTest.i31_recordThatWouldLockForEver_isATypedError")
        .list();
  }

  private static List<Mutant> encoding() {
    return Mutant.in("Encoding")
        .mutant(
            "joinsItsParts",
            "I13: each part of a key is preceded by its length",
            "number(bytes.length);",
            "",
            "EncodingPropertiesTest.i13_shiftedKeys_haveDifferentIds")
        .list();
  }

  private static List<Mutant> grants() {
    return Mutant.in("Grants")
        .mutant(
            "drawsFromASeed",
            "peer 28: grants are drawn from the operating system, anew for each",
            "return random.generateSeed(bytes);",
            "byte[] drawn = new byte[bytes]; new java.util.Random(42).nextBytes(drawn); "
                + "return drawn;",
            "OneImageTest.peer28_twoEnginesFromOneImage_shareNoStampAndRunEachKeyOnce")
        .mutant(
            "drawsAhead",
            "peer 28: nothing is read ahead of a draw",
            "return random.generateSeed(bytes);",
            "byte[] drawn = new byte[bytes]; random.nextBytes(drawn); return drawn;",
            "OneImageTest.peer28_draws_areNeverReadAhead")
        .list();
  }

  private static List<Mutant> backoff() {
    return Mutant.in("Backoff")
        .mutant(
            "pausesPastTheEnd",
            "nothing is repeated past its end",
            "Math.min(jittered, left)",
            "jittered",
            "ClaimGuardsTest.refusalsForNow_underAShortStoreDeadline_endWithIt")
        .mutant(
            "pausesTheSameEachTime",
            "pauses between sends double",
            "next = Math.min(next * 2, LONGEST);",
            "",
            "MoreGuardsTest.sendsOfOneWrite_getRarer")
        .list();
  }

  private static List<Mutant> envelope() {
    return Mutant.in("Envelope")
        .mutant(
            "replaysADamagedLabel",
            "S10: a damaged label is never taken for another one",
            "end <= payload.length && isText(payload, end)",
            "end <= payload.length",
            "EnvelopeFuzzTest.labelThatIsNoText_isNoTypeAndNoCode")
        .mutant(
            "believesAnUnknownKind",
            "S10: a payload of an unknown kind is unreadable",
            "if (kind != null && end <= payload.length",
            "if (kind == null) { kind = Kind.ANSWER; } if (kind != null && end <= payload.length",
            "EnvelopeFuzzTest.everyTruncationAndEveryBitFlip_isAnAnswerOrATypedError")
        .list();
  }
}
