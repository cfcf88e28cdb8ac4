package io.idem4j.examples.jaxrs;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Makes a resource method an operation that runs once per key. See {@link IdempotencyFeature}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Idempotent {
  /** The operation's explicit, stable name: a part of every key's identity. */
  String value();
}
