/** Messages that take effect once, however often the broker delivers them. */
@NullMarked
package io.idem4j.examples.messages;

import org.jspecify.annotations.NullMarked;
