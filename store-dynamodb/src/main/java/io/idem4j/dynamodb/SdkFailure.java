package io.idem4j.dynamodb;

import static java.util.Map.entry;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * What the failure of a request proves (S7, I15): a table of the service's error codes, and UNKNOWN
 * for all that is not in it.
 *
 * <p>The SDK shows the last of its attempts. An earlier one may have ended in a status of 500 or in
 * silence and have been applied all the same, so that only the failure of a request that was sent
 * once proves anything.
 */
enum SdkFailure {
  /** Throttled; nothing was written. */
  UNAVAILABLE(
      Reason.UNAVAILABLE,
      "DynamoDB has no capacity left for the table or the key's partition; try again, or give the"
          + " table more"),

  /** No connection was made, so nothing was sent. */
  UNREACHABLE(Reason.UNAVAILABLE, "DynamoDB's endpoint cannot be reached"),

  /** Another region, or a transaction, writes the item; nothing was written. */
  CONFLICT(Reason.CONFLICT, "DynamoDB gave up in favour of a concurrent write; try again"),

  /** The items of one partition key take up all the space they may; nothing was written. */
  FULL(Reason.FULL, "the item collection is full; use a partition key without an own prefix"),

  /** The request does not fit the table, or may not be made; nothing was written. */
  MISCONFIGURED(
      Reason.MISCONFIGURED,
      "DynamoDB refuses the request; compare table, key attributes, credentials and permissions"
          + " with what the class comment of DynamoDbKeyStore asks for"),

  /** Nobody knows. */
  UNKNOWN(Reason.NO_ANSWER, "nobody knows whether DynamoDB applied the request");

  private static final Map<String, SdkFailure> BY_CODE =
      Map.ofEntries(
          entry("ProvisionedThroughputExceededException", UNAVAILABLE),
          entry("RequestLimitExceeded", UNAVAILABLE),
          entry("ThrottlingException", UNAVAILABLE),
          entry("TransactionConflictException", CONFLICT),
          entry("TransactionInProgressException", CONFLICT),
          entry("ReplicatedWriteConflictException", CONFLICT),
          entry("ItemCollectionSizeLimitExceededException", FULL),
          entry("ResourceNotFoundException", MISCONFIGURED),
          entry("TableNotFoundException", MISCONFIGURED),
          entry("ValidationException", MISCONFIGURED),
          entry("SerializationException", MISCONFIGURED),
          entry("UnknownOperationException", MISCONFIGURED),
          entry("AccessDeniedException", MISCONFIGURED),
          entry("UnrecognizedClientException", MISCONFIGURED),
          entry("ExpiredTokenException", MISCONFIGURED),
          entry("IncompleteSignatureException", MISCONFIGURED),
          entry("InvalidSignatureException", MISCONFIGURED),
          entry("MissingAuthenticationTokenException", MISCONFIGURED),
          entry("MissingAuthenticationToken", MISCONFIGURED));

  /** The depth to which chains of causes are followed. */
  private static final int DEPTH = 10;

  private static final Pattern CODE = Pattern.compile("[A-Za-z]{1,80}");

  private final Reason reason;
  private final String advice;

  SdkFailure(Reason reason, String advice) {
    this.reason = reason;
    this.advice = advice;
  }

  /** Returns what this failure proves. */
  static SdkFailure of(Throwable failure) {
    if (!(failure instanceof SdkException sdk) || !isFirstAttempt(sdk)) {
      return UNKNOWN;
    }
    if (failure instanceof AwsServiceException answer) {
      // A code with a status of 500 is a fault of the service, which proves nothing.
      return answer.statusCode() >= 400 && answer.statusCode() < 500
          ? BY_CODE.getOrDefault(code(answer), UNKNOWN)
          : UNKNOWN;
    }
    return isRefusedConnection(failure) ? UNREACHABLE : UNKNOWN;
  }

  /** The number is missing where the SDK gave up outside an attempt, as at its own deadline. */
  static boolean isFirstAttempt(SdkException failure) {
    Integer attempts = failure.numAttempts();
    return attempts != null && attempts == 1;
  }

  private static boolean isRefusedConnection(Throwable failure) {
    Throwable each = failure.getCause();
    for (int depth = 0; each != null && depth < DEPTH; depth++) {
      if (each instanceof ConnectException || each instanceof UnknownHostException) {
        return true;
      }
      each = each.getCause();
    }
    return false;
  }

  /** Returns the error code of an answer; empty if it has none. */
  static String code(AwsServiceException answer) {
    @Nullable AwsErrorDetails details = answer.awsErrorDetails();
    @Nullable String code = details == null ? null : details.errorCode();
    return code == null ? "" : code;
  }

  /** Returns the exception that tells this of an action, free of what SDK and service say. */
  KeyStoreException exception(String action, Throwable cause) {
    String message = action + " failed: " + advice;
    return this == UNKNOWN
        ? KeyStoreException.unknown(message, withheld(cause))
        : KeyStoreException.notApplied(reason, message, withheld(cause));
  }

  /**
   * Returns a stand-in for what the SDK threw: same place, same codes, no text. The service quotes
   * requests in its messages, and an exception of a failed condition holds an item.
   */
  static SdkException withheld(Throwable thrown) {
    StringBuilder text = new StringBuilder("message withheld: ");
    text.append(thrown.getClass().getName());
    if (thrown instanceof AwsServiceException answer) {
      String code = code(answer);
      text.append(", code ").append(CODE.matcher(code).matches() ? code : "unknown");
      text.append(", status ").append(answer.statusCode());
    }
    if (thrown instanceof SdkException sdk && sdk.numAttempts() != null) {
      text.append(", attempts ").append(sdk.numAttempts());
    }
    Throwable cause = thrown.getCause();
    for (int depth = 0; cause != null && depth < DEPTH; depth++) {
      text.append(", caused by ").append(cause.getClass().getName());
      cause = cause.getCause();
    }
    SdkException standIn = SdkException.create(text.toString(), null);
    standIn.setStackTrace(thrown.getStackTrace());
    return standIn;
  }
}
