package io.idem4j.tck;

import io.idem4j.spi.KeyStore;
import java.util.List;

/**
 * Opens a store in a {@link Worker}. The class has a constructor without parameters that the worker
 * may call.
 */
@FunctionalInterface
public interface WorkerStore {
  /**
   * Opens the store. What it needs closing is closed by the end of the process.
   *
   * @param arguments as they were given to {@link Worker.Plan}
   */
  KeyStore open(List<String> arguments) throws Exception;
}
