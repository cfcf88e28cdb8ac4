/** Idempotent resource methods of JAX-RS: the feature to copy, and a small service that has it. */
@NullMarked
package io.idem4j.examples.jaxrs;

import org.jspecify.annotations.NullMarked;
