package io.idem4j.jdbc;

import io.idem4j.MisuseException;
import java.util.Set;
import javax.sql.DataSource;

/**
 * Refuses data sources that are known to hand out the connection of the caller's transaction (S11):
 * a claim on it would be undone by the caller's rollback, and a failed one would poison the
 * caller's work. Known by class name, because none of them is a dependency.
 */
final class UnmanagedDataSource {
  private static final Set<String> JOINING =
      Set.of(
          "org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy",
          "org.springframework.jdbc.datasource.SingleConnectionDataSource",
          "org.apache.commons.dbcp2.managed.ManagedDataSource",
          "org.apache.commons.dbcp2.managed.BasicManagedDataSource",
          "com.atomikos.jdbc.AbstractDataSourceBean",
          "com.atomikos.jdbc.internal.AbstractDataSourceBean",
          "bitronix.tm.resource.jdbc.PoolingDataSource");

  private UnmanagedDataSource() {}

  /**
   * Looks at the class and its superclasses.
   *
   * @throws MisuseException if connections of this data source join transactions
   */
  static DataSource require(DataSource dataSource) {
    for (Class<?> each = dataSource.getClass(); each != null; each = each.getSuperclass()) {
      if (JOINING.contains(each.getName())) {
        throw new MisuseException(
            "a "
                + each.getSimpleName()
                + " hands out connections that belong to the caller's transaction; give the store"
                + " the data source behind it");
      }
    }
    return dataSource;
  }
}
