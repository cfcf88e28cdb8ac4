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
 * io.idem4j.tck.KeyStoreSubject#damages() damages} most of all.
 *
 * <p>A store that reaches its backend over TCP has a third class to write, and a {@link
 * io.idem4j.tck.FaultSubject}: {@link io.idem4j.tck.KeyStoreFaults} makes every call under every
 * fault of the network, behind the real driver, and the whole engine under random ones. {@link
 * io.idem4j.tck.FaultProxy} alone serves tests of one's own.
 *
 * <p>What the suite cannot see from outside is left to the store's own tests: reads from a replica
 * (S1), processes and servers that are killed or stopped half-way (S9), the number of round trips,
 * and whether a background deletion ever runs. {@link io.idem4j.tck.FaultyKeyStore}, {@link
 * io.idem4j.tck.History}, {@link io.idem4j.tck.Together} and {@link io.idem4j.tck.Samples} help
 * with those. {@link io.idem4j.tck.MatrixPage} makes a table of what ran on which {@link
 * io.idem4j.tck.StoreUnderTest}.
 */
package io.idem4j.tck;
