package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Claim;
import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.Lease;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.tck.StoreUnderTest;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** The README's code on DynamoDB compiles as it stands, and does what it says. */
@StoreUnderTest("DynamoDB")
final class ReadmeCodeTest {
  private static final String TABLE = DynamoDb.freshTable();
  private static final String CLASS =
      """
      import io.idem4j.*;
      import io.idem4j.dynamodb.*;
      import java.util.List;
      import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
      import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

      public class Readme {
        public static Outcome<String> book(
            DynamoDbClient client, DynamoDbKeyStore dynamoDbStore, Lease<String> lease,
            TransactWriteItem seat) {
          %s
        }
      }
      """;

  @Test
  void readme_transaction_booksOnceAndReleasesWhatIsRolledBack(@TempDir Path directory)
      throws Exception {
    String readme = Files.readString(Path.of("..", "README.md"));
    String code =
        Pattern.compile("(?ms)^```java\\n(.*?)^```$")
            .matcher(readme)
            .results()
            .map(found -> found.group(1))
            .filter(block -> block.contains("transactWriteItems"))
            .findFirst()
            .orElseThrow();
    compile(directory, CLASS.formatted(code));
    DynamoDbKeyStore store = Rows.store(DynamoDb.client(), TABLE);
    try (Idempotency idempotency = Idempotency.builder(store).build();
        URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
      Method book =
          loader
              .loadClass("Readme")
              .getMethod(
                  "book",
                  DynamoDbClient.class,
                  DynamoDbKeyStore.class,
                  Lease.class,
                  TransactWriteItem.class);
      Operation<String> booking =
          idempotency.operation("book", Codec.text(), OperationPolicy.rerun());

      assertThat(book.invoke(null, DynamoDb.client(), store, claim(booking, "first"), seat()))
          .isEqualTo(new Outcome.Executed<>("booked", true));
      AtomicInteger runs = new AtomicInteger();
      assertThat(Rows.execute(booking, "first", runs)).isInstanceOf(Outcome.Replayed.class);

      assertThatThrownBy(
              () -> book.invoke(null, DynamoDb.client(), store, claim(booking, "second"), seat()))
          .as("the seat is taken")
          .hasCauseInstanceOf(TransactionCanceledException.class);
      assertThat(runs).hasValue(0);
      assertThat(Rows.execute(booking, "second", runs))
          .as("released at once")
          .isInstanceOf(Outcome.Executed.class);
    }
  }

  private static Lease<String> claim(Operation<String> booking, String key) {
    return ((Claim.Granted<String>)
            booking.claim(booking.key(Scope.single(), key), Fingerprint.none()))
        .lease();
  }

  private static TransactWriteItem seat() {
    return TransactWriteItem.builder()
        .put(
            put ->
                put.tableName(TABLE)
                    .item(Map.of("pk", AttributeValue.fromS("seat 7")))
                    .conditionExpression("attribute_not_exists(pk)"))
        .build();
  }

  private static void compile(Path directory, String source) throws IOException {
    Path file = Files.writeString(directory.resolve("Readme.java"), source);
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-Xlint:all",
                "-cp",
                System.getProperty("java.class.path")
                    + File.pathSeparator
                    + System.getProperty("jdk.module.path", ""),
                "-d",
                directory.toString(),
                file.toString());
    assertThat(failed).isZero();
  }
}
