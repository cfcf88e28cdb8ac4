package io.idem4j;

import io.idem4j.KeyAdmin.Inspection;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after keys that nobody retries: lists the records whose holder vanished, and those in
 * doubt, and hands each to a callback that finishes it, undoes it, or finds out what became of it.
 * Made by {@link Operation#completer}.
 *
 * <pre>{@code
 * Completer<Receipt> completer =
 *     charge.completer(
 *         record -> record.reference().orElse("").startsWith("payment "),
 *         (record, context) ->
 *             gateway
 *                 .find(context.derivedKey("charge"))
 *                 .map(Finding::done)
 *                 .orElse(Finding.unknown()));
 * scheduler.scheduleWithFixedDelay(completer::run, 10, 30, TimeUnit.SECONDS);
 * }</pre>
 *
 * <p><b>Which records.</b> A record does not say whose operation it is of: that is hashed into its
 * key id. A scan shows those of the whole store, so the operations of one store give their keys
 * references that can be told apart ({@link IdempotencyKey#withReference}), and each completer is
 * told which are its own. The others are left untouched.
 *
 * <p><b>Many nodes.</b> Every node may run one: each record is first claimed as a caller's takeover
 * claims it, by compare-and-set on the stamp that the scan showed, and the lease is renewed while
 * the callback runs. Whoever comes second leaves the record alone; a caller is told {@link
 * Outcome.InFlight} meanwhile. A completer that was paused beyond its lease overwrites nothing: its
 * finding is counted as lost. A running lease is never touched. A holder that still lives may
 * settle its record until it is claimed, and again after the callback could not tell.
 *
 * <p><b>What becomes of it.</b> {@link Recovery.Finding#done} and {@link Recovery.Finding#failed}
 * are recorded, and replayed to every retry. {@link Recovery.Finding#notDone} releases the key: the
 * next call runs the operation. {@link Recovery.Finding#unknown}, and whatever the callback throws,
 * leave the key in doubt, and nobody is asked about it for the policy's {@linkplain
 * OperationPolicy#withRecoveryPause recovery pause}; where the policy re-runs, an abandoned lock is
 * released instead, and the next call runs the operation. A doubt under such a policy, which only a
 * failure can have left, is never taken: a completer that died would leave a lock, and that runs
 * again; {@link KeyAdmin} settles it. Each answer counts the retention anew.
 *
 * <p>Safe for use by many threads.
 *
 * @param <T> the type of the operation's answers
 */
public final class Completer<T extends @Nullable Object> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final Place BEGIN = new Place(Kind.ABANDONED, Optional.empty());

  private final Engine engine;
  private final Operation<T> operation;
  private final RecordScanner scanner;
  private final Predicate<Inspection> isOurs;
  private final Callback<T> callback;
  private final int limit;
  private final int pageSize;

  private final AtomicBoolean running = new AtomicBoolean();
  private volatile boolean closed;

  /** Where the next run goes on; for the run under way alone. */
  private volatile Place place = BEGIN;

  /** Where a run failed last. */
  private volatile @Nullable Place failedAt;

  Completer(
      Engine engine, Operation<T> operation, Predicate<Inspection> isOurs, Callback<T> callback) {
    this(engine, operation, isOurs, callback, 1_000, 100);
  }

  private Completer(
      Engine engine,
      Operation<T> operation,
      Predicate<Inspection> isOurs,
      Callback<T> callback,
      int limit,
      int pageSize) {
    if (!(engine.store() instanceof RecordScanner scanning)) {
      throw new MisuseException(operation + ": its store cannot list records, so it needs another");
    }
    if (limit < 1 || pageSize < 1) {
      throw new MisuseException("limit and page size of a completer are positive");
    }
    this.engine = engine;
    this.operation = operation;
    this.scanner = scanning;
    this.isOurs = Objects.requireNonNull(isOurs, "isOurs");
    this.callback = Objects.requireNonNull(callback, "callback");
    this.limit = limit;
    this.pageSize = pageSize;
  }

  /**
   * Finishes a record, undoes it, or finds out what became of it. Called for one record at a time
   * by each run, and never by two holders of one key at a time, as far as leases tell.
   *
   * @param <T> the type of the operation's answers
   */
  @FunctionalInterface
  public interface Callback<T extends @Nullable Object> {
    /**
     * Called under the lock of the key, which is renewed meanwhile. An effect that it makes, or an
     * earlier attempt made, may be made again if this process dies before the finding is recorded,
     * so it is made under {@link OperationContext#derivedKey}, or after looking for it.
     *
     * @param record what the record said before it was claimed
     * @param context of this claim; its attempt is one more than the record's
     * @throws Exception whatever went wrong: counts as {@link Recovery.Finding#unknown}
     */
    Recovery.Finding<T> settle(Inspection record, OperationContext context) throws Exception;
  }

  /** How a run ended. */
  public enum End {
    /** At the last record; the next run begins anew. */
    END_OF_SCAN,
    /** At its limit; the next run goes on from there. */
    LIMIT,
    /** By {@link Completer#close}, {@link Idempotency#close} or an interrupt. */
    STOPPED,
    /**
     * The store failed; the next run goes on from there. Where the same page of a scan fails again,
     * the next run goes on behind it: one key that always fails keeps no others waiting.
     */
    STORE_FAILED,
    /** It never began: another run of the same completer is under way. */
    ALREADY_RUNNING
  }

  /**
   * What a run did. Records that were examined and are not counted otherwise were left alone: not
   * ours, not due yet, or settled by somebody else in the meantime.
   *
   * @param end how it ended
   * @param examined how many records the scan showed
   * @param done how many were completed; such a write may still be re-sent in the background
   * @param notDone how many were released
   * @param failed how many got a failure for an answer
   * @param unknown about how many nobody could tell
   * @param lost how many were another holder's when the callback's finding was to be recorded;
   *     nothing was changed
   * @param failure what the store failed with
   */
  public record Run(
      End end,
      int examined,
      int done,
      int notDone,
      int failed,
      int unknown,
      int lost,
      Optional<KeyStoreException> failure) {}

  /** Where a scan goes on. */
  private record Place(Kind kind, Optional<String> from) {
    Place after(RecordScanner.Page page) {
      if (page.next().isPresent()) {
        return new Place(kind, page.next());
      }
      return kind == Kind.ABANDONED ? new Place(Kind.IN_DOUBT, Optional.empty()) : BEGIN;
    }
  }

  /** Counts, for one run. */
  private static final class Tally {
    private int examined;
    private int done;
    private int notDone;
    private int failed;
    private int unknown;
    private int lost;

    void count(Recovery.Finding.Kind kind, boolean isLost) {
      if (isLost) {
        lost++;
        return;
      }
      switch (kind) {
        case DONE -> done++;
        case NOT_DONE -> notDone++;
        case FAILED -> failed++;
        case UNKNOWN -> unknown++;
      }
    }

    Run run(End end, @Nullable KeyStoreException failure) {
      return new Run(
          end, examined, done, notDone, failed, unknown, lost, Optional.ofNullable(failure));
    }
  }

  /**
   * Returns the same completer with another limit on how many records one run examines, ours or
   * not; 1,000 by default.
   *
   * @throws MisuseException if it is not positive
   */
  public Completer<T> withLimit(int records) {
    return new Completer<>(engine, operation, isOurs, callback, records, pageSize);
  }

  /**
   * Returns the same completer with another limit on how many records, payloads included, are read
   * from the store at once; 100 by default.
   *
   * @throws MisuseException if it is not positive
   */
  public Completer<T> withPageSize(int records) {
    return new Completer<>(engine, operation, isOurs, callback, limit, records);
  }

  /**
   * Examines what waits, on this thread, up to the limit or the end; the next run goes on where
   * this one ended. Safe to repeat, and safe to schedule: a failure of the store is logged and
   * returned. An interrupt ends the run after the record at hand, and stays set.
   */
  public Run run() {
    Tally tally = new Tally();
    if (!running.compareAndSet(false, true)) {
      return tally.run(End.ALREADY_RUNNING, null);
    }
    int cell;
    try {
      cell = engine.activity().beginCall();
    } catch (MisuseException e) {
      running.set(false);
      return tally.run(End.STOPPED, null);
    }
    try {
      return tally.run(examine(tally), null);
    } catch (KeyStoreException e) {
      log.warn(
          "operation {}: a completer's run ended early, the store failed ({}, {})",
          operation.name(),
          e.certainty(),
          e.reason());
      return tally.run(End.STORE_FAILED, e);
    } finally {
      engine.activity().end(cell);
      running.set(false);
    }
  }

  private End examine(Tally tally) {
    while (tally.examined < limit) {
      if (isStopped()) {
        return End.STOPPED;
      }
      RecordScanner.Page page = scan(Math.min(pageSize, limit - tally.examined));
      try {
        for (StoredRecord each : shuffled(page.records())) {
          if (isStopped()) {
            return End.STOPPED;
          }
          tally.examined++;
          examine(each, tally);
        }
      } catch (Throwable e) {
        if (place.equals(failedAt)) {
          place = place.after(page);
        } else {
          failedAt = place;
        }
        throw e;
      }
      if (place.equals(failedAt)) {
        failedAt = null;
      }
      // Only now: a run that ends within a page begins with it again, and what was settled by then
      // is not shown any more.
      place = place.after(page);
      if (place.equals(BEGIN)) {
        return End.END_OF_SCAN;
      }
    }
    return End.LIMIT;
  }

  private boolean isStopped() {
    return closed || engine.activity().isClosed() || Thread.currentThread().isInterrupted();
  }

  private RecordScanner.Page scan(int size) {
    try {
      return scanner.scan(place.kind(), size, place.from());
    } catch (KeyStoreException e) {
      throw e;
    } catch (RuntimeException e) {
      // A store throws nothing else, but for a place that it does not know any more.
      place = BEGIN;
      throw KeyStoreException.unknown(
          "the store threw " + e.getClass().getName() + " when scanned", new Withheld(e));
    }
  }

  /** Nodes that see the same page begin at different records, and seldom meet at one. */
  private List<StoredRecord> shuffled(List<StoredRecord> records) {
    List<StoredRecord> shuffled = new ArrayList<>(records);
    for (int last = shuffled.size() - 1; last > 0; last--) {
      int other = engine.random().nextInt(last + 1);
      shuffled.set(other, shuffled.set(last, shuffled.get(other)));
    }
    return shuffled;
  }

  private void examine(StoredRecord scanned, Tally tally) {
    try {
      Inspection record = Inspection.of(scanned);
      if (isOurs(scanned.keyId(), record)) {
        Completing<T> completing = new Completing<>(engine, operation, scanned);
        completing.claim().ifPresent(key -> settle(completing, record, key, tally));
      }
    } catch (KeyStoreException e) {
      // One that cannot be read must not keep the others waiting for ever.
      if (e.reason() != KeyStoreException.Reason.UNREADABLE) {
        throw e;
      }
      log.warn("{}: its record cannot be understood", describe(scanned.keyId()));
    }
  }

  private boolean isOurs(KeyId id, Inspection record) {
    try {
      return isOurs.test(record);
    } catch (RuntimeException e) {
      log.warn("{}: the filter threw {}; left alone", describe(id), e.getClass().getName());
      return false;
    }
  }

  private void settle(Completing<T> completing, Inspection record, HeldKey key, Tally tally) {
    Lease<T> lease = new Lease<>(operation, key);
    Recovery<T> recovery = context -> callback.settle(record, context);
    Recovery.Finding<T> finding = new Recovering<>(engine, lease, recovery).find();
    tally.count(finding.kind(), !completing.settle(lease, finding));
  }

  private String describe(KeyId id) {
    return "operation %s, key %s".formatted(operation.name(), id.shortDigest());
  }

  /**
   * Ends the run under way after the record at hand, and all later ones at once. No effect else.
   */
  @Override
  public void close() {
    closed = true;
  }

  @Override
  public String toString() {
    return "Completer[" + operation + "]";
  }
}
