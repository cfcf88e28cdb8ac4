package io.idem4j.jdbc;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.HistoryRecorder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import javax.sql.DataSource;

/**
 * A data source in front of a real one that puts down what the transactional modes write to
 * records: these writes go to a store that is bound to the transaction, where no {@link
 * HistoryRecorder} stands.
 *
 * <p>A write is known by the stamps that a statement of an open transaction was given, and by the
 * record that the transaction itself reads right after it. Nobody else can see it before the
 * commit, so its time is the commit's: all writes of a transaction are put down as {@link
 * Answer#MAYBE} before the commit is sent, as APPLIED when it returned, and not at all where none
 * was sent. What the transaction was refused or read is left out: it says nothing that the checker
 * needs. Safe for use by many threads.
 */
final class TransactionHistory extends BareDataSource {
  private record Write(Stamp expected, KeyRecord next) {}

  private final DataSource target;
  private final HistoryRecorder recorder;
  private final RecordTable table;
  private static final ThreadLocal<KeyId> CALLED = new ThreadLocal<>();
  private static final ThreadLocal<List<Call>> UNANSWERED = ThreadLocal.withInitial(ArrayList::new);

  TransactionHistory(DataSource target, String table, HistoryRecorder recorder) {
    this.target = target;
    this.recorder = recorder;
    Dialect dialect = OwnConnections.of(target, Dialect::of).dialect();
    this.table =
        new RecordTable(dialect, dialect.boundStatements(new TableName(table), Duration.ZERO));
  }

  /** Makes a call of this key in this thread, and puts down what its transactions write. */
  <T> T of(KeyId id, Callable<T> call) throws Exception {
    CALLED.set(id);
    UNANSWERED.get().clear();
    try {
      return call.call();
    } finally {
      CALLED.remove();
    }
  }

  /**
   * The thread's latest call was told that its answer is recorded: where the commit was not
   * answered, what it wrote has been read, and is put down as a write that met itself.
   */
  void confirm(Optional<StoredRecord> live) {
    for (Call each : UNANSWERED.get()) {
      if (live.isPresent() && live.get().stamp().equals(each.next().orElseThrow().stamp())) {
        recorder.add(answered(each, Answer.REFUSED, live));
      }
    }
  }

  boolean hasUnanswered() {
    return !UNANSWERED.get().isEmpty();
  }

  private Call answered(Call sent, Answer answer, Optional<StoredRecord> seen) {
    return new Call(
        sent.id(),
        sent.thread(),
        sent.invoked(),
        recorder.now(),
        answer,
        sent.expected(),
        sent.next(),
        seen);
  }

  @Override
  public Connection getConnection() throws SQLException {
    return new Watched(target.getConnection()).proxy();
  }

  /** One connection, while it is lent. For one thread. */
  private final class Watched {
    private final Connection real;
    private final List<Write> writes = new ArrayList<>();

    Watched(Connection real) {
      this.real = real;
    }

    Connection proxy() {
      return TransactionHistory.proxy(
          Connection.class,
          (name, arguments, call) -> {
            if (name.equals("commit")) {
              return commit(call);
            } else if (name.equals("rollback") && arguments == null) {
              // A savepoint's is none of these: the store writes nothing behind one it goes back
              // to.
              writes.clear();
            }
            Object result = call.make();
            return result instanceof PreparedStatement statement ? proxy(statement) : result;
          },
          real);
    }

    private PreparedStatement proxy(PreparedStatement statement) {
      List<byte[]> bound = new ArrayList<>();
      return TransactionHistory.proxy(
          PreparedStatement.class,
          (name, arguments, call) -> {
            if (name.equals("setBytes")) {
              bound.add((byte[]) arguments[1]);
            }
            Object result = call.make();
            if (name.startsWith("execute") && !bound.isEmpty()) {
              look(bound);
            }
            return result;
          },
          statement);
    }

    /** Looks whether the statement wrote the record of the key that is called. */
    private void look(List<byte[]> bound) throws SQLException {
      KeyId id = CALLED.get();
      if (id == null || real.getAutoCommit()) {
        return;
      }
      Optional<StoredRecord> now = table.find(real, id);
      Stamp expected = expected(id, bound);
      if (now.isPresent()
          && !now.get().stamp().equals(expected)
          && bound.stream().anyMatch(it -> Arrays.equals(it, now.get().stamp().bytes()))) {
        Duration left = now.get().leaseLeft();
        KeyRecord next =
            now.get().record().toBuilder()
                .lease(left.isNegative() ? Duration.ZERO : left)
                .retention(now.get().retentionLeft())
                .build();
        writes.add(new Write(expected, next));
      }
    }

    /** A replacement ends with the key and the stamp that it expects; a claim does not. */
    private Stamp expected(KeyId id, List<byte[]> bound) {
      int last = bound.size() - 1;
      boolean isReplacement = last > 0 && Arrays.equals(bound.get(last - 1), id.bytes());
      return isReplacement && bound.get(last).length == Stamp.LENGTH
          ? Stamp.of(bound.get(last))
          : Stamp.ABSENT;
    }

    private Object commit(Made call) throws Throwable {
      List<Call> sent = new ArrayList<>();
      long invoked = recorder.now();
      int thread = (int) Thread.currentThread().getId();
      for (Write each : writes) {
        KeyRecord next = each.next();
        // A time of its own each: by it, and the thread, a file tells calls apart.
        Call write =
            new Call(
                next.keyId(),
                thread,
                invoked + sent.size(),
                Long.MAX_VALUE,
                Answer.MAYBE,
                each.expected(),
                Optional.of(next),
                Optional.empty());
        recorder.addSent(write);
        sent.add(write);
      }
      writes.clear();
      boolean isAnswered = false;
      try {
        Object result = call.make();
        isAnswered = true;
        return result;
      } finally {
        if (isAnswered) {
          sent.forEach(each -> recorder.add(answered(each, Answer.APPLIED, Optional.empty())));
        } else {
          sent.forEach(recorder::add);
          UNANSWERED.get().addAll(sent);
        }
      }
    }
  }

  /** A call on its way to the driver. */
  @FunctionalInterface
  private interface Made {
    Object make() throws Throwable;
  }

  /** Stands before a driver's object. */
  @FunctionalInterface
  private interface Watch {
    Object see(String name, Object[] arguments, Made call) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Watch watch, Object real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                watch.see(
                    method.getName(),
                    arguments,
                    () -> {
                      try {
                        return method.invoke(real, arguments);
                      } catch (InvocationTargetException e) {
                        throw e.getCause();
                      }
                    })));
  }
}
