package io.idem4j.examples.grpc;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import io.idem4j.memory.MemoryKeyStore;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Serves orders on a port of the loopback interface, until the process is ended. */
public final class OrdersServer {
  private OrdersServer() {}

  /**
   * Starts the server.
   *
   * @param arguments the port, 8080 if there is none; 0 for a free one, which is printed
   */
  public static void main(String[] arguments) throws Exception {
    int port = arguments.length == 0 ? 8080 : Integer.parseInt(arguments[0]);
    ExecutorService executor = Executors.newCachedThreadPool();
    Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(100_000)).build();
    IdempotentCalls calls =
        IdempotentCalls.builder(idempotency, Bearer.CALLER, executor)
            .protect(Orders.CREATE, OperationPolicy.rerun())
            .build();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .executor(executor)
            .intercept(new Bearer())
            .addService(calls.around(new Orders().bindService()))
            .build()
            .start();
    System.out.println("orders.Orders on port " + server.getPort());
    server.awaitTermination();
  }
}
