package io.idem4j.examples.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status.Code;
import io.idem4j.OperationPolicy;
import io.idem4j.examples.grpc.Fixture.Seen;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before the store is asked, and what runs before what. */
@Timeout(60)
final class KeysTest {
  private static final OperationPolicy RERUN = OperationPolicy.rerun();

  /** Counts the calls that come by. */
  private static final class Counting implements ServerInterceptor {
    private final AtomicInteger calls = new AtomicInteger();

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      calls.incrementAndGet();
      return next.startCall(call, headers);
    }
  }

  private static void assertRefused(Fixture fixture, Metadata metadata, Code code, String error)
      throws Exception {
    Seen seen =
        Fixture.seen(fixture.start(Orders.CREATE, metadata, CallOptions.DEFAULT, "tea").seen());
    assertThat(seen.code()).isEqualTo(code);
    assertThat(seen.error()).isEqualTo(error);
    assertThat(fixture.effects).hasValue(0);
    assertThat(fixture.store.threads).isEmpty();
  }

  @Test
  void h24_noKey_isRefused() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      assertRefused(fixture, Fixture.metadata("a"), Code.INVALID_ARGUMENT, "key-missing");
    }
  }

  @Test
  void h04_severalKeys_areRefused() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      for (String second : new String[] {"k2", "k1"}) {
        assertRefused(
            fixture, Fixture.metadata("a", "k1", second), Code.INVALID_ARGUMENT, "key-malformed");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "k1,k2", "secret key", ",", "SECRET-KEY,"})
  void h34_malformedKey_isRefusedBeforeTheStoreIsAskedAndNotRepeated(String key) throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      Metadata metadata = Fixture.metadata("a", key);
      assertRefused(fixture, metadata, Code.INVALID_ARGUMENT, "key-malformed");
      Seen seen =
          Fixture.seen(fixture.start(Orders.CREATE, metadata, CallOptions.DEFAULT, "tea").seen());
      assertThat(seen.status().getDescription() + seen.trailers())
          .doesNotContainIgnoringCase("secret")
          .doesNotContain("k2");
    }
  }

  @Test
  void h09_longestKey_isTakenAndALongerOneRefused() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      Metadata metadata = Fixture.metadata("a", "k".repeat(256));
      assertRefused(fixture, metadata, Code.INVALID_ARGUMENT, "key-malformed");
      assertThat(fixture.call("a", "k".repeat(255), "tea").code()).isEqualTo(Code.OK);
      assertThat(fixture.call("a", "!", "tea").text()).isEqualTo("order 2: tea");
      assertThat(fixture.call("a", "~", "tea").text()).isEqualTo("order 3: tea");
    }
  }

  @Test
  void h06_keysDifferByCase() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.call("a", "key", "tea");
      assertThat(fixture.call("a", "KEY", "tea").text()).isEqualTo("order 2: tea");
    }
  }

  @Test
  void row28_callerNotAuthenticated_isRefusedByTheAuthenticationAndHasNoSayOnKeys()
      throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      assertRefused(fixture, Fixture.metadata(null, "k1"), Code.UNAUTHENTICATED, null);
      assertRefused(fixture, Fixture.metadata(null), Code.UNAUTHENTICATED, null);
    }
  }

  @Test
  void row28_authenticationAfterTheLayer_refusesEveryCallRatherThanMixCallers() throws Exception {
    Fixture.Serving inverted =
        (server, calls, service) ->
            server.addService(calls.around(ServerInterceptors.intercept(service, new Bearer())));
    try (Fixture fixture = new Fixture(RERUN, idempotency -> idempotency, inverted)) {
      assertRefused(fixture, Fixture.metadata("a", "k1"), Code.UNAUTHENTICATED, "caller-unknown");
    }
  }

  @Test
  void row28_interceptorsOutsideSeeEachCallAndThoseInsideTheFirstAlone() throws Exception {
    var outside = new Counting();
    var inside = new Counting();
    Fixture.Serving serving =
        (server, calls, service) ->
            server
                .intercept(outside)
                .intercept(new Bearer())
                .addService(calls.around(ServerInterceptors.intercept(service, inside)));
    try (Fixture fixture = new Fixture(RERUN, idempotency -> idempotency, serving)) {
      for (int time = 0; time < 3; time++) {
        fixture.call("a", "k1", "tea");
      }
      assertThat(outside.calls).hasValue(3);
      assertThat(inside.calls).hasValue(1);
    }
  }

  @Test
  void requestOverTheServersLimit_isTheTransportsToRefuseAndClaimsNothing() throws Exception {
    Fixture.Serving small =
        (server, calls, service) -> {
          server.maxInboundMessageSize(1000);
          Fixture.usual(server, calls, service);
        };
    try (Fixture fixture = new Fixture(RERUN, idempotency -> idempotency, small)) {
      Seen seen = fixture.call("a", "k1", "x".repeat(1001));
      assertThat(seen.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
      assertThat(fixture.store.threads).isEmpty();
      assertThat(fixture.call("a", "k1", "x".repeat(1000)).code()).isEqualTo(Code.OK);
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3})
  void callThatIsNotUnary_isRefusedBeforeTheStoreIsAsked(int messages) throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      String[] requests = new String[messages];
      Arrays.fill(requests, "tea");
      Seen seen =
          Fixture.seen(
              Fixture.start(
                      fixture.channel,
                      MethodType.CLIENT_STREAMING,
                      Orders.CREATE.getFullMethodName(),
                      Fixture.metadata("a", "k1"),
                      CallOptions.DEFAULT,
                      requests)
                  .seen());
      // The transport itself cancels one with several messages.
      assertThat(seen.code()).isEqualTo(messages == 0 ? Code.INTERNAL : Code.CANCELLED);
      assertThat(fixture.effects).hasValue(0);
      assertThat(fixture.store.threads).isEmpty();
    }
  }
}
