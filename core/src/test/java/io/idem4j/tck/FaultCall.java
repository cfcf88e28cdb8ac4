package io.idem4j.tck;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.Optional;

/**
 * A call to a store in the situation that it is made in: what is written before it, directly, and
 * what it then asks.
 */
enum FaultCall {
  CLAIM("claim of an absent key") {
    @Override
    Write prepare(FaultScene scene) {
      return Write.overNothing(Turns.claim(scene.id()));
    }
  },
  CLAIM_EXPIRED("claim over an expired record") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.write(null, Turns.claim(scene.id()));
      scene.write(held, Turns.completion(held).toBuilder().retention(Duration.ofMillis(1)).build());
      scene.awaitExpiry();
      return Write.overNothing(Turns.claim(scene.id()).toBuilder().fence(held.fence() + 1).build());
    }
  },
  CLAIM_IN_FLIGHT("claim refused: in flight") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.write(null, Turns.claim(scene.id()));
      return Write.refused(held, Stamp.ABSENT, Turns.claim(scene.id()));
    }
  },
  REPLAY("claim refused: completed") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.write(null, Turns.claim(scene.id()));
      KeyRecord done = scene.write(held, Turns.completion(held));
      return Write.refused(done, Stamp.ABSENT, Turns.claim(scene.id()));
    }
  },
  RENEWAL("renewal, slots unchanged") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.held();
      return Write.over(held, Turns.renewal(held));
    }
  },
  CHECKPOINT("checkpoint") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.held();
      return Write.over(held, Turns.checkpoint(held));
    }
  },
  COMPLETION("complete") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.held();
      return Write.over(held, Turns.completion(held));
    }
  },
  FINAL_FAILURE("fail, final") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.held();
      return Write.over(held, Turns.finalFailure(held));
    }
  },
  RELEASE("fail, retryable") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.held();
      return Write.over(held, Turns.release(held));
    }
  },
  TAKEOVER("takeover of a lapsed lock") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.held();
      scene.awaitLapse();
      return Write.over(held, Turns.takeover(held));
    }
  },
  STALE_COMPLETION("complete by a stale holder") {
    @Override
    Write prepare(FaultScene scene) {
      KeyRecord held = scene.held();
      scene.awaitLapse();
      KeyRecord taken = scene.write(held, Turns.takeover(held));
      return Write.refused(taken, held.stamp(), Turns.completion(held));
    }
  },
  FIND("find of a live record", false),
  FIND_NONE("find of none", false),
  PURGE("purge", false),
  SCAN("scan", false);

  /**
   * A compare-and-set to be made.
   *
   * @param before what is live, if anything
   * @param matches whether it is what the call expects
   */
  record Write(Optional<KeyRecord> before, boolean matches, Stamp expected, KeyRecord next) {
    static Write overNothing(KeyRecord next) {
      return new Write(Optional.empty(), true, Stamp.ABSENT, next);
    }

    static Write over(KeyRecord before, KeyRecord next) {
      return new Write(Optional.of(before), true, before.stamp(), next);
    }

    static Write refused(KeyRecord before, Stamp expected, KeyRecord next) {
      return new Write(Optional.of(before), false, expected, next);
    }

    /** What is live once the call has had its effect. */
    Optional<KeyRecord> after() {
      return matches ? Optional.of(next.resolveSlots(before.orElse(null))) : before;
    }
  }

  private final String title;
  private final boolean isWrite;

  FaultCall(String title) {
    this(title, true);
  }

  FaultCall(String title, boolean isWrite) {
    this.title = title;
    this.isWrite = isWrite;
  }

  /** Writes what a compare-and-set is to meet; the other calls are {@link FaultCell}'s own. */
  Write prepare(FaultScene scene) {
    throw new UnsupportedOperationException(this + " writes nothing");
  }

  /** Whether it is a compare-and-set. */
  boolean isWrite() {
    return isWrite;
  }

  /** Returns its name as tables and tests show it. */
  @Override
  public String toString() {
    return title;
  }
}
