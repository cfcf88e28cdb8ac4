package io.idem4j.redis;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

@StoreUnderTest("Redis")
final class RedisContractTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return new RedisSubject();
  }
}
