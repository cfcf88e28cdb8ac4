/** Benchmarks: what a call costs, beside the same work by hand and beside other libraries. */
@org.jspecify.annotations.NullMarked
package io.idem4j.jmh;
