/** The store SPI: what a store implements to keep claims and results. */
@NullMarked
package io.idem4j.spi;

import org.jspecify.annotations.NullMarked;
