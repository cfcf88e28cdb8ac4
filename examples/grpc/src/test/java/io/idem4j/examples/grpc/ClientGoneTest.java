package io.idem4j.examples.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.stub.ServerCallStreamObserver;
import io.idem4j.OperationPolicy;
import io.idem4j.examples.grpc.Fixture.Seen;
import io.idem4j.examples.grpc.Fixture.Started;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that go, and threads that must not wait. */
@Timeout(60)
final class ClientGoneTest {
  private static final OperationPolicy RERUN = OperationPolicy.rerun();

  @Test
  void row17_row26_clientCancels_theHandlerGoesOnAndItsAnswerIsReplayed() throws Exception {
    assertThat(goneWhileTheHandlerRuns(null)).isEqualTo(Code.CANCELLED);
  }

  @Test
  void row17_row26_deadlineExceeded_theHandlerGoesOnAndItsAnswerIsReplayed() throws Exception {
    assertThat(goneWhileTheHandlerRuns(Duration.ofMillis(250))).isEqualTo(Code.DEADLINE_EXCEEDED);
  }

  /** With a deadline, or with a client that cancels. */
  private static Code goneWhileTheHandlerRuns(Duration deadline) throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      var started = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      var cancelledInHandler = new AtomicReference<Boolean>();
      var deadlineInHandler = new AtomicReference<Deadline>();
      fixture.handler =
          (request, response) -> {
            var call = (ServerCallStreamObserver<String>) response;
            started.countDown();
            Fixture.await(go);
            cancelledInHandler.set(call.isCancelled() || Context.current().isCancelled());
            deadlineInHandler.set(Context.current().getDeadline());
            Fixture.await(go);
            response.onNext("order " + fixture.effects.incrementAndGet());
            response.onCompleted();
          };
      Started first = startHandler(fixture, deadline, started);
      if (deadline == null) {
        first.call().cancel("the client goes", null);
      }
      Seen gone = Fixture.seen(first.seen());
      go.countDown();
      Seen retry = fixture.retry("a", "k1", "tea");
      assertThat(cancelledInHandler).hasValue(false);
      assertThat(deadlineInHandler).hasValue(null);
      assertThat(retry.text()).isEqualTo("order 1");
      assertThat(retry.isReplay()).isTrue();
      assertThat(fixture.effects).hasValue(1);
      return gone.code();
    }
  }

  /** A deadline that passes before the handler begins is tried again, with twice the time. */
  private static Started startHandler(Fixture fixture, Duration deadline, CountDownLatch started)
      throws Exception {
    CallOptions options = CallOptions.DEFAULT;
    while (true) {
      if (deadline != null) {
        deadline = deadline.multipliedBy(2);
        options = CallOptions.DEFAULT.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
      }
      Started call = fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), options, "tea");
      while (!call.seen().isDone() && started.getCount() > 0) {
        sleep();
      }
      if (started.getCount() == 0) {
        return call;
      }
      assertThat(Fixture.seen(call.seen()).code()).isEqualTo(Code.DEADLINE_EXCEEDED);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(25);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void handlersThatListenForTheEnd_areTold() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      var closed = new CountDownLatch(1);
      fixture.handler =
          (request, response) -> {
            ((ServerCallStreamObserver<String>) response).setOnCloseHandler(closed::countDown);
            response.onNext("order");
            response.onCompleted();
          };
      fixture.call("a", "k1", "tea");
      Fixture.await(closed);
    }
  }

  @Test
  void handlersThatEndWhenTheirClientIsGone_areNotTold() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      var started = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      fixture.handler =
          (request, response) -> {
            var call = (ServerCallStreamObserver<String>) response;
            call.setOnCancelHandler(() -> response.onError(Status.CANCELLED.asRuntimeException()));
            int order = fixture.effects.incrementAndGet();
            fixture.executor.execute(
                () -> {
                  Fixture.await(go);
                  if (!call.isCancelled()) {
                    response.onNext("order " + order);
                    response.onCompleted();
                  }
                });
            started.countDown();
          };
      Started first =
          fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea");
      Fixture.await(started);
      first.call().cancel("the client goes", null);
      Fixture.seen(first.seen());
      assertThat(fixture.call("a", "k1", "tea").error()).isEqualTo("in-flight");
      go.countDown();
      Seen retry = fixture.retry("a", "k1", "tea");
      assertThat(retry.text()).isEqualTo("order 1");
      assertThat(retry.isReplay()).isTrue();
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @Test
  void clientGoneBeforeItsTurn_claimsAndRunsNothing() throws Exception {
    var seenByServer = new AtomicReference<ServerCall<?, ?>>();
    ServerInterceptor watching =
        new ServerInterceptor() {
          @Override
          public <Q, R> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            seenByServer.set(call);
            return next.startCall(call, headers);
          }
        };
    Fixture.Serving serving =
        (server, calls, service) -> {
          server.intercept(watching);
          Fixture.usual(server, calls, service);
        };
    try (Fixture fixture = new Fixture(RERUN, idempotency -> idempotency, serving)) {
      var blocked = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      fixture.beforeTask =
          () -> {
            blocked.countDown();
            Fixture.await(go);
          };
      Started first =
          fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea");
      Fixture.await(blocked);
      first.call().cancel("the client goes", null);
      for (int time = 0; time < 400 && !seenByServer.get().isCancelled(); time++) {
        sleep();
      }
      fixture.beforeTask = () -> {};
      go.countDown();
      fixture.executor.shutdown();
      assertThat(fixture.executor.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
      assertThat(fixture.store.threads).isEmpty();
      assertThat(fixture.effects).hasValue(0);
    }
  }

  @Test
  void eventLoop_neverWaitsForTheStore() throws Exception {
    var loop = new MultiThreadIoEventLoopGroup(2, Fixture.named("loop"), NioIoHandler.newFactory());
    try {
      Fixture.Serving onTheLoop =
          (server, calls, service) -> {
            NettyServerBuilder unused =
                server
                    .directExecutor()
                    .channelType(NioServerSocketChannel.class)
                    .bossEventLoopGroup(loop)
                    .workerEventLoopGroup(loop);
            Fixture.usual(server, calls, service);
          };
      try (Fixture fixture = new Fixture(RERUN, idempotency -> idempotency, onTheLoop)) {
        var answeredBy = new AtomicReference<String>();
        fixture.handler =
            (request, response) ->
                loop.next()
                    .execute(
                        () -> {
                          answeredBy.set(Thread.currentThread().getName());
                          response.onNext("order " + fixture.effects.incrementAndGet());
                          response.onCompleted();
                        });
        Seen first = fixture.call("a", "k1", "tea");
        Seen retry = fixture.call("a", "k1", "tea");
        assertThat(retry.hasEqualAnswer(first)).isTrue();
        assertThat(retry.isReplay()).isTrue();
        assertThat(answeredBy.get()).startsWith("loop");
        assertThat(fixture.store.threads)
            .hasSize(3)
            .allMatch(name -> name.startsWith("calls"), "a thread of the executor");
      }
    } finally {
      var unused = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }
}
