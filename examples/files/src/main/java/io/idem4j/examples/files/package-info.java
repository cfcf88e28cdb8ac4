/** A store on a directory of files: an example of a store of one's own. */
@NullMarked
package io.idem4j.examples.files;

import org.jspecify.annotations.NullMarked;
