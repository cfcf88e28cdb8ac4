package io.idem4j.examples.springboot;

import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.examples.servlet.BearerAuthentication;
import io.idem4j.examples.servlet.IdempotencyFilter;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.KeyRequirement;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyStore;
import jakarta.servlet.DispatcherType;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.tomcat.TomcatContextCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * The filter and what it needs, as beans. Boot's own filters come first, then the application's
 * authentication (with Spring Security: its chain, at -100), then this one. Boot's {@code
 * FormContentFilter} reads the forms of PUT, PATCH and DELETE before; where these are protected,
 * set {@code spring.mvc.formcontent.filter.enabled} to {@code false}.
 */
@Configuration(proxyBeanMethods = false)
class IdempotencyConfiguration {
  private static final int AUTHENTICATION = 0;
  private static final int IDEMPOTENCY = 100;

  @Bean
  KeyStore keyStore() {
    return new MemoryKeyStore(100_000);
  }

  /** Closed with the context, after the web server has ended its requests. */
  @Bean
  Idempotency idempotency(KeyStore store) {
    return Idempotency.builder(store).build();
  }

  @Bean
  HttpIdempotency httpIdempotency(Idempotency idempotency) {
    return HttpIdempotency.of(idempotency);
  }

  @Bean
  HttpPolicy keyOptional() {
    return HttpPolicy.of(OperationPolicy.rerun());
  }

  @Bean
  HttpPolicy keyRequired() {
    return keyOptional().withKeyRequirement(KeyRequirement.REQUIRED);
  }

  @Bean
  IdempotentEndpoints idempotentEndpoints(
      @Qualifier("requestMappingHandlerMapping") RequestMappingHandlerMapping mapping,
      HttpIdempotency http,
      BeanFactory beans) {
    return new IdempotentEndpoints(mapping, http, beans);
  }

  @Bean
  FilterRegistrationBean<BearerAuthentication> authentication() {
    var registration = new FilterRegistrationBean<>(new BearerAuthentication());
    registration.setOrder(AUTHENTICATION);
    return registration;
  }

  @Bean
  FilterRegistrationBean<IdempotencyFilter> idempotencyFilter(IdempotentEndpoints endpoints) {
    var filter =
        new IdempotencyFilter(
            endpoints::of, request -> Scope.of(request.getUserPrincipal().getName()));
    var registration = new FilterRegistrationBean<>(filter);
    registration.setOrder(IDEMPOTENCY);
    // A controller that is not annotated may forward to one that is.
    registration.setDispatcherTypes(DispatcherType.REQUEST, DispatcherType.FORWARD);
    return registration;
  }

  /** Otherwise a forward ends the response under the filter's hands. */
  @Bean
  TomcatContextCustomizer forwardsKeepTheResponse() {
    return context -> context.setSuspendWrappedResponseAfterForward(false);
  }
}
