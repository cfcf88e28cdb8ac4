/** A store that keeps its records in the memory of one process. */
@NullMarked
package io.idem4j.memory;

import org.jspecify.annotations.NullMarked;
