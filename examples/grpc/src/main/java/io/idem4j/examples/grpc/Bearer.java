package io.idem4j.examples.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stands for an authentication: whoever sends {@code authorization: Bearer NAME} is NAME. It must
 * run before {@link IdempotentCalls}; where it does not, calls are refused as of nobody.
 */
public final class Bearer implements ServerInterceptor {
  /** Who calls. */
  public static final Context.Key<String> CALLER = Context.key("caller");

  /** Where the caller says who it is. */
  public static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final Pattern NAME = Pattern.compile("Bearer ([!-~]{1,100})");

  /** Makes the interceptor. */
  public Bearer() {}

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String authorization = headers.get(AUTHORIZATION);
    Matcher name = NAME.matcher(authorization == null ? "" : authorization);
    if (!name.matches()) {
      call.close(Status.UNAUTHENTICATED.withDescription("who calls?"), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    Context context = Context.current().withValue(CALLER, name.group(1));
    return Contexts.interceptCall(context, call, headers, next);
  }
}
