package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyMachine.Decision;
import io.idem4j.KeyMachine.Known;
import io.idem4j.KeyMachine.Request;
import io.idem4j.Refusals.Settlement;
import io.idem4j.Refusals.Withdrawal;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for every decision of {@link KeyMachine}, whatever record and request meet. */
class KeyMachinePropertiesTest {
  private static final Grant MINE = new Grant(1, 1);
  private static final Grant OTHERS = new Grant(2, 2);
  private static final Grant MARKER = new Grant(3, 3);
  private static final IdempotencyKey KEY = IdempotencyKey.of(Scope.of("t"), "op", "k");
  private static final Fingerprint SAME = Fingerprint.sha256().part("body", "a").build();
  private static final Fingerprint DIFFERENT = Fingerprint.sha256().part("body", "b").build();
  private static final Fingerprint FOREIGN = Fingerprint.sha256("9").part("body", "a").build();
  private static final OperationPolicy RERUN = OperationPolicy.rerun();
  private static final OperationPolicy HOLD = OperationPolicy.hold();
  private static final Known NOTHING = new Known.Nothing();
  private static final long NOW = 1_700_000_000_000L;

  private static final byte[] STEPS =
      RecordedSteps.open("charge", KEY.id(), null).with("draft", null).encode();

  /** The stamps of a claim that has drawn some already. */
  private static final class Drawn implements KeyMachine.Stamps {
    private Stamp last = Stamp.first(MINE);

    @Override
    public Stamp fresh() {
      last = last.next();
      return last;
    }

    @Override
    public boolean drew(Stamp stamp) {
      return stamp.isOf(MINE);
    }
  }

  @Provide
  Arbitrary<StoredRecord> live() {
    Arbitrary<Stamp> stamps =
        Arbitraries.of(Stamp.first(OTHERS), Stamp.first(OTHERS).next(), Stamp.first(MARKER));
    Arbitrary<KeyState> states =
        Arbitraries.of(KeyState.values()).filter(state -> state != KeyState.NEW);
    Arbitrary<Long> fences = Arbitraries.longs().between(0, Long.MAX_VALUE - 1);
    Arbitrary<Integer> attempts = Arbitraries.integers().between(0, 1_000_000);
    Arbitrary<Slots> slots =
        Arbitraries.of(Slots.EMPTY, Slots.of(new byte[] {1}, null), Slots.of(null, STEPS));
    Arbitrary<Duration> leaseLeft =
        Arbitraries.longs().between(-100_000, 100_000).map(Duration::ofMillis);
    return Combinators.combine(stamps, states, fences, attempts, slots, leaseLeft)
        .as(
            (stamp, state, fence, attempt, slot, left) ->
                StoredRecord.of(
                    KeyRecord.builder()
                        .keyId(KEY.id())
                        .stamp(stamp)
                        .state(state)
                        .fence(fence)
                        .attempt(attempt)
                        .grant(OTHERS)
                        .fingerprint(SAME.first())
                        .slots(slot)
                        .build(),
                    left,
                    Duration.ofHours(1)));
  }

  @Provide
  Arbitrary<OperationPolicy> policies() {
    return Arbitraries.of(RERUN, HOLD, RERUN.withLease(Duration.ofMillis(200)));
  }

  private static Decision decide(
      OperationPolicy policy, StoredRecord live, Known known, Fingerprint offered) {
    return KeyMachine.claim(new Request(KEY, offered, policy), live, known, new Drawn(), NOW);
  }

  @Property
  void i10_anyStateWithAnotherFingerprint_isReused(
      @ForAll("live") StoredRecord live, @ForAll("policies") OperationPolicy policy) {
    assertThat(decide(policy, live, NOTHING, DIFFERENT))
        .isEqualTo(new Decision.Reused(live.record()));
    assertThat(decide(policy, live, new Known.Released(0), DIFFERENT))
        .isEqualTo(new Decision.Reused(live.record()));
    assertThatThrownBy(() -> decide(policy, live, NOTHING, FOREIGN))
        .isInstanceOf(IncomparableFingerprintException.class);
    assertThat(decide(policy, live, NOTHING, FOREIGN.or(DIFFERENT)))
        .isEqualTo(new Decision.Reused(live.record()));
  }

  @Property
  void everyDecision_isTheOneOfTheTable(
      @ForAll("live") StoredRecord live, @ForAll("policies") OperationPolicy policy) {
    Decision decision = decide(policy, live, NOTHING, SAME);
    boolean running = live.leaseLeft().compareTo(Duration.ZERO) > 0;
    for (Fingerprint offered : new Fingerprint[] {SAME, DIFFERENT}) {
      assertThat(KeyMachine.isAnswered(new Request(KEY, offered, policy), live.record()))
          .isEqualTo(decide(policy, live, NOTHING, offered) instanceof Decision.Replay);
    }
    switch (live.record().state()) {
      case COMPLETED, FAILED_FINAL ->
          assertThat(decision).isEqualTo(new Decision.Replay(live.record()));
      case FAILED_IN_DOUBT -> assertThat(decision).isEqualTo(new Decision.Doubt(Optional.empty()));
      case FAILED_RETRYABLE ->
          assertThat(decision)
              .isInstanceOfSatisfying(
                  Decision.Take.class, take -> assertThat(take.isTakeover()).isFalse());
      case LOCKED -> {
        if (running) {
          assertThat(decision).isEqualTo(new Decision.Held(live.leaseLeft()));
        } else if (policy.mode() == OperationPolicy.Mode.HOLD) {
          assertThat(decision).isInstanceOf(Decision.Mark.class);
        } else {
          assertThat(decision)
              .isInstanceOfSatisfying(
                  Decision.Take.class, take -> assertThat(take.isTakeover()).isTrue());
        }
      }
      case NEW -> throw new AssertionError("never stored");
    }
  }

  /** While this engine re-sends the end of an operation, its key is neither re-run nor doubted. */
  @Property
  void keyWhoseEndIsPending_isHeld(
      @ForAll("live") StoredRecord live, @ForAll("policies") OperationPolicy policy) {
    Decision decision = decide(policy, live, new Known.Ended(), SAME);
    if (live.record().state() == KeyState.LOCKED) {
      assertThat(decision)
          .isInstanceOfSatisfying(
              Decision.Held.class, held -> assertThat(held.leaseLeft()).isPositive());
    } else {
      assertThat(decision).hasSameClassAs(decide(policy, live, NOTHING, SAME));
    }
  }

  @Property
  void everyWrite_isALegalMoveOverTheRecordThatWasSeen(
      @ForAll("live") StoredRecord live,
      @ForAll("policies") OperationPolicy policy,
      @ForAll boolean released) {
    KeyRecord found = live.record();
    Decision decision = decide(policy, live, released ? new Known.Released(3) : NOTHING, SAME);
    if (decision instanceof Decision.Take take) {
      KeyRecord next = take.next();
      assertThat(take.expected()).isEqualTo(found.stamp());
      assertThat(found.state().canMoveTo(next.state())).isTrue();
      assertThat(next.state()).isEqualTo(KeyState.LOCKED);
      assertThat(next.stamp().isOf(MINE)).isTrue();
      assertThat(next.grant()).isEqualTo(MINE);
      assertThat(next.fence()).as("I2").isGreaterThan(found.fence()).isGreaterThanOrEqualTo(NOW);
      assertThat(next.fingerprint()).as("I11").isEqualTo(found.fingerprint());
      assertThat(next.slots().isUnchanged()).as("the checkpoint is kept").isTrue();
      int ran = released && found.state() == KeyState.LOCKED ? 3 : found.attempt();
      assertThat(next.attempt()).isEqualTo(ran + 1);
      assertThat(next.lease()).as("I31").isEqualTo(policy.lease());
      assertThat(next.retention()).isEqualTo(policy.lockedRetention()).isGreaterThan(next.lease());
    } else if (decision instanceof Decision.Mark mark) {
      KeyRecord next = mark.next();
      assertThat(mark.expected()).isEqualTo(found.stamp());
      assertThat(found.state().canMoveTo(next.state())).isTrue();
      assertThat(next.state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
      assertThat(next.stamp().isOf(MINE)).isTrue();
      assertThat(next.grant()).as("the old holder may still settle").isEqualTo(found.grant());
      assertThat(next.fence()).isEqualTo(found.fence());
      assertThat(next.attempt()).isEqualTo(found.attempt());
      assertThat(next.fingerprint()).isEqualTo(found.fingerprint());
      assertThat(next.slots().isUnchanged()).isTrue();
      assertThat(next.retention()).isEqualTo(Duration.ofDays(30));
    }
  }

  @Property
  void withdrawal_putsBackWhatWasFound(
      @ForAll("live") StoredRecord live,
      @ForAll("policies") OperationPolicy policy,
      @ForAll boolean released) {
    KeyRecord found = live.record();
    Drawn stamps = new Drawn();
    Decision decision =
        KeyMachine.claim(
            new Request(KEY, SAME, policy),
            live,
            released ? new Known.Released(3) : NOTHING,
            stamps,
            NOW);
    if (decision instanceof Decision.Take take) {
      Optional<KeyRecord> putBack = Refusals.withdrawal(policy, take, stamps);
      assertThat(putBack.isEmpty()).isEqualTo(take.isTakeover());
      putBack.ifPresent(
          record -> {
            assertThat(record.state()).isEqualTo(KeyState.FAILED_RETRYABLE);
            assertThat(record.attempt())
                .isEqualTo(found.state() == KeyState.LOCKED ? 3 : found.attempt());
            assertThat(record.grant()).isEqualTo(found.grant());
            assertThat(record.fingerprint()).isEqualTo(found.fingerprint());
            assertThat(record.slots().isUnchanged()).isTrue();
            assertThat(record.stamp()).isNotEqualTo(take.next().stamp());
            assertThat(take.next().state().canMoveTo(record.state())).isTrue();
          });
    }
  }

  @Property
  void ownRecord_isNeverTakenForAnothers(
      @ForAll("policies") OperationPolicy policy, @ForAll("live") StoredRecord live) {
    StoredRecord mine = restamped(live, Stamp.first(MINE).next());
    Decision decision = decide(policy, mine, NOTHING, SAME);
    if (mine.record().state() == KeyState.LOCKED) {
      assertThat(decision).isEqualTo(new Decision.Mine(mine.record(), mine.leaseLeft()));
    } else {
      assertThat(decision).isEqualTo(new Decision.Doubt(Optional.empty()));
    }
  }

  @Property
  void i3_settlementIsDecidedByTheGrant(@ForAll("live") StoredRecord live) {
    KeyRecord mine = locked(MINE);
    for (KeyState wanted :
        List.of(
            KeyState.COMPLETED,
            KeyState.FAILED_FINAL,
            KeyState.FAILED_RETRYABLE,
            KeyState.FAILED_IN_DOUBT)) {
      Settlement settlement = Refusals.settle(mine, wanted, Optional.of(live));
      if (live.record().state().isTerminal()) {
        assertThat(settlement).isEqualTo(new Settlement.Superseded(live.record()));
      } else {
        assertThat(settlement).isInstanceOf(Settlement.Lost.class);
      }
      StoredRecord otherRequest = refingerprinted(live);
      assertThat(Refusals.settle(mine, wanted, Optional.of(otherRequest)))
          .as("another request's answer is never given out")
          .isInstanceOf(Settlement.Lost.class);
      assertThat(Refusals.settle(mine, wanted, Optional.empty()))
          .isInstanceOf(Settlement.Lost.class);

      StoredRecord own = restamped(live, Stamp.first(MINE).next());
      assertThat(Refusals.settle(mine, wanted, Optional.of(own)))
          .isEqualTo(
              live.record().state() == KeyState.LOCKED
                  ? new Settlement.Follow(own.stamp())
                  : new Settlement.Done());
    }
  }

  @Property
  void doubtMarkedByAnother_isSettledByItsOwnHolderAlone(@ForAll("live") StoredRecord live) {
    StoredRecord marked =
        StoredRecord.of(
            live.record().toBuilder()
                .state(KeyState.FAILED_IN_DOUBT)
                .stamp(Stamp.first(MARKER))
                .grant(OTHERS)
                .build(),
            Duration.ZERO,
            Duration.ofDays(1));
    assertThat(Refusals.settle(locked(OTHERS), KeyState.COMPLETED, Optional.of(marked)))
        .isEqualTo(new Settlement.Follow(marked.stamp()));
    assertThat(Refusals.settle(locked(OTHERS), KeyState.FAILED_IN_DOUBT, Optional.of(marked)))
        .isEqualTo(new Settlement.Done());
    assertThat(Refusals.settle(locked(MINE), KeyState.COMPLETED, Optional.of(marked)))
        .isInstanceOf(Settlement.Lost.class);
  }

  @Property
  void renewal_neverRevivesWhatAnotherHolds(@ForAll("live") StoredRecord live) {
    KeyRecord renewed = locked(MINE);
    assertThat(Refusals.renew(renewed, Optional.of(live))).isInstanceOf(Settlement.Lost.class);
    assertThat(Refusals.renew(renewed, Optional.empty())).isInstanceOf(Settlement.Lost.class);
    assertThat(Refusals.renew(renewed, Optional.of(restamped(live, renewed.stamp()))))
        .isEqualTo(new Settlement.Done());
    Stamp earlier = renewed.stamp().next();
    assertThat(Refusals.renew(renewed, Optional.of(restamped(live, earlier))))
        .isInstanceOf(
            live.record().state() == KeyState.LOCKED
                ? Settlement.Follow.class
                : Settlement.Lost.class);
  }

  @Property
  void withdrawal_isSettledByAnothersRecordAlone(@ForAll("live") StoredRecord live) {
    Drawn stamps = new Drawn();
    Stamp expected = Stamp.first(new Grant(9, 9));
    assertThat(Refusals.withdrawn(expected, stamps, Optional.empty())).isEqualTo(Withdrawal.AGAIN);
    assertThat(Refusals.withdrawn(live.stamp(), stamps, Optional.of(live)))
        .isEqualTo(Withdrawal.AGAIN);
    StoredRecord own = restamped(live, Stamp.first(MINE));
    assertThat(Refusals.withdrawn(own.stamp(), stamps, Optional.of(own)))
        .as("the claim's own lock, renewed or not")
        .isEqualTo(live.record().state() == KeyState.LOCKED ? Withdrawal.FOLLOW : Withdrawal.AGAIN);
    StoredRecord doubted =
        StoredRecord.of(
            live.record().toBuilder()
                .state(KeyState.FAILED_IN_DOUBT)
                .stamp(Stamp.first(MARKER))
                .grant(MINE)
                .build(),
            Duration.ZERO,
            Duration.ofDays(1));
    assertThat(Refusals.withdrawn(expected, stamps, Optional.of(doubted)))
        .isEqualTo(Withdrawal.FOLLOW);
    assertThat(Refusals.withdrawn(expected, stamps, Optional.of(live)))
        .isEqualTo(Withdrawal.SETTLED);
    assertThat(
            Refusals.withdrawn(expected, stamps, Optional.of(restamped(live, Stamp.first(MINE)))))
        .isEqualTo(
            live.record().state() == KeyState.LOCKED ? Withdrawal.FOLLOW : Withdrawal.SETTLED);
  }

  @Property
  void needsRenewal_belowTwoThirdsOfTheLease(@ForAll int left) {
    Duration lease = Duration.ofMillis(300);
    assertThat(KeyMachine.needsRenewal(lease, Duration.ofMillis(left))).isEqualTo(left < 200);
  }

  private static KeyRecord locked(Grant grant) {
    return KeyRecord.builder()
        .keyId(KEY.id())
        .stamp(Stamp.first(grant))
        .state(KeyState.LOCKED)
        .fence(1)
        .attempt(1)
        .fingerprint(SAME.first())
        .build();
  }

  private static StoredRecord restamped(StoredRecord live, Stamp stamp) {
    return StoredRecord.of(
        live.record().toBuilder().stamp(stamp).build(), live.leaseLeft(), live.retentionLeft());
  }

  private static StoredRecord refingerprinted(StoredRecord live) {
    return StoredRecord.of(
        live.record().toBuilder().fingerprint(DIFFERENT.first()).build(),
        live.leaseLeft(),
        live.retentionLeft());
  }
}
