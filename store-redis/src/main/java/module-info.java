/** Keeps idempotency records in Redis. */
module io.idem4j.redis {
  requires transitive io.idem4j;
  requires transitive redis.clients.jedis;
  requires org.slf4j;
  requires static org.jspecify;

  exports io.idem4j.redis;
}
