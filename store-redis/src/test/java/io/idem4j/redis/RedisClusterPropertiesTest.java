package io.idem4j.redis;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

@StoreUnderTest("Redis Cluster")
final class RedisClusterPropertiesTest extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return RedisClusterSubject.get();
  }
}
