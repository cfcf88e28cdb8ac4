package io.idem4j.dynamodb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * One DynamoDB Local for all tests of this JVM, in memory and on loopback, started by the first
 * that asks and ended with the JVM. {@code -Didem4j.test.dynamodb=http://host:port} names a running
 * one instead.
 */
final class DynamoDb {
  private static URI endpoint;
  private static DynamoDbClient client;

  private DynamoDb() {}

  /** Returns where the server listens. */
  static synchronized URI endpoint() {
    if (endpoint == null) {
      String named = System.getProperty("idem4j.test.dynamodb", "");
      endpoint = named.isEmpty() ? start() : URI.create(named);
    }
    return endpoint;
  }

  /** Returns a client that all tests share, with the SDK's default retries. */
  static synchronized DynamoDbClient client() {
    if (client == null) {
      client = builder(endpoint()).build();
    }
    return client;
  }

  /** Returns a builder of clients of this server, with the SDK's default retries. */
  static DynamoDbClientBuilder builder() {
    return builder(endpoint());
  }

  /** Returns a builder of clients of another server, or of a proxy before this one. */
  static DynamoDbClientBuilder builder(URI endpoint) {
    return DynamoDbClient.builder()
        .endpointOverride(endpoint)
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
        // A wait without a bound fails a test; it does not hang it.
        .overrideConfiguration(o -> o.apiCallTimeout(Duration.ofSeconds(5)));
  }

  /** Returns the name of a table that does not exist. */
  static String freshTable() {
    return "t_" + UUID.randomUUID();
  }

  /** Returns a port of loopback that nobody listens to. */
  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a server in a process of its own, for tests that kill it: port, directory. */
  public static void main(String[] arguments) throws Exception {
    start(Integer.parseInt(arguments[0]), "-sharedDb", "-dbPath", arguments[1]).join();
  }

  private static DynamoDBProxyServer start(int port, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(more));
    arguments.addAll(List.of("-disableTelemetry", "-port", Integer.toString(port)));
    DynamoDBProxyServer server =
        ServerRunner.createServerFromCommandLineArgs(arguments.toArray(String[]::new));
    bindToLoopback(server);
    server.start();
    return server;
  }

  private static URI start() {
    int port = freePort();
    try {
      DynamoDBProxyServer server = start(port, "-inMemory");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
      return URI.create("http://127.0.0.1:" + port);
    } catch (Exception e) {
      throw new IllegalStateException("DynamoDB Local does not start", e);
    }
  }

  /** The server has no option for it, and would listen on all interfaces. */
  private static void bindToLoopback(DynamoDBProxyServer server)
      throws ReflectiveOperationException {
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    for (Connector connector : ((Server) field.get(server)).getConnectors()) {
      ((ServerConnector) connector).setHost(InetAddress.getLoopbackAddress().getHostAddress());
    }
  }

  private static void stop(DynamoDBProxyServer server) {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
