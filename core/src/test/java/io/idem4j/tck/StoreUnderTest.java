package io.idem4j.tck;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the store and the backend that a test class runs against, as a table of results shows them:
 * {@code "JDBC, PostgreSQL"}.
 */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface StoreUnderTest {
  /** Returns the name. */
  String value();
}
