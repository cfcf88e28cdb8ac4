/** Idempotent routes of Vert.x: the handler to copy, and a small service that has it. */
@NullMarked
package io.idem4j.examples.vertx;

import org.jspecify.annotations.NullMarked;
