package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.tck.Told;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** I15: every SQLState means something, and what is not listed is UNKNOWN. */
final class SqlFailureTest {
  @ParameterizedTest
  @CsvSource({
    "55P03, 0, BUSY",
    "HYT00, 50200, BUSY",
    "HYT00, 0, UNKNOWN",
    "HYT01, 0, UNKNOWN",
    "40001, 0, CONFLICT",
    "40001, 40001, CONFLICT",
    "40P01, 0, CONFLICT",
    "90131, 90131, CONFLICT",
    "40003, 0, UNKNOWN",
    "40000, 0, UNKNOWN",
    "40002, 0, UNKNOWN",
    "08000, 0, UNKNOWN",
    "08001, 0, UNKNOWN",
    "08003, 0, UNKNOWN",
    "08006, 0, UNKNOWN",
    "08007, 0, UNKNOWN",
    "08S01, 0, UNKNOWN",
    "57014, 0, UNKNOWN",
    "57P01, 0, UNKNOWN",
    "57P02, 0, UNKNOWN",
    "57P03, 0, UNKNOWN",
    "57P05, 0, UNKNOWN",
    "25006, 0, READ_ONLY",
    "90097, 90097, READ_ONLY",
    "25P02, 0, UNKNOWN",
    "25P03, 0, UNKNOWN",
    "53100, 0, FULL",
    "53000, 0, UNAVAILABLE",
    "53200, 0, UNKNOWN",
    "53300, 0, UNAVAILABLE",
    "53400, 0, UNAVAILABLE",
    "0A000, 0, MISCONFIGURED",
    "22001, 0, MISCONFIGURED",
    "22021, 0, MISCONFIGURED",
    "22P05, 0, MISCONFIGURED",
    "23502, 0, MISCONFIGURED",
    "23505, 0, MISCONFIGURED",
    "23514, 0, MISCONFIGURED",
    "3D000, 0, MISCONFIGURED",
    "3F000, 0, MISCONFIGURED",
    "42501, 0, MISCONFIGURED",
    "42601, 0, MISCONFIGURED",
    "42P01, 0, MISCONFIGURED",
    "42S02, 42102, MISCONFIGURED",
    "54000, 0, MISCONFIGURED",
    "58030, 0, UNKNOWN",
    "90031, 90031, UNKNOWN",
    "90067, 90067, UNKNOWN",
    "90098, 90098, UNKNOWN",
    "90121, 90121, UNKNOWN",
    "HY000, 50000, UNKNOWN",
    "XX000, 0, UNKNOWN",
    "XX001, 0, UNKNOWN",
    "P0001, 0, UNKNOWN",
    "00000, 0, UNKNOWN",
    "99999, 0, UNKNOWN",
    "HY000, 1205, BUSY",
    "40001, 1205, BUSY",
    "40001, 1213, CONFLICT",
    "HY000, 1020, CONFLICT",
    "HY000, 1021, FULL",
    "HY000, 1114, FULL",
    "08004, 1040, UNAVAILABLE",
    "42000, 1203, UNAVAILABLE",
    "42000, 1226, UNAVAILABLE",
    "HY000, 1290, READ_ONLY",
    "25006, 1792, READ_ONLY",
    "HY000, 1836, READ_ONLY",
    "HY000, 1175, MISCONFIGURED",
    "HY000, 1665, MISCONFIGURED",
    "08S01, 1153, MISCONFIGURED",
    "22001, 1406, MISCONFIGURED",
    "23000, 1062, MISCONFIGURED",
    "42S02, 1146, MISCONFIGURED",
    "HY000, 1030, UNKNOWN",
    "HY000, 1180, UNKNOWN",
    "HY000, 1105, UNKNOWN",
    "HY000, 3024, UNKNOWN",
    "HY000, 0, UNKNOWN",
    "08S01, 1053, UNKNOWN",
    "08000, 1927, UNKNOWN",
    "08S01, 0, UNKNOWN",
    "70100, 1317, UNKNOWN",
    "70100, 1969, UNKNOWN",
    "S1000, 0, UNKNOWN",
    "23, 0, UNKNOWN",
    "2350500, 0, UNKNOWN"
  })
  void of_sqlState_meansWhatTheTableSays(String state, int code, SqlFailure expected) {
    assertThat(SqlFailure.of(new SQLException("text", state, code))).isEqualTo(expected);
  }

  @Test
  void of_noSqlState_isUnknown() {
    assertThat(SqlFailure.of(new SQLException("text"))).isEqualTo(SqlFailure.UNKNOWN);
    assertThat(SqlFailure.of(new SQLException("text", "", 50200))).isEqualTo(SqlFailure.UNKNOWN);
  }

  /** No class as a whole is a definite no, but for those listed: what is new is UNKNOWN. */
  @Test
  void of_anyOtherClass_isUnknown() {
    List<String> listed = List.of("0A", "22", "23", "3D", "3F", "42", "53", "54");
    String digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int high = 0; high < digits.length(); high++) {
      for (int low = 0; low < digits.length(); low++) {
        String prefix = "" + digits.charAt(high) + digits.charAt(low);
        boolean isUnknown =
            SqlFailure.of(new SQLException("text", prefix + "ZZZ")) == SqlFailure.UNKNOWN;
        assertThat(isUnknown).as(prefix).isEqualTo(!listed.contains(prefix));
      }
    }
  }

  @Test
  void exception_certaintyAndReason_followTheFailure() {
    for (SqlFailure failure : SqlFailure.values()) {
      KeyStoreException e = failure.exception("a read", new SQLException("secret", "12345", 7));
      assertThat(e.certainty() == Certainty.UNKNOWN).isEqualTo(failure == SqlFailure.UNKNOWN);
      assertThat(e).hasMessageStartingWith("a read failed: ");
      assertThat(e.isTransient())
          .isEqualTo(
              failure == SqlFailure.BUSY
                  || failure == SqlFailure.CONFLICT
                  || failure == SqlFailure.UNAVAILABLE);
    }
  }

  @Test
  void withheld_keepsClassCodesAndPlace_andNoText() {
    SQLException original =
        new SQLException("secret", "23505", 17, new IllegalStateException("more secrets"));
    original.setNextException(new SQLException("hidden"));
    original.addSuppressed(new SQLException("hidden"));
    SQLException standIn = SqlFailure.withheld(new RuntimeException("secret", original));
    assertThat(standIn.getSQLState()).isEqualTo("23505");
    assertThat(standIn.getErrorCode()).isEqualTo(17);
    assertThat(standIn.getMessage())
        .isEqualTo(
            "message withheld: java.lang.RuntimeException, caused by java.sql.SQLException, caused"
                + " by java.lang.IllegalStateException");
    assertThat(SqlFailure.withheld(original).getStackTrace()).isEqualTo(original.getStackTrace());
    assertThat(Told.by(standIn)).doesNotContain("secret").doesNotContain("hidden");
  }
}
