/** What every framework's example must do, as tests over a socket. */
@NullMarked
package io.idem4j.examples.contract;

import org.jspecify.annotations.NullMarked;
