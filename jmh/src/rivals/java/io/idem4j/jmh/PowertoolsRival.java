package io.idem4j.jmh;

import com.amazonaws.services.lambda.runtime.Context;
import java.lang.reflect.Proxy;
import java.util.Optional;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.lambda.powertools.idempotency.Idempotency;
import software.amazon.lambda.powertools.idempotency.PowertoolsIdempotency;
import software.amazon.lambda.powertools.idempotency.persistence.dynamodb.DynamoDBPersistenceStore;

/**
 * Powertools for AWS Lambda (Java) on DynamoDB, by its functional interface and with its defaults:
 * no check of the payload, no local cache, the answer as JSON. Its configuration is one for the
 * process.
 */
public final class PowertoolsRival implements ContenderProvider {
  private static final int REMAINING_MILLIS = 30_000;

  @Override
  public String contenderName() {
    return "powertools";
  }

  @Override
  public Optional<Contender> on(OpenedStore opened) {
    return opened.resource(DynamoDbClient.class).map(OnDynamoDb::new);
  }

  private static final class OnDynamoDb implements Keys {
    private final OwnTable table;

    /** What Lambda hands to each invocation: of its methods only the remaining time is asked. */
    private final Context invocation =
        (Context)
            Proxy.newProxyInstance(
                Context.class.getClassLoader(),
                new Class<?>[] {Context.class},
                (proxy, method, arguments) ->
                    method.getReturnType() == int.class ? REMAINING_MILLIS : null);

    OnDynamoDb(DynamoDbClient client) {
      this.table = OwnTable.create(client, "id");
      Idempotency.config()
          .withPersistenceStore(
              DynamoDBPersistenceStore.builder()
                  .withTableName(table.name())
                  .withDynamoDbClient(client)
                  .build())
          .configure();
    }

    @Override
    public Object first(Object prepared, byte[] answer) {
      byte[] got = charge(prepared, answer);
      // A recorded answer would be a copy.
      Keys.require(got == answer);
      return got;
    }

    @Override
    public Object replay(Object prepared) {
      Idempotency.registerLambdaContext(invocation);
      return PowertoolsIdempotency.makeIdempotent(
          "charge", prepared, PowertoolsRival::mustNotRun, byte[].class);
    }

    private byte[] charge(Object prepared, byte[] answer) {
      Idempotency.registerLambdaContext(invocation);
      return PowertoolsIdempotency.makeIdempotent("charge", prepared, () -> answer, byte[].class);
    }

    @Override
    public void close() {
      table.close();
    }
  }

  private static byte[] mustNotRun() {
    throw new IllegalStateException("run again");
  }
}
