package io.idem4j.examples.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A small service that makes orders. Its methods are written by hand, on text, so that it needs no
 * compiler for protobuf; generated ones are put to use in the same way, with {@code
 * OrdersGrpc.getCreateMethod()} and the generated base class.
 */
public final class Orders {
  /** Makes an order: protected. */
  public static final MethodDescriptor<String, String> CREATE =
      method("orders.Orders/Create", MethodType.UNARY);

  /** Says how many orders were made. */
  public static final MethodDescriptor<String, String> COUNT =
      method("orders.Orders/Count", MethodType.UNARY);

  /** Counts up to a number: a method that cannot be protected. */
  public static final MethodDescriptor<String, String> WATCH =
      method("orders.Orders/Watch", MethodType.SERVER_STREAMING);

  private final AtomicInteger orders = new AtomicInteger();

  /** Makes the service, without any order. */
  public Orders() {}

  private static MethodDescriptor<String, String> method(String name, MethodType type) {
    return MethodDescriptor.<String, String>newBuilder()
        .setType(type)
        .setFullMethodName(name)
        .setRequestMarshaller(Text.INSTANCE)
        .setResponseMarshaller(Text.INSTANCE)
        .build();
  }

  /** Returns how many orders were made. */
  public int count() {
    return orders.get();
  }

  /** Returns the service, as a generated base class's {@code bindService()} does. */
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder("orders.Orders")
        .addMethod(CREATE, ServerCalls.asyncUnaryCall(this::create))
        .addMethod(COUNT, ServerCalls.asyncUnaryCall(this::count))
        .addMethod(WATCH, ServerCalls.asyncServerStreamingCall(Orders::watch))
        .build();
  }

  private void create(String item, StreamObserver<String> response) {
    if (item.isBlank()) {
      response.onError(Status.INVALID_ARGUMENT.withDescription("no item").asRuntimeException());
      return;
    }
    response.onNext("order " + orders.incrementAndGet() + ": " + item);
    response.onCompleted();
  }

  private void count(String any, StreamObserver<String> response) {
    response.onNext(Integer.toString(orders.get()));
    response.onCompleted();
  }

  private static void watch(String until, StreamObserver<String> response) {
    for (int number = 1; number <= Integer.parseInt(until); number++) {
      response.onNext(Integer.toString(number));
    }
    response.onCompleted();
  }

  /** Messages of UTF-8. */
  enum Text implements MethodDescriptor.Marshaller<String> {
    INSTANCE;

    @Override
    public InputStream stream(String message) {
      return new ByteArrayInputStream(message.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      return new String(Bytes.read(stream), StandardCharsets.UTF_8);
    }
  }
}
