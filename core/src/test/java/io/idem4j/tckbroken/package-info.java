/**
 * Proof that the contract suite finds what it looks for: deliberately broken stores, each killed by
 * a test with a name. Not part of the test-jar.
 */
package io.idem4j.tckbroken;
