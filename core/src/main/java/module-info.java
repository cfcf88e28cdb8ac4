/** Makes an operation with an idempotency key take effect once. */
module io.idem4j {
  requires org.slf4j;
  requires static org.jspecify;

  exports io.idem4j;
  exports io.idem4j.http;
  exports io.idem4j.memory;
  exports io.idem4j.spi;
}
