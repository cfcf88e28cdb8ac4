package io.idem4j.jdbc;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Keeps records in a table of PostgreSQL (12 or later), MariaDB (10.6 or later), MySQL (8.0 or
 * later) or H2 (2 or later), one row for each key. <b>MySQL itself was never run:</b> the
 * statements that it gets were, against MariaDB.
 *
 * <pre>{@code
 * KeyStore store = JdbcKeyStore.builder(dataSource).build();
 * }</pre>
 *
 * <p><b>Table.</b> {@code schema-postgresql.sql}, {@code schema-mysql.sql} (for MariaDB, too) and
 * {@code schema-h2.sql} beside this class hold the DDL, and {@code
 * schema-postgresql-partitioned.sql} the same table in parts; apply them with your migration tool.
 * {@link Builder#build()} tests the table and refuses one that would not keep two claims apart.
 *
 * <p><b>Clock</b> (S5): the database server's, read inside each statement. Clocks of clients play
 * no part, but that an embedded H2's clock is this process's own; nor do time zones of sessions. A
 * lease counts from before the wait for a row lock, which it may be shorter by, and so does a
 * retention. While a write runs over a record whose retention ends meanwhile, {@link #find find}
 * answers absent; another write waits for its row and then sees what it wrote.
 *
 * <p><b>Atomic</b>: each write is one statement in auto-commit at READ COMMITTED, on a connection
 * of the store's own. It neither sees nor touches a transaction that the caller has open (S11).
 * Data sources that are known to hand out the caller's own connection are refused at start-up, and
 * others when they do so, by a typed error; that cannot be seen where every connection comes with
 * auto-commit off, so a transaction-aware data source of that kind must not be given to this store.
 *
 * <p><b>Pool.</b> Any; one connection is enough, and none is held between calls. Connections may
 * come with another isolation or with auto-commit off: both are put right and put back. The
 * isolation is probed once and then costs two round trips a call if it is not READ COMMITTED: give
 * MySQL's pool this isolation, because the server's default is another. MariaDB's statements say
 * their own, so that there its default costs nothing. Uncommitted work that somebody left in a
 * pooled connection is rolled back. The table is looked up once, with its schema, so that a search
 * path which somebody left changed leads nowhere else. Set the driver's socket timeout ({@code
 * socketTimeout} on all but H2) below core's store deadline: no call has another bound when the
 * network is silent. The pool must drop a connection that the driver's errors call broken: HikariCP
 * knows those of PostgreSQL and MariaDB, and not H2's (90007, 90067, 90098, 90121), and lends again
 * unchecked what was given back within half a second; under steady traffic a dead connection is
 * lent for ever. Name them to it by an {@code SQLExceptionOverride}.
 *
 * <p><b>Waiting.</b> A write that meets a row which an uncommitted transaction holds waits at most
 * for the lock timeout and then answers {@link CasResult.Busy}. A replay waits for nobody, takes no
 * lock and writes no log. MySQL, other than Percona's, sets no bound for a row in a statement: give
 * its sessions a short {@code innodb_lock_wait_timeout}, whose default is 50 seconds.
 *
 * <p><b>Round trips.</b> One for a completion, a renewal and a read. A claim is one; one more over
 * a row whose retention is over, but on MariaDB; and one more where it is refused, on H2 and MySQL.
 * The keys that were refused last, 1,024 at most, are {@linkplain #readsFirst read} before they are
 * claimed, so that the replays of a hot key are one plain read everywhere; where such a record is
 * gone meanwhile, its next claim costs that read more, and two where it is over.
 *
 * <p><b>Drivers of MariaDB and MySQL.</b> Each serves both servers, and both modes of {@code
 * useAffectedRows} will do. {@code autoReconnect} and {@code transactionReplay} are refused. With
 * {@code useServerPrepStmts} a statement that is not in the driver's cache costs one more round
 * trip. {@code max_allowed_packet} must hold both slots twice over, because drivers escape bytes;
 * with the server's 16 MiB a slot has somewhat less than 4. MariaDB's driver logs the server's
 * errors by itself (logger {@code org.mariadb.jdbc}). A transaction that somebody began by a plain
 * BEGIN and left open in a pooled connection is rolled back on PostgreSQL and MariaDB, and on MySQL
 * not seen, nor is a plain {@code SET autocommit = 0} by Connector/J: what is written in either may
 * be lost, and what is read in either may be of the past. A session whose {@code timestamp} is set
 * has that clock. On Galera, reads need {@code wsrep_sync_wait} or one node for all. The server
 * refuses writes where its binary log has the format STATEMENT; MIXED and ROW will do.
 *
 * <p><b>Durability</b> is the database's. PostgreSQL with {@code synchronous_commit=off} or {@code
 * fsync=off}, MariaDB and MySQL with {@code innodb_flush_log_at_trx_commit} other than 1, and an
 * asynchronous replica of any that is promoted, forget acknowledged claims and answers. InnoDB
 * without a binary log under {@code sync_binlog=1} shows a commit to others before it is flushed:
 * what its writer was told is kept, but a crash may take back an answer that was replayed just
 * before, and if the holder dies too the policy decides anew. H2 forgets unless its URL says {@code
 * WRITE_DELAY=0}, and an in-memory H2 without {@code DB_CLOSE_DELAY=-1} as soon as its last
 * connection closes. H2 is meant for development and for small single-process programs; the
 * interrupt of a thread that uses its file closes the database for all, unless its URL begins with
 * {@code jdbc:h2:async:}. What can be seen of this is logged as a warning at start-up.
 *
 * <p><b>Unreadable rows</b> (S10) are refused and left alone. What SQL cannot test, a reference
 * that is no UTF-8, is refused by reads; the holder's own write still replaces such a row.
 *
 * <p><b>Secrecy.</b> No exception carries a driver's text: it is replaced by its class, SQLState
 * and stack trace, because drivers print row values.
 *
 * <p>Safe for use by many threads. There is nothing to close; the data source stays the caller's.
 */
public final class JdbcKeyStore implements ReadFirst, RecordPurger, RecordScanner {
  private static final int PURGE_BATCH = 1_000;

  private final OwnConnections connections;
  private final RecordTable table;
  private final BoundTable.Origin bound;
  private final JdbcTransactions transactions;

  private final RefusedKeys refused = new RefusedKeys();

  private JdbcKeyStore(OwnConnections connections, RecordTable table, BoundTable.Origin bound) {
    this.connections = connections;
    this.table = table;
    this.bound = bound;
    this.transactions = new JdbcTransactions(connections, bound);
  }

  /**
   * Returns the modes in which effect and answer are committed together, in this database. The
   * operations that they run must be ones on this store.
   */
  public JdbcTransactions transactions() {
    return transactions;
  }

  /** Returns a builder of a store on this data source. */
  public static Builder builder(DataSource dataSource) {
    return new Builder(dataSource);
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    bound.limit().requireFits(next.slots());
    CasResult result =
        connections.call(
            "a compare-and-set",
            id,
            handle -> table.compareAndSet(handle.getConnection(), id, expected, next));
    if (expected.equals(Stamp.ABSENT) && result instanceof CasResult.Refused) {
      refused.add(id);
    }
    return result;
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    Optional<StoredRecord> live =
        connections.call("a read", id, handle -> table.find(handle.getConnection(), id));
    if (live.isEmpty()) {
      refused.remove(id);
    }
    return live;
  }

  /** {@inheritDoc} Those that were refused last are read first. */
  @Override
  public boolean readsFirst(KeyId id) {
    return refused.contains(id);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Works in statements of at most 1,000 rows, each a transaction of its own. Rows that another
   * session has locked are left for the next run, but on H2.
   */
  @Override
  public int purge(int limit) {
    requirePositive(limit);
    int purged = 0;
    while (purged < limit) {
      int batch = Math.min(limit - purged, PURGE_BATCH);
      int deleted =
          connections.call("a purge", null, handle -> table.purge(handle.getConnection(), batch));
      purged += deleted;
      if (deleted < batch) {
        break;
      }
    }
    return purged;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Pages are in the order of key ids. Records of another format are left out, and so are those
   * that cannot be understood; each of the latter is logged as a warning.
   */
  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    requirePositive(limit);
    byte[] after = from.map(JdbcKeyStore::parsePlace).orElse(new byte[0]);
    return connections.call(
        "a scan", null, handle -> table.scan(handle.getConnection(), kind, limit, after));
  }

  private static void requirePositive(int limit) {
    if (limit < 1) {
      throw new MisuseException("the limit is " + limit + ", and must be positive");
    }
  }

  private static byte[] parsePlace(String place) {
    try {
      return KeyId.of(HexFormat.of().parseHex(place)).bytes();
    } catch (IllegalArgumentException | MisuseException e) {
      throw new MisuseException("this is not a place in a scan of this store");
    }
  }

  /** Builds a {@link JdbcKeyStore}. Not for use by several threads. */
  public static final class Builder {
    /** The largest {@link #maximumSlot}, in bytes: 256 MiB. */
    public static final int LARGEST_SLOT = 256 << 20;

    private final DataSource dataSource;
    private TableName table = new TableName(TableName.DEFAULT);
    private Duration lockTimeout = Duration.ofMillis(200);
    private int maximumSlot = 1 << 20;
    private boolean createTable;

    private Builder(DataSource dataSource) {
      this.dataSource = UnmanagedDataSource.require(dataSource);
    }

    /**
     * Sets the table; without it, {@code idem4j_record} in the schema that connections come with.
     *
     * @param table one identifier, or a schema, a dot and one; never quoted
     * @throws MisuseException if it is anything else
     */
    public Builder table(String table) {
      this.table = new TableName(table);
      return this;
    }

    /**
     * Sets how long a write waits for a row that an uncommitted transaction holds, before it
     * answers {@link CasResult.Busy}; without it, 200 ms. MariaDB and MySQL know whole seconds
     * only, and it is rounded up to one or two of them. H2 has {@code LOCK_TIMEOUT} in its URL
     * instead, and MySQL other than Percona's the session's {@code innodb_lock_wait_timeout}.
     *
     * @throws MisuseException if it is not between a millisecond and two seconds
     */
    public Builder lockTimeout(Duration lockTimeout) {
      if (lockTimeout.toMillis() < 1 || lockTimeout.compareTo(Duration.ofSeconds(2)) > 0) {
        throw new MisuseException("a lock timeout is between a millisecond and two seconds");
      }
      this.lockTimeout = lockTimeout;
      return this;
    }

    /**
     * Sets how large payload and checkpoint may be, each; without it, 1 MiB. What is larger is
     * refused before anything is sent.
     *
     * @throws MisuseException if it is not between 1 and {@link #LARGEST_SLOT}
     */
    public Builder maximumSlot(int bytes) {
      if (bytes < 1 || bytes > LARGEST_SLOT) {
        throw new MisuseException("the largest slot is between 1 and " + LARGEST_SLOT + " bytes");
      }
      this.maximumSlot = bytes;
      return this;
    }

    /**
     * Makes {@link #build()} create the table where there is none: for development and examples.
     * Several processes may start at once. An existing table is never changed.
     */
    public Builder createTableIfMissing() {
      this.createTable = true;
      return this;
    }

    /**
     * Tests database and table, and builds the store.
     *
     * @throws MisuseException if the database is none of those that the store speaks
     * @throws KeyStoreException if no connection could be had, the database is read-only, or the
     *     table is missing or does not fit, with what to do about it
     */
    public JdbcKeyStore build() {
      return build(Dialect::of);
    }

    /** For tests of a dialect on another database than its own. */
    JdbcKeyStore build(OwnConnections.DialectChoice choice) {
      OwnConnections connections = OwnConnections.of(dataSource, choice);
      Dialect dialect = connections.dialect();
      TableName resolved =
          connections.call(
              "start-up",
              null,
              handle -> {
                if (createTable) {
                  dialect.createTable(handle, table);
                }
                dialect.check(handle, table, maximumSlot);
                return dialect.resolve(handle, table);
              });
      return new JdbcKeyStore(
          connections,
          new RecordTable(dialect, dialect.statements(resolved, lockTimeout)),
          new BoundTable.Origin(
              dialect,
              new RecordTable(dialect, dialect.boundStatements(resolved, lockTimeout)),
              lockTimeout,
              new SlotLimit(maximumSlot)));
    }
  }
}
