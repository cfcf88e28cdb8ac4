/**
 * Idempotency over HTTP, free of any framework. So far the syntax of the {@code Idempotency-Key}
 * field alone: what a client sent becomes the value of a key, or is refused.
 */
@NullMarked
package io.idem4j.http;

import org.jspecify.annotations.NullMarked;
