package io.idem4j.dynamodb;

import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpRequest;

/** Leads the requests of a client elsewhere, from some moment on. */
final class Detour implements ExecutionInterceptor {
  private volatile URI target;

  void lay(ClientOverrideConfiguration.Builder configuration) {
    configuration.apiCallTimeout(Duration.ofMillis(300)).addExecutionInterceptor(this);
  }

  void leadTo(URI other) {
    this.target = other;
  }

  @Override
  public SdkHttpRequest modifyHttpRequest(
      Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
    URI to = target;
    return to == null
        ? context.httpRequest()
        : context.httpRequest().toBuilder().host(to.getHost()).port(to.getPort()).build();
  }
}
