package io.idem4j.jmh;

import java.util.Optional;

/**
 * Makes another library's way of running an operation once per key. Those that the benchmarks bring
 * are in {@link Peers}; others are found where {@code
 * META-INF/services/io.idem4j.jmh.ContenderProvider} names them.
 */
public interface ContenderProvider {
  /** Returns the name by which {@code -p by=…} finds it. */
  String contenderName();

  /**
   * Makes it on what a store was opened on, with nothing in it.
   *
   * @return nothing if this library has no store of this kind
   * @throws Exception if it cannot be made; the trial fails with it
   */
  Optional<Contender> on(OpenedStore opened) throws Exception;
}
