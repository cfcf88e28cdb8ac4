/** The API: what an application calls to make an operation take effect once per key. */
@NullMarked
package io.idem4j;

import org.jspecify.annotations.NullMarked;
