package io.idem4j.jmh;

import io.idem4j.memory.MemoryKeyStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import javax.sql.DataSource;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.provider.jdbc.JdbcLockProvider;
import org.apache.camel.processor.idempotent.jdbc.JdbcMessageIdRepository;
import org.springframework.integration.jdbc.metadata.JdbcMetadataStore;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * Other libraries that keep something from running twice. Jdempotent records an answer; what is
 * compared to a replay by the others is their refusal of a duplicate.
 */
enum Peers implements ContenderProvider {
  /** Apache Camel's repository of message ids: a key is added, and confirmed. */
  CAMEL {
    @Override
    public Optional<Contender> on(OpenedStore opened) {
      return opened.resource(DataSource.class).map(this::contender);
    }

    private Contender contender(DataSource dataSource) {
      JdbcMessageIdRepository repository = new JdbcMessageIdRepository(dataSource, "benchmark");
      repository.start();
      return new Keys() {
        @Override
        public Object first(Object prepared, byte[] answer) {
          String key = (String) prepared;
          Keys.require(repository.add(key));
          Keys.require(repository.confirm(key));
          return answer;
        }

        @Override
        public Object replay(Object prepared) {
          Keys.require(!repository.add((String) prepared));
          return prepared;
        }

        @Override
        public void close() {
          repository.stop();
          run(dataSource, "DROP TABLE CAMEL_MESSAGEPROCESSED");
        }
      };
    }
  },

  /** Spring Integration's metadata store: a key is put where there is none. */
  SPRING_INTEGRATION {
    @Override
    public Optional<Contender> on(OpenedStore opened) {
      return opened.resource(DataSource.class).map(this::contender);
    }

    private Contender contender(DataSource dataSource) {
      run(
          dataSource,
          "CREATE TABLE INT_METADATA_STORE (METADATA_KEY VARCHAR(255) NOT NULL,"
              + " METADATA_VALUE VARCHAR(4000), REGION VARCHAR(100) NOT NULL,"
              + " PRIMARY KEY (METADATA_KEY, REGION))");
      JdbcMetadataStore store = new JdbcMetadataStore(dataSource);
      store.afterPropertiesSet();
      return new Keys() {
        @Override
        public Object first(Object prepared, byte[] answer) {
          Keys.require(store.putIfAbsent((String) prepared, "done") == null);
          return answer;
        }

        @Override
        public Object replay(Object prepared) {
          Keys.require(store.putIfAbsent((String) prepared, "done") != null);
          return prepared;
        }

        @Override
        public void close() {
          run(dataSource, "DROP TABLE INT_METADATA_STORE");
        }
      };
    }
  },

  /** ShedLock: a lock is taken, and given up; a duplicate meets one that is held. */
  SHEDLOCK {
    @Override
    public Optional<Contender> on(OpenedStore opened) {
      return opened.resource(DataSource.class).map(this::contender);
    }

    private Contender contender(DataSource dataSource) {
      run(
          dataSource,
          "CREATE TABLE shedlock (name VARCHAR(64) NOT NULL PRIMARY KEY,"
              + " lock_until TIMESTAMP(3) NOT NULL, locked_at TIMESTAMP(3) NOT NULL,"
              + " locked_by VARCHAR(255) NOT NULL)");
      JdbcLockProvider provider = new JdbcLockProvider(dataSource);
      return new Keys() {
        @Override
        public Object first(Object prepared, byte[] answer) {
          held((String) prepared).unlock();
          return answer;
        }

        @Override
        public Object answered(Object prepared, byte[] answer) {
          return held((String) prepared);
        }

        @Override
        public Object replay(Object prepared) {
          Keys.require(lock((String) prepared).isEmpty());
          return prepared;
        }

        private SimpleLock held(String name) {
          return lock(name).orElseThrow(() -> new IllegalStateException("the lock is held"));
        }

        private Optional<SimpleLock> lock(String name) {
          return provider.lock(
              new LockConfiguration(Instant.now(), name, Duration.ofDays(1), Duration.ZERO));
        }

        @Override
        public void close() {
          run(dataSource, "DROP TABLE shedlock");
        }
      };
    }
  },

  /** Jdempotent: the answer of a method is kept under a digest of its argument. */
  JDEMPOTENT {
    @Override
    public Optional<Contender> on(OpenedStore opened) {
      return opened.store() instanceof MemoryKeyStore
          ? Optional.of(new JdempotentPeer())
          : Optional.empty();
    }
  },

  /** The DynamoDB lock client: the same as ShedLock, on DynamoDB. */
  DYNAMODB_LOCK_CLIENT {
    @Override
    public Optional<Contender> on(OpenedStore opened) {
      return opened.resource(DynamoDbClient.class).map(LockClientPeer::new);
    }
  };

  @Override
  public String contenderName() {
    return name().toLowerCase(Locale.ROOT).replace("_", "");
  }

  /** Returns all there are: these, and those that are on the class path. */
  static Stream<ContenderProvider> all() {
    return Stream.concat(
        Arrays.stream(values()),
        ServiceLoader.load(ContenderProvider.class).stream().map(ServiceLoader.Provider::get));
  }

  private static void run(DataSource dataSource, String sql) {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
