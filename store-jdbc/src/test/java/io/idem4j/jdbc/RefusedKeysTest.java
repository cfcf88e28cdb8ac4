package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class RefusedKeysTest {
  private final RefusedKeys keys = new RefusedKeys();

  private static KeyId same(KeyId id) {
    return KeyId.of(id.bytes());
  }

  @Test
  void keyThatWasAdded_isContained_untilItIsRemoved() {
    KeyId id = Samples.keyId();
    assertThat(keys.contains(id)).isFalse();
    keys.add(id);
    assertThat(keys.contains(same(id))).isTrue();
    keys.remove(same(id));
    assertThat(keys.contains(id)).isFalse();
  }

  @Test
  void asManyAsThereIsRoomFor_areKept_theLastOfEachPlace() {
    List<KeyId> ids = Stream.generate(Samples::keyId).limit(20L * RefusedKeys.PLACES).toList();
    ids.forEach(keys::add);
    assertThat(keys.contains(ids.get(ids.size() - 1))).isTrue();
    assertThat(ids.stream().filter(keys::contains).count())
        .isBetween(RefusedKeys.PLACES * 9L / 10, (long) RefusedKeys.PLACES);
  }

  @Test
  void removal_takesNoOthersPlace() {
    List<KeyId> ids = Stream.generate(Samples::keyId).limit(20L * RefusedKeys.PLACES).toList();
    ids.forEach(keys::add);
    List<KeyId> kept = ids.stream().filter(keys::contains).toList();
    ids.stream().filter(id -> !keys.contains(id)).forEach(keys::remove);
    assertThat(kept).allMatch(keys::contains);
  }

  /** A proxy may send plain reads to a replica, and claims to the primary. */
  @Test
  void readFirstThatAReplicaAnswers_decidesNothing_theClaimDoes() throws Exception {
    String table = Sql.freshTable();
    KeyRecord late = Rows.justRefused(Rows.store(Postgres.dataSource(), table));
    PostgresDialect dialect = new PostgresDialect();
    Statements whole = dialect.statements(new TableName(table), Duration.ofMillis(200));
    Statements misled =
        new Statements(
            whole.claim(),
            whole.claimForm(),
            whole.claimOver(),
            whole.replace(),
            whole.replaceKeepingSlots(),
            whole.read().replace("pg_is_in_recovery()", "true"),
            whole.purge(),
            whole.scanAbandoned(),
            whole.scanInDoubt());
    RecordTable records = new RecordTable(dialect, misled);
    try (Connection connection = Postgres.dataSource().getConnection()) {
      assertThatThrownBy(() -> records.find(connection, late.keyId()))
          .isInstanceOf(KeyStoreException.class);
      assertThat(records.compareAndSet(connection, late.keyId(), Stamp.ABSENT, late, true))
          .isInstanceOf(CasResult.Refused.class);
    }
  }
}
