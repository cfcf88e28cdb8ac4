package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.CrashPoints.Declined;
import io.idem4j.CrashPoints.Doubtful;
import io.idem4j.CrashPoints.Harmless;
import io.idem4j.Recovery.Finding;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * A process that dies at every point of every scenario, one after the other: before each call of
 * the store that the scenario reaches, after it was applied, and before and after the effect; under
 * every policy, with a store that is read first and with one that is not. In virtual time.
 */
class CrashPointTest {
  private static final Duration LONG = Duration.ofSeconds(25);

  /** Lets the scenario reach every point, and dies there; returns how many there were. */
  static int enumerate(String name, Consumer<CrashPoints> scenario) {
    int points = 0;
    for (OperationPolicy.Mode mode : OperationPolicy.Mode.values()) {
      for (boolean readFirst : new boolean[] {false, true}) {
        boolean isReached = true;
        for (int point = 1; isReached; point++) {
          CrashPoints world = new CrashPoints(mode, readFirst, point, name);
          scenario.accept(world);
          isReached = world.dying.isDead();
          world.judge();
          points += isReached ? 1 : 0;
        }
      }
    }
    System.out.printf("crash points of %s: %d%n", name, points);
    assertThat(points).as("points of %s", name).isPositive();
    return points;
  }

  private static String act(CrashPoints world) {
    world.mark();
    String answer = world.effect();
    world.mark();
    return answer;
  }

  @Test
  void firstCall() {
    enumerate("a first call", world -> world.call(context -> act(world)));
  }

  @Test
  void duplicate() {
    enumerate(
        "a duplicate",
        world -> {
          world.callElsewhere(context -> world.effect());
          world.call(context -> act(world));
        });
  }

  @Test
  void harmlessFailure() {
    enumerate(
        "a harmless failure",
        world ->
            world.call(
                context -> {
                  world.mark();
                  throw new Harmless();
                }));
  }

  @Test
  void finalFailure() {
    enumerate(
        "a failure that is an answer",
        world ->
            world.call(
                context -> {
                  world.mark();
                  throw new Declined();
                }));
  }

  @Test
  void doubtfulFailure_behindTheEffect() {
    enumerate(
        "a doubtful failure",
        world ->
            world.call(
                context -> {
                  act(world);
                  throw new Doubtful();
                }));
  }

  @Test
  void replayOfAFailure() {
    enumerate(
        "a replayed failure",
        world -> {
          world.callElsewhere(
              context -> {
                throw new Declined();
              });
          world.call(context -> act(world));
        });
  }

  @Test
  void renewals() {
    enumerate(
        "a long call",
        world ->
            world.call(
                context -> {
                  world.timing.advance(LONG);
                  String answer = act(world);
                  world.timing.advance(LONG);
                  world.mark();
                  return answer;
                }));
  }

  @Test
  void takeover() {
    enumerate(
        "a takeover",
        world -> {
          world.abandonElsewhere();
          world.call(context -> act(world));
        });
  }

  @Test
  void afterAHarmlessFailure() {
    enumerate(
        "a call after a release",
        world -> {
          world.callElsewhere(
              context -> {
                throw new Harmless();
              });
          world.call(context -> act(world));
        });
  }

  @Test
  void recoveryOfAnEffect() {
    enumerate(
        "a recovery that finds an effect",
        world -> {
          world.callElsewhere(
              context -> {
                world.effect();
                throw new Doubtful();
              });
          world.call(context -> act(world));
        });
  }

  @Test
  void recoveryOfNothing() {
    enumerate(
        "a recovery that finds nothing",
        world -> {
          world.callElsewhere(
              context -> {
                throw new Doubtful();
              });
          world.call(context -> act(world));
        });
  }

  @Test
  void recoveryThatCannotTell() {
    enumerate(
        "a recovery that cannot tell",
        world -> {
          world.callElsewhere(
              context -> {
                throw new Doubtful();
              });
          world.finding = Optional.of(Finding.unknown());
          world.call(context -> act(world));
        });
  }

  @Test
  void withdrawal() {
    enumerate(
        "a claim without an answer, withdrawn",
        world -> {
          world.line.onWrites(Collections.nCopies(60, Fault.REPLY_LOST).toArray(Fault[]::new));
          world.call(context -> act(world));
          world.line.clearFaults();
          world.timing.advance(LONG);
        });
  }

  @Test
  void withdrawalOfARetake() {
    enumerate(
        "a retake without an answer, withdrawn",
        world -> {
          world.callElsewhere(
              context -> {
                throw new Harmless();
              });
          world.line.onWrites(Collections.nCopies(60, Fault.REPLY_LOST).toArray(Fault[]::new));
          world.call(context -> act(world));
          world.line.clearFaults();
          world.timing.advance(LONG);
        });
  }

  @Test
  void completionWithoutAnAnswer() {
    enumerate(
        "a completion without an answer, sent again",
        world -> {
          world.call(
              context -> {
                String answer = act(world);
                world.line.onWrites(
                    Collections.nCopies(60, Fault.REPLY_LOST).toArray(Fault[]::new));
                return answer;
              });
          world.line.clearFaults();
          world.timing.advance(LONG);
        });
  }

  @Test
  void steps() {
    enumerate(
        "a call of three steps",
        world ->
            world.call(
                context -> {
                  world.takeSteps(context, true);
                  return act(world);
                }));
  }

  @Test
  void longSteps_renewedMeanwhile() {
    enumerate(
        "a call of three long steps",
        world ->
            world.call(
                context -> {
                  world.takeSteps(context, true, 3, LONG);
                  return act(world);
                }));
  }

  @Test
  void stepsResumed() {
    enumerate(
        "a call that goes on behind two steps",
        world -> {
          world.callElsewhere(
              context -> {
                world.takeSteps(context, false, 2, Duration.ZERO);
                throw new Harmless();
              });
          world.call(
              context -> {
                world.takeSteps(context, true);
                return act(world);
              });
        });
  }

  @Test
  void stepsBeforeADoubtfulFailure() {
    enumerate(
        "a doubtful failure behind three steps",
        world ->
            world.call(
                context -> {
                  world.takeSteps(context, true);
                  act(world);
                  throw new Doubtful();
                }));
  }
}
