package io.idem4j.redis;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

@StoreUnderTest("Redis Cluster")
final class RedisClusterContractTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return RedisClusterSubject.get();
  }
}
