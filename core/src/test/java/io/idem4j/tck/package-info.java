/**
 * The contract suite: what every {@link io.idem4j.spi.KeyStore} must do, as tests to extend. It
 * comes as core's test-jar, which carries no dependencies: add JUnit Jupiter, jqwik and AssertJ
 * yourself.
 *
 * <p>A store's author writes two classes and one {@link io.idem4j.tck.KeyStoreSubject}:
 *
 * <pre>{@code
 * final class MyStoreTest extends KeyStoreContract {            // the rules S1 to S12, by number
 *   @Override
 *   protected KeyStoreSubject newSubject() {
 *     return new MySubject();
 *   }
 * }
 *
 * final class MyStorePropertiesTest extends KeyStoreProperties { // random calls against a model
 *   @Override
 *   protected KeyStoreSubject newSubject() {
 *     return new MySubject();
 *   }
 * }
 *
 * final class MySubject implements KeyStoreSubject {
 *   private final MyStore store = new MyStore(Backend.url());
 *   private final MyStore second = new MyStore(Backend.url());  // as another process would make it
 *
 *   public KeyStore store() {
 *     return store;
 *   }
 *
 *   public KeyStore secondInstance() {
 *     return second;
 *   }
 *
 *   public Optional<KeyStore> unreachable() {
 *     return Optional.of(new MyStore("localhost:1"));
 *   }
 * }
 * }</pre>
 *
 * <p>Each further ability that the subject has turns skipped tests into run ones: {@link
 * io.idem4j.tck.KeyStoreSubject#damages() damages} most of all. What the suite cannot see from
 * outside is left to the store's own tests: what happens to a call whose connection is cut half-way
 * (UNKNOWN, and the connection closed: S7, S12), reads from a replica (S1), processes that are
 * killed or stopped half-way (S9), the number of round trips, and whether a background deletion
 * ever runs. {@link io.idem4j.tck.FaultyKeyStore}, {@link io.idem4j.tck.History}, {@link
 * io.idem4j.tck.Together} and {@link io.idem4j.tck.Samples} help with those.
 */
package io.idem4j.tck;
