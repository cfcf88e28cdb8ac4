package io.idem4j.examples.springboot;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Runs requests to a controller's method once per key. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Idempotent {
  /** The explicit, stable name of the operation: a part of every key's identity. */
  String operation();

  /**
   * The name of the bean that is the endpoint's policy, an {@link io.idem4j.http.HttpPolicy}. There
   * is no default: what a repeated effect costs is known to the endpoint's author alone.
   */
  String policy();
}
