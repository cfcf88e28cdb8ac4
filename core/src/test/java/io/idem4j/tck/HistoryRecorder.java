package io.idem4j.tck;

import io.idem4j.Action;
import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.LeaseLostException;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.Outcome;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Records a {@link History}: puts itself around stores, and runs operations. Where a part of the
 * history comes from elsewhere, another process say, {@link #add(Call)} and {@link #add(Deed)} take
 * it. Safe for use by many threads.
 */
public final class HistoryRecorder {
  private final LongSupplier clock;
  private final int tick;
  private final AtomicLong ticks = new AtomicLong();
  private final AtomicInteger callers = new AtomicInteger();
  private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  private final Queue<Deed> deeds = new ConcurrentLinkedQueue<>();
  private final HistoryFile file;

  /** Makes a recorder on {@link System#nanoTime()}, which all processes of a machine share. */
  public HistoryRecorder() {
    this(System::nanoTime, 0, null);
  }

  /**
   * Makes a recorder on {@link System#nanoTime()} that puts all down in a file, for a process that
   * may be killed. Its own {@link #history()} stays empty: {@link HistoryFile#read} has it.
   */
  public HistoryRecorder(HistoryFile file) {
    this(System::nanoTime, 0, file);
  }

  private HistoryRecorder(LongSupplier clock, int tick, HistoryFile file) {
    this.clock = clock;
    this.tick = tick;
    this.file = file;
  }

  /**
   * Makes a recorder on a test's own clock, in nanoseconds. Each time that is taken is a nanosecond
   * later than the clock's per time taken before, so that what happens while the clock stands still
   * has an order.
   */
  public HistoryRecorder(LongSupplier clock) {
    this(clock, 1, null);
  }

  /** Returns the present time, as a call or a deed bears it. */
  public long now() {
    // In this order: whoever asks later gets a later tick and no earlier clock.
    long ticked = ticks.addAndGet(tick);
    return clock.getAsLong() + ticked;
  }

  /** Adds a call that somebody else made. */
  public void add(Call call) {
    if (file == null) {
      calls.add(call);
    } else {
      file.add(call);
    }
  }

  /**
   * Puts a write down that is about to be sent, as {@link Answer#MAYBE}, where the process may not
   * live to see the answer; whatever becomes of it is still to be {@linkplain #add(Call) added}.
   */
  public void addSent(Call call) {
    if (file != null) {
      file.add(call);
    }
  }

  /** Returns a number for the caller of a deed that is added from elsewhere. */
  public int newCaller() {
    return callers.incrementAndGet();
  }

  /** Adds a deed that somebody else saw. */
  public void add(Deed deed) {
    if (file == null) {
      deeds.add(deed);
    } else {
      file.add(deed);
    }
  }

  /** Returns what was recorded so far; calls under way are not in it, so let them end first. */
  public History history() {
    return History.of(List.copyOf(calls), List.copyOf(deeds));
  }

  /**
   * Returns the same store with all its calls recorded. It has to stand where the engine calls:
   * before whatever loses messages, so that what the engine does not know is MAYBE here too. It is
   * {@link ReadFirst} where the store is, and has no other ability.
   */
  public KeyStore around(KeyStore store) {
    return store instanceof ReadFirst first ? new RecordedReadFirst(first) : new Recorded(store);
  }

  /**
   * Calls {@link Operation#execute(IdempotencyKey, Fingerprint, Action)} and records when the
   * action began and what the caller got.
   *
   * @param codec the operation's codec; it has to make the same bytes of the same answer
   */
  public <T, X extends Exception> Outcome<T> execute(
      Operation<T> operation,
      Codec<T> codec,
      IdempotencyKey key,
      Fingerprint fingerprint,
      Action<? extends T, X> action)
      throws X {
    return call(
        codec,
        key,
        fingerprint,
        onStart ->
            operation.execute(
                key,
                fingerprint,
                context -> {
                  onStart.accept(context);
                  return action.run(context);
                }));
  }

  /**
   * A call of another kind than {@link Operation#execute(IdempotencyKey, Fingerprint, Action)}.
   *
   * @param <T> the type of the answer
   * @param <X> what it throws
   */
  @FunctionalInterface
  public interface Way<T, X extends Exception> {
    /**
     * Makes the call.
     *
     * @param onStart to be given the context when the action begins, before it does anything
     */
    Outcome<T> call(Consumer<OperationContext> onStart) throws X;
  }

  /**
   * Makes a call and records when its action began and what the caller got.
   *
   * @param codec as of {@link #execute}
   */
  public <T, X extends Exception> Outcome<T> call(
      Codec<T> codec, IdempotencyKey key, Fingerprint fingerprint, Way<T, X> way) throws X {
    int caller = newCaller();
    List<FingerprintDigest> offered = fingerprint.digests();
    AtomicLong fence = new AtomicLong(-1);
    AtomicInteger attempt = new AtomicInteger();
    long invoked = now();
    Deed deed = Deed.of(key.id(), caller, Kind.ERROR, invoked, Long.MAX_VALUE).offering(offered);
    try {
      Outcome<T> outcome =
          way.call(
              context -> {
                fence.set(context.fence());
                attempt.set(context.attempt());
                add(
                    Deed.of(key.id(), caller, Kind.STARTED, now(), Long.MAX_VALUE)
                        .offering(offered)
                        .under(context.fence(), context.attempt()));
              });
      deed = answered(deed, outcome, codec);
      return outcome;
    } catch (LeaseLostException e) {
      deed = kind(deed, Kind.LOST);
      throw e;
    } catch (Throwable e) {
      // Whatever leaves after the action began is the action's own, or as good as that.
      deed = kind(deed, fence.get() < 0 ? Kind.ERROR : Kind.THREW);
      throw e;
    } finally {
      add(fence.get() < 0 ? deed : deed.under(fence.get(), attempt.get()));
    }
  }

  private <T> Deed answered(Deed deed, Outcome<T> outcome, Codec<T> codec) {
    return outcome.fold(
        it ->
            kind(deed, it.recorded() ? Kind.EXECUTED : Kind.EXECUTED_UNRECORDED)
                .answering(bytes(codec, it.value(), deed.id())),
        it ->
            it.bodyKept()
                ? kind(deed, Kind.REPLAYED)
                    .answering(bytes(codec, it.answer().orElse(null), deed.id()))
                : kind(deed, Kind.REPLAYED_WITHOUT_BODY),
        it ->
            kind(deed, it.recorded() ? Kind.RECOVERED : Kind.RECOVERED_UNRECORDED)
                .answering(bytes(codec, it.value(), deed.id())),
        it -> kind(deed, Kind.IN_FLIGHT),
        it -> kind(deed, Kind.REUSED),
        it -> kind(deed, Kind.FAILED_RECORDED).failing(it.failure().code(), it.failure().bytes()),
        it -> kind(deed, Kind.IN_DOUBT));
  }

  private static <T> byte[] bytes(Codec<T> codec, T value, KeyId id) {
    try {
      return codec.encode(value, id);
    } catch (Exception e) {
      throw new IllegalStateException("an answer that was given out cannot be encoded", e);
    }
  }

  /** The deed as it ended, now. */
  private Deed kind(Deed deed, Kind kind) {
    return Deed.of(deed.id(), deed.caller(), kind, deed.invoked(), now()).offering(deed.offered());
  }

  private class Recorded implements KeyStore {
    private final KeyStore store;

    Recorded(KeyStore store) {
      this.store = store;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      long invoked = now();
      Answer answer = Answer.MAYBE;
      Optional<StoredRecord> seen = Optional.empty();
      addSent(call(id, invoked, Long.MAX_VALUE, answer, expected, Optional.of(next), seen));
      try {
        CasResult result = store.compareAndSet(id, expected, next);
        if (result instanceof CasResult.Applied) {
          answer = Answer.APPLIED;
        } else if (result instanceof CasResult.Refused refused) {
          answer = Answer.REFUSED;
          seen = refused.live();
        } else if (result instanceof CasResult.Busy) {
          answer = Answer.NOT_APPLIED;
        }
        return result;
      } catch (KeyStoreException e) {
        if (e.certainty() == KeyStoreException.Certainty.NOT_APPLIED) {
          answer = Answer.NOT_APPLIED;
        }
        throw e;
      } finally {
        long returned = answer == Answer.MAYBE ? Long.MAX_VALUE : now();
        add(call(id, invoked, returned, answer, expected, Optional.of(next), seen));
      }
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      long invoked = now();
      // A read without an answer says nothing, and is not recorded.
      Optional<StoredRecord> seen = store.find(id);
      add(call(id, invoked, now(), Answer.READ, Stamp.ABSENT, Optional.empty(), seen));
      return seen;
    }

    private Call call(
        KeyId id,
        long invoked,
        long returned,
        Answer answer,
        Stamp expected,
        Optional<KeyRecord> next,
        Optional<StoredRecord> seen) {
      int thread = (int) Thread.currentThread().getId();
      return new Call(id, thread, invoked, returned, answer, expected, next, seen);
    }
  }

  private final class RecordedReadFirst extends Recorded implements ReadFirst {
    private final ReadFirst store;

    RecordedReadFirst(ReadFirst store) {
      super(store);
      this.store = store;
    }

    @Override
    public boolean readsFirst(KeyId id) {
      return store.readsFirst(id);
    }
  }
}
