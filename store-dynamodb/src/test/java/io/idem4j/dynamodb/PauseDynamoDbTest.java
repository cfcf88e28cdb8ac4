package io.idem4j.dynamodb;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStorePauses;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.WorkerStore;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** Paused holders on DynamoDB. */
@StoreUnderTest("DynamoDB")
final class PauseDynamoDbTest extends KeyStorePauses {
  private final String table = DynamoDb.freshTable();

  /** Opens a store in a worker: endpoint, table. */
  static final class Opener implements WorkerStore {
    @Override
    public KeyStore open(List<String> arguments) {
      return build(DynamoDb.builder(URI.create(arguments.get(0))).build(), arguments.get(1));
    }
  }

  private static KeyStore build(DynamoDbClient client, String table) {
    // Both go by the clock of this machine.
    return DynamoDbKeyStore.builder(client)
        .table(table)
        .clockSkew(Duration.ZERO)
        .createTableIfMissing()
        .build();
  }

  @Override
  protected Class<? extends WorkerStore> opener() {
    return Opener.class;
  }

  @Override
  protected List<String> arguments() {
    return List.of(DynamoDb.endpoint().toString(), table);
  }

  @Override
  protected KeyStore store() {
    return build(DynamoDb.client(), table);
  }
}
