package io.idem4j.examples.payments;

import io.idem4j.Idempotency;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.KeyRequirement;
import io.idem4j.memory.MemoryKeyStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the service is run. Immutable.
 *
 * @param port the port on the loopback interface; 0 for a free one
 * @param store where the keys are
 * @param ledger the H2 file of the payments, unless they are beside the keys in another store
 * @param profile whose idempotency the service speaks
 * @param policy the lease and the retention
 * @param requireKey whether POST and PATCH without a key are refused
 */
record Settings(
    int port,
    StoreOption store,
    Path ledger,
    Profile profile,
    OperationPolicy policy,
    boolean requireKey) {
  static final String USAGE =
      """
      usage: java -jar payments.jar [--store S]     a tour: sends requests and shows what happens
             java -jar payments.jar serve --port N [options]
             java -jar payments.jar server NAME     only a server of the stores below

        --port N                the port on the loopback interface; 0 for a free one
        --store h2:PATH         keys and payments in an H2 file; default h2:payments
        --store memory          in this process, lost with it
        --store postgres:URL    in PostgreSQL, URL being jdbc:postgresql://...
        --store mariadb:URL     in MariaDB, URL being jdbc:mariadb://...
        --store redis:URI       keys in Redis, URI being redis://HOST:6379; payments in --ledger
        --store dynamodb:URI    keys in DynamoDB, URI being http://HOST:8000; payments in --ledger
        --store NAME            postgres, mariadb, redis or dynamodb: starts a server first, whose
                                data ends with this process
        --ledger h2:PATH        the payments beside redis and dynamodb; default h2:payments
        --profile default       default, or behave like ietf, stripe, adyen or gocardless
        --lease 30s             how long a vanished holder keeps its key
        --retention 24h         how long an answer is kept; by default as long as the profile says
        --require-key           refuse POST and PATCH without an Idempotency-Key
      """;

  private static final String H2 = "h2:";
  private static final String DEFAULT = "h2:payments";

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
    return of(
        port, StoreOption.parse(store), DEFAULT, Profile.DEFAULT, lease, retention, requireKey);
  }

  /**
   * Checks all that can be checked without opening anything.
   *
   * @param ledger as it is written behind {@code --ledger}; of no account where the payments are
   *     beside the keys
   * @param retention null for the profile's own
   */
  static Settings of(
      int port,
      StoreOption store,
      String ledger,
      Profile profile,
      Duration lease,
      @Nullable Duration retention,
      boolean requireKey)
      throws UsageException {
    if (port < 0 || port > 65_535) {
      throw new UsageException("--port must be 0 to 65535");
    }
    if (!ledger.startsWith(H2)) {
      throw new UsageException("--ledger must be h2:PATH");
    }
    Path file =
        store.kind() == StoreOption.Kind.H2
            ? Database.path("--store", store.address())
            : Database.path("--ledger", ledger.substring(H2.length()));
    OperationPolicy policy =
        OperationPolicy.rerun()
            .withLease(lease)
            .withMaximumHold(lease.compareTo(LONGEST_HOLD) > 0 ? lease : LONGEST_HOLD);
    if (retention != null) {
      policy = policy.withRetention(retention);
    }
    Settings settings = new Settings(port, store, file, profile, policy, requireKey);
    try (Idempotency trial = Idempotency.builder(new MemoryKeyStore(1)).build()) {
      // A policy's times are checked with its operation; better now than with a store half open.
      HttpIdempotency.of(trial).operation("check", settings.httpPolicy());
    } catch (MisuseException e) {
      throw new UsageException("--lease and --retention: " + e.getMessage());
    }
    return settings;
  }

  /** Returns the policy of the operations that take a key. */
  HttpPolicy httpPolicy() {
    HttpPolicy http = profile.policy(policy, Handlers.POLICY);
    return requireKey ? http.withKeyRequirement(KeyRequirement.REQUIRED) : http;
  }

  Settings withStore(StoreOption newStore) {
    return new Settings(port, newStore, ledger, profile, policy, requireKey);
  }

  /** Reads the arguments that follow {@code serve}. */
  static Settings parse(List<String> arguments) throws UsageException {
    Deque<String> rest = new ArrayDeque<>(arguments);
    Set<String> seen = new HashSet<>();
    @Nullable String port = null;
    String store = DEFAULT;
    @Nullable String ledger = null;
    Duration lease = Duration.ofSeconds(30);
    @Nullable Duration retention = null;
    Profile profile = Profile.DEFAULT;
    boolean requireKey = false;
    while (!rest.isEmpty()) {
      String option = rest.pop();
      switch (option) {
        case "--port" -> port = value(option, rest);
        case "--store" -> store = value(option, rest);
        case "--ledger" -> ledger = value(option, rest);
        case "--profile" -> profile = profile(value(option, rest));
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
    StoreOption keys = StoreOption.parse(store);
    if (ledger != null && keys.kind().takesPayments()) {
      throw new UsageException(
          "--ledger is for redis and dynamodb; with " + keys + " the payments are beside the keys");
    }
    return of(
        Integer.parseInt(port),
        keys,
        ledger == null ? DEFAULT : ledger,
        profile,
        lease,
        retention,
        requireKey);
  }

  /** Reads the arguments of the tour. */
  static StoreOption parseTour(List<String> arguments) throws UsageException {
    Deque<String> rest = new ArrayDeque<>(arguments);
    String store = "h2";
    if (!rest.isEmpty()) {
      String option = rest.pop();
      if (!option.equals("--store")) {
        throw new UsageException("unknown argument: " + option);
      }
      store = value(option, rest);
    }
    if (!rest.isEmpty()) {
      throw new UsageException("unknown argument: " + rest.peek());
    }
    if (store.startsWith(H2)) {
      throw new UsageException("the tour makes H2 files of its own: --store h2");
    }
    return StoreOption.parse(store);
  }

  /** Reads the argument of {@code server}. */
  static StoreOption.Kind parseServer(List<String> arguments) throws UsageException {
    return (arguments.size() == 1
            ? StoreOption.Kind.of(arguments.get(0))
            : Optional.<StoreOption.Kind>empty())
        .filter(StoreOption.Kind::isServer)
        .orElseThrow(
            () -> new UsageException("server needs one of postgres, mariadb, redis, dynamodb"));
  }

  private static Profile profile(String word) throws UsageException {
    return Profile.of(word)
        .orElseThrow(() -> new UsageException("--profile must be one of " + Profile.words()));
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
