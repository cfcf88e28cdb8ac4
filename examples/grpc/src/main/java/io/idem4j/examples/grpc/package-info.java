/** Unary gRPC calls that run once per key, however often a client repeats them. */
@NullMarked
package io.idem4j.examples.grpc;

import org.jspecify.annotations.NullMarked;
