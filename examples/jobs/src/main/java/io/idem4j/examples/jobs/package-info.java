/** A job runner that retries, and sometimes runs a job twice in parallel, over db-scheduler. */
@NullMarked
package io.idem4j.examples.jobs;

import org.jspecify.annotations.NullMarked;
