package io.idem4j.examples.payments;

import io.idem4j.examples.payments.Settings.UsageException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code --store} says: which store, and where it is. Immutable.
 *
 * @param address a path, a JDBC URL or a URI, by the kind; empty where none was given: for memory,
 *     and for a server that is to be started
 */
record StoreOption(Kind kind, String address) {
  /** A store, and the least comfortable truth about it. */
  enum Kind {
    H2(
        "PATH",
        "payments",
        "a power cut may cost the last commits: an example's database, not a bank's"),
    MEMORY("", "", "everything is gone with the process"),
    POSTGRES(
        "JDBC_URL",
        "jdbc:postgresql://HOST/DATABASE",
        "synchronous_commit = off, or an asynchronous standby that is promoted, forgets commits"),
    MARIADB(
        "JDBC_URL",
        "jdbc:mariadb://HOST/DATABASE",
        "innodb_flush_log_at_trx_commit below 1, or an asynchronous replica that is promoted,"
            + " forgets commits"),
    REDIS(
        "URI",
        "redis://HOST:6379",
        "Redis answers before its data is safe: a fail-over, an eviction or a crash may forget a"
            + " key, which then runs again; here the payment's unique id stops the second effect"),
    DYNAMODB(
        "ENDPOINT",
        "http://HOST:8000",
        "leases and retentions go by the clocks of the callers, and global tables let two regions"
            + " hold one key");

    private final String form;
    private final String example;
    private final String weakSpot;

    Kind(String form, String example, String weakSpot) {
      this.form = form;
      this.example = example;
      this.weakSpot = weakSpot;
    }

    /** Returns the name on the command line. */
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns an address as it is written behind the name and a colon. */
    String example() {
      return example;
    }

    String weakSpot() {
      return weakSpot;
    }

    /** Returns whether payments can be kept in it too. */
    boolean takesPayments() {
      return this != REDIS && this != DYNAMODB;
    }

    /** Returns whether it is a server of its own. */
    boolean isServer() {
      return this != H2 && this != MEMORY;
    }

    private String usage() {
      return form.isEmpty() ? word() : word() + ":" + form;
    }

    static Optional<Kind> of(String word) {
      return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst();
    }
  }

  /** Checks the form of a store's name, without opening it. No message repeats the address. */
  static StoreOption parse(String text) throws UsageException {
    int colon = text.indexOf(':');
    Kind kind =
        Kind.of(colon < 0 ? text : text.substring(0, colon)).orElseThrow(StoreOption::unknown);
    if (colon < 0) {
      return new StoreOption(kind, kind == Kind.H2 ? "payments" : "");
    }
    String address = text.substring(colon + 1);
    switch (kind) {
      case H2 -> Database.path("--store", address);
      case MEMORY -> throw unknown();
      case POSTGRES -> requirePrefix(kind, address, "jdbc:postgresql:");
      case MARIADB -> requirePrefix(kind, address, "jdbc:mariadb:");
      case REDIS -> requireUri(kind, address, Set.of("redis", "rediss"));
      case DYNAMODB -> requireUri(kind, address, Set.of("http", "https"));
    }
    return new StoreOption(kind, address);
  }

  private static UsageException unknown() {
    String forms =
        String.join(", ", Arrays.stream(Kind.values()).map(Kind::usage).toArray(String[]::new));
    return new UsageException(
        "--store must be one of " + forms + ", or of these names alone; a server is then started");
  }

  private static void requirePrefix(Kind kind, String address, String prefix)
      throws UsageException {
    if (!address.startsWith(prefix)) {
      throw malformed(kind);
    }
  }

  private static void requireUri(Kind kind, String address, Set<String> schemes)
      throws UsageException {
    try {
      URI uri = new URI(address);
      if (uri.getScheme() != null
          && schemes.contains(uri.getScheme())
          && uri.getHost() != null
          && uri.getPort() <= 65_535
          // Of Redis, the number of a database.
          && uri.getPath().matches(kind == Kind.REDIS ? "/?[0-9]{0,9}" : "/?")) {
        return;
      }
    } catch (URISyntaxException e) {
      // Refused below: its message quotes the address, and that may hold a password.
    }
    throw malformed(kind);
  }

  private static UsageException malformed(Kind kind) {
    return new UsageException(
        "--store "
            + kind.usage()
            + " needs an address such as "
            + kind.word()
            + ":"
            + kind.example()
            + "; the word "
            + kind.word()
            + " alone starts a server");
  }

  URI uri() {
    return URI.create(address);
  }

  /** Returns whether a server has to be started for it. */
  boolean isToBeStarted() {
    return kind.isServer() && address.isEmpty();
  }

  /** Returns what {@link #parse} understands. */
  String text() {
    return address.isEmpty() ? kind.word() : kind.word() + ":" + address;
  }

  /** Hides the address, which may hold a password. */
  @Override
  public String toString() {
    return kind.word();
  }
}
