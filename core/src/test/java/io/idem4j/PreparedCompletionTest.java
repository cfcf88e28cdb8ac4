package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PreparedCompletionTest {
  private static final Fingerprint REQUEST = Fingerprint.sha256().part("body", new byte[0]).build();
  private static final OperationPolicy POLICY =
      OperationPolicy.rerun()
          .withLease(Duration.ofMillis(300))
          .withStoreDeadline(Duration.ofMillis(100));

  /** Counts writes, and loses the replies to those that it is told to. */
  private static final class Watched implements KeyStore {
    private final KeyStore store = new MemoryKeyStore(100);
    private final AtomicInteger writes = new AtomicInteger();
    private volatile boolean losesReplies;

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      writes.incrementAndGet();
      CasResult result = store.compareAndSet(id, expected, next);
      if (losesReplies) {
        throw KeyStoreException.unknown("lost by the test", null);
      }
      return result;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return store.find(id);
    }
  }

  private final Watched store = new Watched();
  private final Operation<String> operation =
      Idempotency.builder(store).build().operation("book", Codec.text(), POLICY);
  private final IdempotencyKey key = operation.key(Scope.single(), "k");

  private Lease<String> claim() {
    return ((Claim.Granted<String>) operation.claim(key, REQUEST)).lease();
  }

  private KeyRecord live() {
    return store.find(key.id()).orElseThrow().record();
  }

  private void awaitWrites(int more) throws InterruptedException {
    int wanted = store.writes.get() + more;
    for (int round = 0; store.writes.get() < wanted && round < 1_000; round++) {
      Thread.sleep(5);
    }
    assertThat(store.writes.get()).isGreaterThanOrEqualTo(wanted);
  }

  @Test
  void prepare_suspendsRenewals_andRolledBackResumesThem() throws Exception {
    Lease<String> lease = claim();
    awaitWrites(2);
    PreparedCompletion<String> prepared = lease.prepare("answer");
    assertThat(prepared.expected()).isEqualTo(live().stamp());
    assertThat(prepared.next().state()).isEqualTo(KeyState.COMPLETED);
    int before = store.writes.get();
    Thread.sleep(100);
    assertThat(store.writes).hasValue(before);
    assertThatThrownBy(() -> lease.complete("other")).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> lease.prepare("other")).isInstanceOf(MisuseException.class);
    prepared.rolledBack();
    awaitWrites(1);
    assertThat(lease.complete("answer")).isEqualTo(new Outcome.Executed<>("answer", true));
  }

  @Test
  void prepare_settlesARenewalWhoseReplyWasLost() throws Exception {
    Lease<String> lease = claim();
    store.losesReplies = true;
    awaitWrites(1);
    // Nobody says whether the renewal was applied: nothing can be prepared, and it is held.
    assertThatThrownBy(() -> lease.prepare("answer"))
        .isInstanceOfSatisfying(KeyStoreException.class, e -> assertThat(e.isTransient()).isTrue());
    store.losesReplies = false;
    PreparedCompletion<String> prepared = lease.prepare("answer");
    assertThat(prepared.expected()).isEqualTo(live().stamp());
    assertThat(prepared.writeTo(store)).isInstanceOf(CasResult.Applied.class);
    assertThat(prepared.committed()).isEqualTo(new Outcome.Executed<>("answer", true));
    assertThatThrownBy(() -> lease.fail(new Exception())).isInstanceOf(MisuseException.class);
  }

  @Test
  void unknown_onlyReads_andTellsCommittedFromNotKnown() {
    PreparedCompletion<String> committed = claim().prepare("answer");
    int before = store.writes.get();
    assertThatThrownBy(committed::unknown)
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN));
    assertThat(store.writes).hasValue(before);
    assertThatThrownBy(committed::committed).isInstanceOf(MisuseException.class);

    IdempotencyKey other = operation.key(Scope.single(), "other");
    Lease<String> lease = ((Claim.Granted<String>) operation.claim(other, REQUEST)).lease();
    PreparedCompletion<String> prepared = lease.prepare("answer");
    store.store.compareAndSet(other.id(), prepared.expected(), prepared.next());
    before = store.writes.get();
    assertThat(prepared.unknown()).contains(new Outcome.Executed<>("answer", true));
    assertThat(store.writes).hasValue(before);
  }

  @Test
  void dropBody_leavesATombstone() {
    PreparedCompletion<String> prepared = claim().prepare("a long answer");
    Stamp first = prepared.next().stamp();
    assertThat(prepared.dropBody()).isTrue();
    assertThat(prepared.next().stamp()).isNotEqualTo(first);
    assertThat(prepared.dropBody()).isFalse();
    assertThat(prepared.writeTo(store)).isInstanceOf(CasResult.Applied.class);
    prepared.committed();
    Claim.Denied<String> denied = (Claim.Denied<String>) operation.claim(key, REQUEST);
    assertThat(((Outcome.Replayed<String>) denied.outcome()).bodyKept()).isFalse();
  }
}
