package io.idem4j.tck;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code matrix.txt} expects of each store, and the contract suite of all. Immutable. */
final class MatrixExpected {
  /** The random calls against the model, beside the numbered rules. */
  static final String MODEL = "sequences_ofRandomCalls_areAnsweredAsTheModelSays";

  /** The random runs of {@link KeyStoreFaults}. */
  static final String RANDOM = "randomFaults";

  /**
   * One store.
   *
   * @param parts which of the sections it has a column in
   * @param hazards the numbers that tests are to be named after
   * @param without why others have none, by number
   */
  record Store(Set<String> parts, Set<String> hazards, Map<String, String> without) {}

  private final Map<String, Store> stores;

  private MatrixExpected(Map<String, Store> stores) {
    this.stores = stores;
  }

  Map<String, Store> stores() {
    return stores;
  }

  static MatrixExpected read() {
    Map<String, Store> stores = new LinkedHashMap<>();
    Store store = null;
    for (String line : lines()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] words = line.strip().split(" ", 3);
      if (!line.startsWith(" ")) {
        store = new Store(new TreeSet<>(), new TreeSet<>(), new LinkedHashMap<>());
        stores.put(line.strip(), store);
      } else if (words[0].equals("without")) {
        store.without().put(words[1], words[2]);
      } else {
        store.parts().add(words[0]);
        Stream.of(line.strip().split(" ", -1)).skip(1).forEach(store.hazards()::add);
      }
    }
    return new MatrixExpected(stores);
  }

  /** Returns the names of the contract suite's tests. */
  static Set<String> rules() {
    return Stream.of(KeyStoreContract.class.getInterfaces())
        .flatMap(rules -> Arrays.stream(rules.getDeclaredMethods()))
        .map(Method::getName)
        .filter(name -> name.matches("s\\d\\d_.*"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns the names of the calls that faults are done to. */
  static List<String> calls() {
    return Stream.of(FaultCall.values()).map(FaultCall::toString).toList();
  }

  /** Returns the names of the faults. */
  static List<String> faults() {
    return Stream.of(NetworkFault.values()).map(NetworkFault::toString).toList();
  }

  /** Returns the names of the random runs under faults. */
  static List<String> randomRuns() {
    return Arrays.stream(KeyStoreFaults.class.getDeclaredMethods())
        .map(Method::getName)
        .filter(name -> name.startsWith(RANDOM))
        .sorted()
        .toList();
  }

  private static List<String> lines() {
    try (InputStream in = MatrixExpected.class.getResourceAsStream("matrix.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
