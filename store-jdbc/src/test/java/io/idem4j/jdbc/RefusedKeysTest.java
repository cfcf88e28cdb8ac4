package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.tck.Samples;
import java.lang.reflect.Proxy;
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
  void replayWhoseReadAReplicaAnswers_isThatOfTheClaim() {
    JdbcKeyStore store =
        JdbcKeyStore.builder(Postgres.dataSource())
            .table(Sql.freshTable())
            .createTableIfMissing()
            .build(connection -> readingFromAReplica(new PostgresDialect()));
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      Operation<String> operation = Rows.justRefused(idempotency);
      for (int call = 0; call < 2; call++) {
        assertThat(store.readsFirst(Rows.HOT.id())).isTrue();
        assertThat(operation.execute(Rows.HOT, Fingerprint.none(), context -> "again"))
            .isInstanceOf(Outcome.Replayed.class);
      }
      assertThatThrownBy(() -> store.find(Rows.HOT.id()))
          .isInstanceOfSatisfying(
              KeyStoreException.class,
              e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.READ_ONLY));
    }
  }

  private static Dialect readingFromAReplica(Dialect dialect) {
    return (Dialect)
        Proxy.newProxyInstance(
            Dialect.class.getClassLoader(),
            new Class<?>[] {Dialect.class},
            (proxy, method, arguments) -> {
              Object result = method.invoke(dialect, arguments);
              return result instanceof Statements whole ? readingFromAReplica(whole) : result;
            });
  }

  private static Statements readingFromAReplica(Statements whole) {
    return new Statements(
        whole.claim(),
        whole.claimForm(),
        whole.claimOver(),
        whole.replace(),
        whole.replaceKeepingSlots(),
        whole.read().replace("pg_is_in_recovery()", "true"),
        whole.purge(),
        whole.scanAbandoned(),
        whole.scanInDoubt());
  }
}
