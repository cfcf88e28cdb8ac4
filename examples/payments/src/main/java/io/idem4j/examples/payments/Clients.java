package io.idem4j.examples.payments;

import java.net.URI;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.util.JedisURIHelper;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;

/**
 * The clients of the key stores that are no databases. Whatever they wait for together is less than
 * the 5 s that idem4j gives a store to answer.
 */
final class Clients {
  private static final int REDIS_PORT = 6379;
  private static final Pattern AWS_HOST =
      Pattern.compile("dynamodb(?:-fips)?\\.([a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?");

  private Clients() {}

  /** Makes a pool of connections; none is opened yet. */
  static RedisClient redis(URI uri) {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    // Of the service's 128 threads, few are in Redis at one time.
    pool.setMaxTotal(64);
    pool.setMaxIdle(16);
    pool.setMaxWait(Duration.ofSeconds(1));
    var config =
        DefaultJedisClientConfig.builder()
            .connectionTimeoutMillis(1_500)
            .socketTimeoutMillis(2_000)
            .user(JedisURIHelper.getUser(uri))
            .password(JedisURIHelper.getPassword(uri))
            .database(JedisURIHelper.getDBIndex(uri))
            .sslOptions(JedisURIHelper.isRedisSSLScheme(uri) ? SslOptions.defaults() : null)
            .build();
    return RedisClient.builder()
        .hostAndPort(uri.getHost(), uri.getPort() < 0 ? REDIS_PORT : uri.getPort())
        .clientConfig(config)
        .poolConfig(pool)
        .build();
  }

  /**
   * Makes a client. Behind {@code http:} is a server for tests, to which any credentials are as
   * good; behind {@code https:} is AWS, and region and credentials are found as the SDK does it.
   */
  static DynamoDbClient dynamoDb(URI endpoint) {
    DynamoDbClientBuilder client =
        DynamoDbClient.builder()
            .endpointOverride(endpoint)
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(Duration.ofMillis(1_500))
                    .socketTimeout(Duration.ofSeconds(2)))
            // idem4j sends again by itself, and knows only of what was sent once that it did not
            // arrive: so a server that is gone is told after one second instead of five.
            .overrideConfiguration(
                it ->
                    it.apiCallTimeout(Duration.ofSeconds(4))
                        .retryStrategy(DefaultRetryStrategy.doNotRetry()));
    if (endpoint.getScheme().equals("http")) {
      client
          .region(Region.US_EAST_1)
          .credentialsProvider(
              StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")));
    } else {
      Matcher host = AWS_HOST.matcher(endpoint.getHost());
      if (host.matches()) {
        client.region(Region.of(host.group(1)));
      }
    }
    return client.build();
  }
}
