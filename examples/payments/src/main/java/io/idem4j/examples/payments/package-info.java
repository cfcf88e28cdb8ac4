/** A payment service that charges once however often a request is repeated. */
@NullMarked
package io.idem4j.examples.payments;

import org.jspecify.annotations.NullMarked;
