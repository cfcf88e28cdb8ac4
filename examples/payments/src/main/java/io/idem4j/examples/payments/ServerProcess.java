package io.idem4j.examples.payments;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * The process of an {@link EmbeddedServer}. It starts the server that its argument names, prints
 * where that is, and ends together with its standard input: that is closed by whoever started it,
 * or by the operating system when they are gone. So nothing is left behind by a process that was
 * killed.
 */
public final class ServerProcess {
  static final Pattern READY = Pattern.compile("ready (.+)");

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** A server that runs. */
  interface Server {
    /** Returns what {@code --store} takes behind the name and a colon. */
    String address();

    /** Ends it, with all its processes. */
    void stop() throws Exception;
  }

  private ServerProcess() {}

  /** Starts a server in {@code java.io.tmpdir}, which is deleted at the end. */
  public static void main(String[] args) throws Exception {
    CompletableFuture<Server> server = new CompletableFuture<>();
    Path directory = Path.of(System.getProperty("java.io.tmpdir"));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, directory)));
    try {
      server.complete(start(StoreOption.Kind.of(args[0]).orElseThrow()));
    } catch (Exception | LinkageError e) {
      server.completeExceptionally(e);
      e.printStackTrace();
      System.exit(1);
    }
    System.out.println("ready " + server.join().address());
    // Only now: half a server cannot be stopped.
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  /** In classes of their own: each needs libraries that are there only for its own server. */
  private static Server start(StoreOption.Kind kind) throws Exception {
    return switch (kind) {
      case POSTGRES -> PostgresServer.start();
      case MARIADB -> MariaDbServer.start(freePort());
      case REDIS -> RedisServer.start(freePort());
      case DYNAMODB -> DynamoDbServer.start(freePort());
      case H2, MEMORY -> throw new IllegalArgumentException(kind.word());
    };
  }

  private static void stop(CompletableFuture<Server> server, Path directory) {
    try {
      server.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).stop();
    } catch (ExecutionException e) {
      // It did not start, which was said.
    } catch (InterruptedException | TimeoutException e) {
      System.err.println("the server may still be there: " + e);
    } catch (Exception e) {
      System.err.println("the server may still be there: " + e);
    }
    Directories.delete(directory);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
