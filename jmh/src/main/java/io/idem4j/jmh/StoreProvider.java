package io.idem4j.jmh;

/**
 * Opens a store of which the benchmarks are to be run. Those of this project are in {@link
 * StoreType}. To measure another one put it on the class path, named in {@code
 * META-INF/services/io.idem4j.jmh.StoreProvider}, and give its name:
 *
 * <pre>java -cp benchmarks.jar:mine.jar io.idem4j.jmh.Benchmarks -p store=mine CallBenchmark</pre>
 */
public interface StoreProvider {
  /** Returns the name by which {@code -p store=…} finds it. */
  String storeName();

  /**
   * Opens it for one trial, with nothing in it.
   *
   * @throws Exception if it cannot be reached; the trial fails with it
   */
  OpenedStore open() throws Exception;
}
