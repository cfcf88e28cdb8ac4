package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.IdempotencyKey;
import io.idem4j.Scope;
import io.idem4j.examples.payments.Ledger.Effects;
import io.idem4j.examples.payments.Ledger.Payment;
import io.idem4j.examples.payments.StoreOption.Kind;
import java.math.BigDecimal;
import java.sql.Connection;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MariaDbServiceTest extends ServiceContract {
  @Override
  String store() throws Exception {
    return Servers.at(Kind.MARIADB);
  }

  private String url() throws Exception {
    return StoreOption.parse(store()).address();
  }

  @Test
  void connections_areReadCommittedAndNotPatientForEver() throws Exception {
    try (var pool = Database.pool(url(), Database.limits(url()));
        Connection connection = pool.getConnection()) {
      assertThat(connection.getTransactionIsolation())
          .isEqualTo(Connection.TRANSACTION_READ_COMMITTED);
      assertThat(connection.getNetworkTimeout()).isEqualTo(10_000);
    }
    String patient = url() + "&socketTimeout=3000";
    try (var pool = Database.pool(patient, Database.limits(patient));
        Connection connection = pool.getConnection()) {
      assertThat(connection.getNetworkTimeout()).isEqualTo(3_000);
    }
  }

  /** The database's own collation takes these names for one; the tables' may not. */
  @Test
  void stores_3_2_3_namesAlikeToACollation_areDifferentTenantsAndAccounts() throws Exception {
    String name = "Tenant-" + UUID.randomUUID();
    try (var pool = Database.pool(url(), Database.limits(url()))) {
      Ledger ledger = new JdbcLedger(pool);
      ledger.pay(name, new Payment(UUID.randomUUID(), new BigDecimal("3"), "EUR"));
      ledger.increment(name, "till", UUID.randomUUID(), 5);
      for (String other : new String[] {name.toLowerCase(Locale.ROOT), name + " "}) {
        assertThat(ledger.effects(other)).isEqualTo(new Effects(0, 0));
        assertThat(ledger.balance(other, "till")).isZero();
      }
      for (String other : new String[] {"TILL", "till "}) {
        assertThat(ledger.balance(name, other)).isZero();
        ledger.increment(name, other, UUID.randomUUID(), 1);
      }
      assertThat(ledger.balance(name, "till")).isEqualTo(5);
    }
  }

  /** The type UUID of MariaDB 11.4 refuses about one id of version 8 in a hundred. */
  @Test
  void ids_ofManyKeys_areAllTaken() throws Exception {
    String tenant = "tenant-" + UUID.randomUUID();
    try (var pool = Database.pool(url(), Database.limits(url()))) {
      Ledger ledger = new JdbcLedger(pool);
      for (int i = 0; i < 2_000; i++) {
        UUID id = Guard.effectId(IdempotencyKey.of(Scope.of(tenant), "op", Integer.toString(i)));
        Payment payment = new Payment(id, new BigDecimal("3"), "EUR");
        ledger.pay(tenant, payment);
        assertThat(ledger.payment(tenant, id)).contains(payment);
      }
      assertThat(ledger.effects(tenant)).isEqualTo(new Effects(2_000, 0));
    }
  }

  @Test
  void stores_3_2_1_rowsCountedOnlyWhenChanged_sayTheSame() throws Exception {
    String counting = url() + "&useAffectedRows=true";
    String tenant = "tenant-" + UUID.randomUUID();
    UUID id = UUID.randomUUID();
    try (var pool = Database.pool(counting, Database.limits(counting))) {
      Ledger ledger = new JdbcLedger(pool);
      ledger.pay(tenant, new Payment(id, new BigDecimal("3"), "EUR"));
      assertThat(ledger.delete(tenant, id)).isTrue();
      assertThat(ledger.delete(tenant, id)).isTrue();
      assertThat(ledger.delete("other" + tenant, id)).isFalse();
      assertThat(ledger.increment(tenant, "till", UUID.randomUUID(), 0)).isZero();
      assertThat(ledger.increment(tenant, "till", UUID.randomUUID(), 5)).isEqualTo(5);
      assertThat(ledger.effects(tenant)).isEqualTo(new Effects(1, 2));
    }
  }
}
