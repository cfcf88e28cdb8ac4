/**
 * The servlet filter in Spring Boot, and an annotation that names the policy of an endpoint. To
 * copy: {@link io.idem4j.examples.springboot.Idempotent}, {@link
 * io.idem4j.examples.springboot.IdempotentEndpoints} and the beans of {@link
 * io.idem4j.examples.springboot.IdempotencyConfiguration}.
 */
@NullMarked
package io.idem4j.examples.springboot;

import org.jspecify.annotations.NullMarked;
