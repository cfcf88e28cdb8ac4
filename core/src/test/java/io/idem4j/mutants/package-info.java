/**
 * Proof that the tests of the engine find what they look for: core with one guard taken out at a
 * time, each killed by a test with a name. Core itself knows nothing of it.
 */
package io.idem4j.mutants;
