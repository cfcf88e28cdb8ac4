package io.idem4j.examples.payments;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.IdempotencyKey;
import io.idem4j.Scope;
import io.idem4j.dynamodb.DynamoDbKeyStore;
import io.idem4j.jdbc.JdbcKeyStore;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.redis.RedisKeyStore;
import io.idem4j.spi.KeyStore;
import java.sql.SQLException;
import java.util.function.Function;
import java.util.function.Supplier;
import redis.clients.jedis.RedisClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** Where keys and payments are kept: in one place if it is a database, else in two. */
final class Backend implements AutoCloseable {
  private static final int MAXIMUM_RECORDS = 1_000_000;
  private static final String TABLE = "payments-keys";

  private final KeyStore keys;
  private final Ledger ledger;
  private final Runnable closing;

  Backend(KeyStore keys, Ledger ledger, Runnable closing) {
    this.keys = keys;
    this.ledger = ledger;
    this.closing = closing;
  }

  /**
   * Opens the stores, and makes their tables if they are missing.
   *
   * @throws SQLException if the database cannot be reached
   * @throws io.idem4j.IdempotencyException if the keys' store cannot be reached or cannot keep keys
   */
  static Backend open(Settings settings) throws SQLException {
    StoreOption store = settings.store();
    return switch (store.kind()) {
      case MEMORY -> new Backend(new MemoryKeyStore(MAXIMUM_RECORDS), new MemoryLedger(), () -> {});
      case H2 -> together(Database.h2(settings.ledger()));
      case POSTGRES, MARIADB -> together(store.address());
      case REDIS -> {
        RedisClient client = Clients.redis(store.uri());
        yield apart(settings, client::close, () -> RedisKeyStore.builder(client).build());
      }
      case DYNAMODB -> {
        DynamoDbClient client = Clients.dynamoDb(store.uri());
        yield apart(
            settings,
            client::close,
            () -> DynamoDbKeyStore.builder(client).table(TABLE).createTableIfMissing().build());
      }
    };
  }

  private static Backend together(String url) throws SQLException {
    return open(url, () -> {}, pool -> JdbcKeyStore.builder(pool).createTableIfMissing().build());
  }

  /** The keys are behind a client of their own, and the payments in an H2 file. */
  private static Backend apart(Settings settings, Runnable client, Supplier<KeyStore> keys)
      throws SQLException {
    return open(
        Database.h2(settings.ledger()),
        client,
        pool -> {
          KeyStore store = keys.get();
          // Better now than with the first request. No request can have this scope.
          store.find(IdempotencyKey.of(Scope.single(), "start", "start").id());
          return store;
        });
  }

  private static Backend open(
      String url, Runnable client, Function<HikariDataSource, KeyStore> keys) throws SQLException {
    boolean isOpen = false;
    try {
      HikariDataSource pool = Database.open(url);
      try {
        Backend backend =
            new Backend(
                keys.apply(pool),
                new JdbcLedger(pool),
                () -> {
                  pool.close();
                  client.run();
                });
        isOpen = true;
        return backend;
      } finally {
        if (!isOpen) {
          pool.close();
        }
      }
    } finally {
      if (!isOpen) {
        client.run();
      }
    }
  }

  KeyStore keys() {
    return keys;
  }

  Ledger ledger() {
    return ledger;
  }

  @Override
  public void close() {
    closing.run();
  }
}
