package io.idem4j.jdbc;

import io.idem4j.KeyId;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;

/** Puts records into the parameters of the {@link Statements}. Confined to one execution. */
final class RecordBinder {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final PreparedStatement statement;
  private int at;

  RecordBinder(PreparedStatement statement) {
    this.statement = statement;
  }

  RecordBinder keyId(KeyId id) throws SQLException {
    return bytes(id.bytes());
  }

  RecordBinder bytes(byte[] value) throws SQLException {
    statement.setBytes(++at, value);
    return this;
  }

  /** Binds all columns but the key: stamp to reference, the slots if wanted, lease, retention. */
  RecordBinder record(KeyRecord next, boolean withSlots) throws SQLException {
    statement.setBytes(++at, next.stamp().bytes());
    statement.setInt(++at, next.format());
    statement.setInt(++at, next.state().code());
    statement.setLong(++at, next.fence());
    statement.setInt(++at, next.attempt());
    statement.setBytes(++at, bytes(next.grant()));
    statement.setString(++at, next.fingerprint().algorithm());
    statement.setBytes(++at, next.fingerprint().digest());
    statement.setBytes(
        ++at, next.reference().map(text -> text.getBytes(StandardCharsets.UTF_8)).orElse(null));
    if (withSlots) {
      // UNCHANGED slots reach this line after ABSENT only, where they mean empty ones, as they say.
      statement.setBytes(++at, next.slots().payload());
      statement.setBytes(++at, next.slots().checkpoint());
    }
    statement.setLong(++at, millis(next.lease()));
    statement.setLong(++at, millis(next.retention()));
    return this;
  }

  private static byte[] bytes(Grant grant) {
    return ByteBuffer.allocate(Grant.LENGTH).putLong(grant.high()).putInt(grant.low()).array();
  }

  /** Rounds up: neither a lease nor a retention may end early. */
  private static long millis(Duration length) {
    return length.plusNanos(NANOS_PER_MILLI - 1).toMillis();
  }
}
