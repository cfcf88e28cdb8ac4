package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.tck.Told;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;

/** I15: every error code means something, and what is not listed is UNKNOWN. */
final class SdkFailureTest {
  private static final String SECRET = "secret";

  private static Throwable answer(String code, int status, Integer attempts) {
    return DynamoDbException.builder()
        .message(SECRET)
        .numAttempts(attempts)
        .statusCode(status)
        .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).errorMessage(SECRET).build())
        .build();
  }

  private static Throwable client(Throwable cause, Integer attempts) {
    return SdkClientException.builder().message(SECRET).cause(cause).numAttempts(attempts).build();
  }

  @ParameterizedTest
  @CsvSource({
    "ProvisionedThroughputExceededException, UNAVAILABLE",
    "RequestLimitExceeded, UNAVAILABLE",
    "ThrottlingException, UNAVAILABLE",
    "TransactionConflictException, CONFLICT",
    "TransactionInProgressException, CONFLICT",
    "ReplicatedWriteConflictException, CONFLICT",
    "ItemCollectionSizeLimitExceededException, FULL",
    "ResourceNotFoundException, MISCONFIGURED",
    "TableNotFoundException, MISCONFIGURED",
    "ValidationException, MISCONFIGURED",
    "SerializationException, MISCONFIGURED",
    "UnknownOperationException, MISCONFIGURED",
    "AccessDeniedException, MISCONFIGURED",
    "UnrecognizedClientException, MISCONFIGURED",
    "ExpiredTokenException, MISCONFIGURED",
    "IncompleteSignatureException, MISCONFIGURED",
    "InvalidSignatureException, MISCONFIGURED",
    "MissingAuthenticationTokenException, MISCONFIGURED",
    "MissingAuthenticationToken, MISCONFIGURED",
    "InternalServerError, UNKNOWN",
    "ServiceUnavailable, UNKNOWN",
    "ConditionalCheckFailedException, UNKNOWN",
    "TransactionCanceledException, UNKNOWN",
    "ResourceInUseException, UNKNOWN",
    "LimitExceededException, UNKNOWN",
    "RequestTimeout, UNKNOWN",
    "'', UNKNOWN"
  })
  void of_errorCode_meansWhatTheTableSays(String code, SdkFailure expected) {
    assertThat(SdkFailure.of(answer(code, 400, 1))).isEqualTo(expected);
    assertThat(SdkFailure.of(answer(code, 403, 1))).isEqualTo(expected);
    // An earlier attempt may have been applied; or nobody knows how many there were.
    assertThat(SdkFailure.of(answer(code, 400, 2))).isEqualTo(SdkFailure.UNKNOWN);
    assertThat(SdkFailure.of(answer(code, 400, null))).isEqualTo(SdkFailure.UNKNOWN);
    // Whatever it calls itself, a fault of the service proves nothing.
    assertThat(SdkFailure.of(answer(code, 500, 1))).isEqualTo(SdkFailure.UNKNOWN);
    assertThat(SdkFailure.of(answer(code, 503, 1))).isEqualTo(SdkFailure.UNKNOWN);
    assertThat(SdkFailure.of(answer(code, 200, 1))).isEqualTo(SdkFailure.UNKNOWN);
  }

  @Test
  void of_answerWithoutDetails_isUnknown() {
    assertThat(SdkFailure.of(DynamoDbException.builder().numAttempts(1).statusCode(400).build()))
        .isEqualTo(SdkFailure.UNKNOWN);
    assertThat(SdkFailure.of(answer(null, 400, 1))).isEqualTo(SdkFailure.UNKNOWN);
  }

  @Test
  void of_noConnection_isUnreachable_onlyAtTheFirstAttempt() {
    for (Throwable cause :
        new Throwable[] {
          new ConnectException(SECRET),
          new UnknownHostException(SECRET),
          new IOException(new ConnectException(SECRET))
        }) {
      assertThat(SdkFailure.of(client(cause, 1))).isEqualTo(SdkFailure.UNREACHABLE);
      assertThat(SdkFailure.of(client(cause, 2))).isEqualTo(SdkFailure.UNKNOWN);
      assertThat(SdkFailure.of(client(cause, null))).isEqualTo(SdkFailure.UNKNOWN);
    }
  }

  @Test
  void of_anythingElse_isUnknown() {
    for (Throwable each :
        new Throwable[] {
          client(new SocketTimeoutException(SECRET), 1),
          client(new IOException(SECRET), 1),
          client(null, 1),
          client(null, null),
          ApiCallTimeoutException.builder().message(SECRET).build(),
          ApiCallAttemptTimeoutException.builder().message(SECRET).numAttempts(1).build(),
          AbortedException.builder().message(SECRET).numAttempts(1).build(),
          new IllegalStateException(SECRET),
          new ConnectException(SECRET)
        }) {
      assertThat(SdkFailure.of(each)).as(each.getClass().getName()).isEqualTo(SdkFailure.UNKNOWN);
    }
  }

  @ParameterizedTest
  @EnumSource
  void exception_certaintyAndReason_followTheFailure(SdkFailure failure) {
    Throwable cause = answer(SECRET + "#1", 400, 3);
    KeyStoreException e = failure.exception("a read", cause);
    assertThat(e.certainty() == Certainty.UNKNOWN).isEqualTo(failure == SdkFailure.UNKNOWN);
    assertThat(e).hasMessageStartingWith("a read failed: ");
    assertThat(e.isTransient())
        .isEqualTo(
            failure == SdkFailure.UNAVAILABLE
                || failure == SdkFailure.UNREACHABLE
                || failure == SdkFailure.CONFLICT);
    assertThat(e.getCause().getStackTrace()).isEqualTo(cause.getStackTrace());
    assertThat(Told.by(e)).doesNotContain(SECRET);
  }

  @Test
  void withheld_keepsClassCodeStatusAttemptsAndCauses() {
    assertThat(SdkFailure.withheld(answer("ThrottlingException", 400, 3)))
        .hasMessageContaining(
            "DynamoDbException, code ThrottlingException, status 400, attempts 3");
    assertThat(SdkFailure.withheld(client(new IOException(new ConnectException(SECRET)), 1)))
        .hasMessageContaining("java.io.IOException, caused by java.net.ConnectException");
  }
}
