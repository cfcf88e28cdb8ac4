package io.idem4j.examples.payments;

import java.io.IOException;

/** Redis, with its data on disk, as a store of keys needs it. */
record RedisServer(redis.embedded.RedisServer server) implements ServerProcess.Server {
  static RedisServer start(int port) throws IOException {
    redis.embedded.RedisServer server =
        redis.embedded.RedisServer.newRedisServer()
            .port(port)
            .bind("127.0.0.1")
            .setting("appendonly yes")
            .build();
    server.start();
    return new RedisServer(server);
  }

  @Override
  public String address() {
    return "redis://127.0.0.1:" + server.ports().get(0);
  }

  @Override
  public void stop() throws IOException {
    server.stop();
  }
}
