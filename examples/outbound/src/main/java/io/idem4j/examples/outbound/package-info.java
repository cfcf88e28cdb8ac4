/** Calls to third parties that take effect once, by what the third party can do. */
@NullMarked
package io.idem4j.examples.outbound;

import org.jspecify.annotations.NullMarked;
