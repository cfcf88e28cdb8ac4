/** A store of idempotency records in Redis. */
@NullMarked
package io.idem4j.redis;

import org.jspecify.annotations.NullMarked;
