/**
 * A servlet filter under which a repeated request takes effect once, and a small service that uses
 * it on Jetty and on Tomcat. To copy: {@link io.idem4j.examples.servlet.IdempotencyFilter} and its
 * request, response and body.
 */
@NullMarked
package io.idem4j.examples.servlet;

import org.jspecify.annotations.NullMarked;
