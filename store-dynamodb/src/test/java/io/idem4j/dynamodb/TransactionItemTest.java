package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.dynamodb.TransactionItem.Fate;
import io.idem4j.tck.StoreUnderTest;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.dynamodb.model.TransactionInProgressException;

/** I15: what the failure of a transaction proves. The codes are those of the service's manual. */
@StoreUnderTest("DynamoDB")
final class TransactionItemTest {
  private static RuntimeException cancelled(Integer attempts, String... codes) {
    return TransactionCanceledException.builder()
        .cancellationReasons(
            Arrays.stream(codes)
                .map(code -> CancellationReason.builder().code(code).build())
                .toList())
        .statusCode(400)
        .numAttempts(attempts)
        .build();
  }

  private static RuntimeException answered(int status, String code, Integer attempts) {
    return DynamoDbException.builder()
        .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).build())
        .statusCode(status)
        .numAttempts(attempts)
        .build();
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(Fate.REFUSED, cancelled(1, "ConditionalCheckFailed", "None")),
        Arguments.of(Fate.REFUSED, cancelled(1, "None", "ConditionalCheckFailed")),
        Arguments.of(Fate.REFUSED, cancelled(1, "TransactionConflict", "ConditionalCheckFailed")),
        Arguments.of(
            Fate.REFUSED,
            TransactionCanceledException.builder().statusCode(400).numAttempts(1).build()),
        Arguments.of(Fate.ROLLED_BACK, cancelled(1, "None", "TransactionConflict")),
        Arguments.of(Fate.ROLLED_BACK, cancelled(1, "ProvisionedThroughputExceeded", "None")),
        Arguments.of(Fate.ROLLED_BACK, cancelled(1, "ThrottlingError", "None")),
        Arguments.of(Fate.ROLLED_BACK, cancelled(1, "None", "ItemCollectionSizeLimitExceeded")),
        Arguments.of(Fate.ROLLED_BACK, cancelled(1, "None", "ValidationError")),
        Arguments.of(Fate.ROLLED_BACK, answered(400, "ValidationException", 1)),
        Arguments.of(Fate.ROLLED_BACK, answered(400, "ProvisionedThroughputExceededException", 1)),
        Arguments.of(Fate.UNKNOWN, cancelled(2, "ConditionalCheckFailed", "None")),
        Arguments.of(Fate.UNKNOWN, cancelled(2, "None", "TransactionConflict")),
        Arguments.of(Fate.UNKNOWN, cancelled(null, "None", "TransactionConflict")),
        Arguments.of(Fate.UNKNOWN, answered(400, "ValidationException", 2)),
        Arguments.of(Fate.UNKNOWN, answered(500, "InternalServerError", 1)),
        Arguments.of(Fate.UNKNOWN, answered(400, "IdempotentParameterMismatchException", 1)),
        Arguments.of(
            Fate.UNKNOWN,
            TransactionInProgressException.builder()
                .awsErrorDetails(
                    AwsErrorDetails.builder().errorCode("TransactionInProgressException").build())
                .statusCode(400)
                .numAttempts(1)
                .build()),
        Arguments.of(Fate.UNKNOWN, SdkClientException.builder().numAttempts(1).build()),
        Arguments.of(Fate.UNKNOWN, new IllegalStateException("not of the SDK")));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void fate_isWhatIsProven(Fate fate, RuntimeException failure) {
    assertThat(TransactionItem.fate(failure)).isEqualTo(fate);
  }
}
