/** A client that repeats a request under one key until it is answered. To be copied. */
@NullMarked
package io.idem4j.examples.client;

import org.jspecify.annotations.NullMarked;
