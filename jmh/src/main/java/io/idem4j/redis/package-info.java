/** What the benchmarks need of the Redis store itself: its own scripts, sent by hand. */
@org.jspecify.annotations.NullMarked
package io.idem4j.redis;
