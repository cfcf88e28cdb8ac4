package io.idem4j.jmh;

import com.amazonaws.services.dynamodbv2.AcquireLockOptions;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBLockClient;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBLockClientOptions;
import com.amazonaws.services.dynamodbv2.LockItem;
import com.amazonaws.services.dynamodbv2.model.LockCurrentlyUnavailableException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * The DynamoDB lock client: a lock is acquired (a consistent read and a conditional put) and
 * released, by which its item is deleted; a duplicate meets one that is held, and is refused after
 * the consistent read, without waiting.
 *
 * <p>Neither answer nor request is recorded, and a lock that was released leaves nothing that would
 * refuse a later call. Leases outlast the trial, so that none is renewed.
 */
final class LockClientPeer implements Keys {
  private static final String KEY = "key";

  private final OwnTable table;
  private final AmazonDynamoDBLockClient locks;

  LockClientPeer(DynamoDbClient client) {
    this.table = OwnTable.create(client, KEY);
    this.locks =
        new AmazonDynamoDBLockClient(
            AmazonDynamoDBLockClientOptions.builder(client, table.name())
                .withPartitionKeyName(KEY)
                .withOwnerName("benchmark")
                .withTimeUnit(TimeUnit.DAYS)
                .withLeaseDuration(3L)
                .withHeartbeatPeriod(1L)
                .withCreateHeartbeatBackgroundThread(false)
                .build());
  }

  @Override
  public Object first(Object prepared, byte[] answer) throws InterruptedException {
    Keys.require(locks.releaseLock(held(prepared)));
    return answer;
  }

  @Override
  public Object answered(Object prepared, byte[] answer) throws InterruptedException {
    return held(prepared);
  }

  @Override
  public Object replay(Object prepared) throws InterruptedException {
    Keys.require(lock(prepared).isEmpty());
    return prepared;
  }

  private LockItem held(Object prepared) throws InterruptedException {
    return lock(prepared).orElseThrow(() -> new IllegalStateException("the lock is held"));
  }

  private Optional<LockItem> lock(Object prepared) throws InterruptedException {
    try {
      return locks.tryAcquireLock(
          AcquireLockOptions.builder((String) prepared).withShouldSkipBlockingWait(true).build());
    } catch (LockCurrentlyUnavailableException e) {
      return Optional.empty();
    }
  }

  /** Deletes the table, and with it the locks: closing the client would release them one by one. */
  @Override
  public void close() {
    table.close();
  }
}
