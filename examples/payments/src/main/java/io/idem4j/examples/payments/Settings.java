package io.idem4j.examples.payments;

import io.idem4j.Idempotency;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.memory.MemoryKeyStore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the service is run. Immutable.
 *
 * @param port the port on the loopback interface; 0 for a free one
 * @param store {@code h2:PATH}, {@code memory} or {@code postgres:JDBC_URL}
 * @param policy the lease and the retention
 * @param requireKey whether POST and PATCH without a key are refused
 */
record Settings(int port, String store, OperationPolicy policy, boolean requireKey) {
  static final String USAGE =
      """
      usage: java -jar payments.jar                 a tour: sends requests and shows what happens
             java -jar payments.jar serve --port N [options]

        --port N                the port on the loopback interface; 0 for a free one
        --store h2:PATH         keys and payments in an H2 file; default h2:payments
        --store memory          in this process, lost with it
        --store postgres:URL    in PostgreSQL, URL being jdbc:postgresql://...
        --lease 30s             how long a vanished holder keeps its key
        --retention 24h         how long an answer is kept
        --require-key           refuse POST and PATCH without an Idempotency-Key
      """;

  private static final Duration LONGEST_HOLD = Duration.ofMinutes(15);

  /** The command line is wrong; the message says how. */
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  static Settings of(int port, String store, Duration lease, Duration retention, boolean requireKey)
      throws UsageException {
    if (port < 0 || port > 65_535) {
      throw new UsageException("--port must be 0 to 65535");
    }
    Backend.check(store);
    OperationPolicy policy =
        OperationPolicy.rerun()
            .withLease(lease)
            .withMaximumHold(lease.compareTo(LONGEST_HOLD) > 0 ? lease : LONGEST_HOLD)
            .withRetention(retention);
    try (Idempotency trial = Idempotency.builder(new MemoryKeyStore(1)).build()) {
      // A policy's times are checked with its operation; better now than with a store half open.
      trial.operation("check", AnswerCodec.create(), policy);
    } catch (MisuseException e) {
      throw new UsageException("--lease and --retention: " + e.getMessage());
    }
    return new Settings(port, store, policy, requireKey);
  }

  /** Reads the arguments that follow {@code serve}. */
  static Settings parse(List<String> arguments) throws UsageException {
    Deque<String> rest = new ArrayDeque<>(arguments);
    Set<String> seen = new HashSet<>();
    @Nullable String port = null;
    String store = "h2:payments";
    Duration lease = Duration.ofSeconds(30);
    Duration retention = Duration.ofHours(24);
    boolean requireKey = false;
    while (!rest.isEmpty()) {
      String option = rest.pop();
      switch (option) {
        case "--port" -> port = value(option, rest);
        case "--store" -> store = value(option, rest);
        case "--lease" -> lease = duration(option, rest);
        case "--retention" -> retention = duration(option, rest);
        case "--require-key" -> requireKey = true;
        default -> throw new UsageException("unknown argument: " + option);
      }
      if (!seen.add(option)) {
        throw new UsageException(option + " is there twice");
      }
    }
    if (port == null) {
      throw new UsageException("--port is missing");
    }
    if (!port.matches("[0-9]{1,5}")) {
      throw new UsageException("--port must be a number from 0 to 65535");
    }
    return of(Integer.parseInt(port), store, lease, retention, requireKey);
  }

  private static String value(String option, Deque<String> rest) throws UsageException {
    String value = rest.poll();
    if (value == null || value.isBlank() || value.startsWith("--")) {
      throw new UsageException(option + " needs a value");
    }
    return value;
  }

  private static Duration duration(String option, Deque<String> rest) throws UsageException {
    return Durations.parse(value(option, rest))
        .orElseThrow(() -> new UsageException(option + " must be " + Durations.FORM));
  }
}
