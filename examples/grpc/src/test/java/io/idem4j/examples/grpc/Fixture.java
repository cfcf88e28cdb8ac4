package io.idem4j.examples.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.ServerCalls.UnaryMethod;
import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A service on a port of the loopback interface, whose handler each test gives, and a client. */
final class Fixture implements AutoCloseable {
  final ObservedStore store = new ObservedStore();
  final Idempotency idempotency;
  final ExecutorService executor = Executors.newCachedThreadPool(named("calls"));
  final AtomicInteger effects = new AtomicInteger();
  final ManagedChannel channel;
  volatile UnaryMethod<String, String> handler =
      (request, response) -> {
        response.onNext("order " + effects.incrementAndGet() + ": " + request);
        response.onCompleted();
      };

  volatile Runnable beforeTask = () -> {};
  private final Server server;

  /** What a client saw. */
  @SuppressWarnings("ArrayRecordComponent") // compared by hasEqualAnswer
  record Seen(Status status, Metadata headers, byte[] message, Metadata trailers) {
    String text() {
      return message == null ? null : new String(message, StandardCharsets.UTF_8);
    }

    Status.Code code() {
      return status.getCode();
    }

    String error() {
      return trailers.get(Refusal.ERROR);
    }

    boolean isReplay() {
      return "true".equals(headers.get(IdempotentCalls.REPLAYED))
          || "true".equals(trailers.get(IdempotentCalls.REPLAYED));
    }

    boolean hasEqualAnswer(Seen other) {
      return code() == other.code()
          && String.valueOf(status.getDescription())
              .equals(String.valueOf(other.status.getDescription()))
          && Arrays.equals(message, other.message);
    }
  }

  Fixture(OperationPolicy policy) throws Exception {
    this(policy, idempotency -> idempotency, Fixture::usual);
  }

  Fixture(OperationPolicy policy, UnaryOperator<Idempotency.Builder> building, Serving serving)
      throws Exception {
    idempotency = building.apply(Idempotency.builder(store)).build();
    IdempotentCalls calls =
        IdempotentCalls.builder(idempotency, Bearer.CALLER, this::execute)
            .protect(Orders.CREATE, policy)
            .build();
    var builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    serving.add(builder, calls, service());
    server = builder.build().start();
    channel = channelBuilder().build();
  }

  private void execute(Runnable task) {
    executor.execute(
        () -> {
          beforeTask.run();
          task.run();
        });
  }

  /** How the service is put together. */
  interface Serving {
    void add(NettyServerBuilder server, IdempotentCalls calls, ServerServiceDefinition service)
        throws Exception;
  }

  static void usual(
      NettyServerBuilder server, IdempotentCalls calls, ServerServiceDefinition service) {
    server.intercept(new Bearer()).addService(calls.around(service));
  }

  NettyChannelBuilder channelBuilder() {
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()))
        .usePlaintext();
  }

  private ServerServiceDefinition service() {
    return ServerServiceDefinition.builder("orders.Orders")
        .addMethod(
            Orders.CREATE,
            ServerCalls.asyncUnaryCall((request, response) -> handler.invoke(request, response)))
        .addMethod(
            Orders.COUNT,
            ServerCalls.asyncUnaryCall(
                (request, response) -> {
                  response.onNext(Integer.toString(effects.incrementAndGet()));
                  response.onCompleted();
                }))
        .addMethod(
            Orders.WATCH,
            ServerCalls.asyncServerStreamingCall(
                (request, response) -> {
                  response.onNext("1");
                  response.onNext("2");
                  response.onCompleted();
                }))
        .build();
  }

  static ThreadFactory named(String name) {
    var number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  static Metadata metadata(String caller, String... keys) {
    Metadata metadata = new Metadata();
    if (caller != null) {
      metadata.put(Bearer.AUTHORIZATION, "Bearer " + caller);
    }
    for (String key : keys) {
      metadata.put(IdempotentCalls.KEY, key);
    }
    return metadata;
  }

  Seen call(String caller, String key, String request) throws Exception {
    return seen(start(Orders.CREATE, metadata(caller, key), CallOptions.DEFAULT, request).seen());
  }

  /** Repeats a call for as long as its first is under way. */
  Seen retry(String caller, String key, String request) throws Exception {
    Seen seen = call(caller, key, request);
    for (int time = 0; time < 200 && "in-flight".equals(seen.error()); time++) {
      Thread.sleep(50);
      seen = call(caller, key, request);
    }
    return seen;
  }

  static Seen seen(CompletableFuture<Seen> seen) throws Exception {
    return seen.get(20, TimeUnit.SECONDS);
  }

  /** A call under way. */
  record Started(ClientCall<byte[], byte[]> call, CompletableFuture<Seen> seen) {}

  Started start(
      MethodDescriptor<?, ?> method, Metadata metadata, CallOptions options, String... requests) {
    return start(
        channel, method.getType(), method.getFullMethodName(), metadata, options, requests);
  }

  /** Sends bytes and takes bytes, so that what is compared is what was on the line. */
  static Started start(
      ManagedChannel channel,
      MethodType type,
      String method,
      Metadata metadata,
      CallOptions options,
      String... requests) {
    MethodDescriptor<byte[], byte[]> raw =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(type)
            .setFullMethodName(method)
            .setRequestMarshaller(Bytes.INSTANCE)
            .setResponseMarshaller(Bytes.INSTANCE)
            .build();
    ClientCall<byte[], byte[]> call = channel.newCall(raw, options);
    CompletableFuture<Seen> seen = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          private Metadata headers = new Metadata();
          private byte[] message;

          @Override
          public void onHeaders(Metadata headers) {
            this.headers = headers;
          }

          @Override
          public void onMessage(byte[] message) {
            this.message = message;
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            seen.complete(new Seen(status, headers, message, trailers));
          }
        },
        metadata);
    call.request(Integer.MAX_VALUE);
    for (String request : List.of(requests)) {
      call.sendMessage(request.getBytes(StandardCharsets.UTF_8));
    }
    call.halfClose();
    return new Started(call, seen);
  }

  static void await(CountDownLatch latch) {
    try {
      if (!latch.await(20, TimeUnit.SECONDS)) {
        throw new AssertionError("nothing came");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
    idempotency.close();
    executor.shutdownNow();
  }
}
