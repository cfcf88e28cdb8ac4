package io.idem4j.dynamodb;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;
import io.idem4j.tck.StoreUnderTest;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** DynamoDB behind the SDK and its retries as they come, but for a short timeout of an attempt. */
@StoreUnderTest("DynamoDB")
final class DynamoDbFaultsTest extends KeyStoreFaults {
  private static final Duration ATTEMPT_TIMEOUT = Duration.ofMillis(300);

  @Override
  protected FaultSubject newSubject() {
    return new Subject();
  }

  private static final class Subject implements FaultSubject {
    private final String table = DynamoDb.freshTable();
    private final KeyStore direct = build(DynamoDb.client());

    private DynamoDbKeyStore build(DynamoDbClient client) {
      // Both go by the clock of this machine.
      return DynamoDbKeyStore.builder(client)
          .table(table)
          .clockSkew(Duration.ZERO)
          .createTableIfMissing()
          .build();
    }

    @Override
    public InetSocketAddress server() {
      URI endpoint = DynamoDb.endpoint();
      return new InetSocketAddress(endpoint.getHost(), endpoint.getPort());
    }

    @Override
    public Proxied open(int port, int connections) {
      DynamoDbClient proxied =
          DynamoDb.builder(URI.create("http://localhost:" + port))
              .overrideConfiguration(o -> o.apiCallAttemptTimeout(ATTEMPT_TIMEOUT))
              .build();
      return new Proxied(build(proxied), proxied::close);
    }

    @Override
    public boolean driverResends() {
      return true;
    }

    @Override
    public KeyStore direct() {
      return direct;
    }
  }
}
