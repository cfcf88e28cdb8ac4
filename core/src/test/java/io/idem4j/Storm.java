package io.idem4j;

import io.idem4j.CallSpec.Ending;
import io.idem4j.CallSpec.Finding;
import io.idem4j.CallSpec.Via;
import io.idem4j.Message.Fate;
import io.idem4j.Message.Kind;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;

/**
 * What the model does to a {@link Simulation}, and how often. Each step is given by small numbers
 * that choose among what there is, so that whatever is left of a chain when it is shrunk makes
 * sense.
 */
final class Storm {
  private Storm() {}

  /** Returns chains of so many steps, each followed by this check. */
  static Arbitrary<ActionChain<Simulation>> chains(int steps, Consumer<Simulation> check) {
    return ActionChain.startWith(Simulation::new)
        .withAction(50, call())
        .withAction(34, go())
        .withAction(14, meet())
        .withAction(11, weather())
        .withAction(12, pass())
        .withAction(4, deliver())
        .withAction(2, of("crash %d", index(), (it, i) -> it.process(i).ifPresent(it::crash)))
        .withAction(3, of("boot %d", index(), (it, i) -> it.mayBoot()))
        .withAction(4, of("stop or go on %d", index(), Storm::stopOrGoOn))
        .withAction(2, of("jump %s", jumps(), Storm::jumpWall))
        .withAction(1, of("freeze or thaw %d", index(), Storm::freezeOrThaw))
        .withAction(1, of("leap %d", index(), Storm::leap))
        .withAction(2, of("interrupt %d", index(), Storm::interrupt))
        .withAction(3, of("resolve %d", index(), Storm::resolve))
        .withAction(1, of("purge %d", index(), (it, i) -> it.memory.purge(100)))
        .withAction(1, of("close %d", index(), Storm::close))
        .withAction(1, of("refuse work or not %d", index(), Storm::refuseWork))
        .withMaxTransformations(steps)
        .map(chain -> chain.withInvariant("sound", check));
  }

  private static <P> Action.Independent<Simulation> of(
      String what, Arbitrary<P> parameters, BiConsumer<Simulation, P> step) {
    return shown(parameters, it -> what.formatted(it), step);
  }

  private static <P> Action.Independent<Simulation> shown(
      Arbitrary<P> parameters, Function<P, String> what, BiConsumer<Simulation, P> step) {
    return () ->
        parameters.map(
            it -> Transformer.mutate(what.apply(it), simulation -> step.accept(simulation, it)));
  }

  private static Arbitrary<Integer> index() {
    return Arbitraries.integers().between(0, 20).withoutEdgeCases();
  }

  private record Call(int process, CallSpec spec) {}

  /** One of each kind is asked for most, so that many meet. */
  private static Arbitrary<Integer> keys() {
    return Arbitraries.frequency(Tuple.of(2, 0), Tuple.of(3, 1), Tuple.of(4, 2), Tuple.of(3, 3));
  }

  private static Action.Independent<Simulation> call() {
    Arbitrary<Plan> plans = Arbitraries.of(Plan.values());
    Arbitrary<Ending> endings =
        Arbitraries.frequency(Tuple.of(6, Ending.ANSWER), Tuple.of(7, null))
            .flatMap(it -> it == null ? Arbitraries.of(Ending.values()) : Arbitraries.just(it));
    Arbitrary<Via> vias =
        Arbitraries.frequency(
            Tuple.of(8, Via.EXECUTE),
            Tuple.of(3, Via.CLAIM),
            Tuple.of(1, Via.CLAIM_AND_CLOSE),
            Tuple.of(3, Via.ASYNC),
            Tuple.of(2, Via.ASYNC_CANCELLED));
    Arbitrary<Boolean> others = Arbitraries.frequency(Tuple.of(8, false), Tuple.of(1, true));
    Arbitrary<CallSpec> specs =
        Combinators.combine(
                keys(),
                others,
                plans,
                vias,
                endings,
                Arbitraries.integers().between(0, 3),
                Arbitraries.frequency(Tuple.of(6, 0), Tuple.of(2, 1), Tuple.of(1, 4)),
                Arbitraries.of(false, true))
            .as(Storm::spec);
    Arbitrary<Finding> findings =
        Arbitraries.frequency(
            Tuple.of(2, Finding.DONE),
            Tuple.of(4, Finding.NOT_DONE),
            Tuple.of(1, Finding.UNKNOWN),
            Tuple.of(1, Finding.THROWS));
    return shown(
        Combinators.combine(index(), specs, findings)
            .as((process, spec, finding) -> new Call(process, spec.finding(finding))),
        it -> "call in " + it.process() + ": " + it.spec(),
        (simulation, it) -> simulation.call(it.process(), it.spec()));
  }

  /** Asks for the key as keys of its kind are asked for. */
  private static CallSpec spec(
      int key,
      boolean other,
      Plan plan,
      Via via,
      Ending ending,
      int pauses,
      int nap,
      boolean heeds) {
    Plan fitting = SimulatedKeys.mode(key).map(plan::like).orElse(plan);
    return new CallSpec(key, other, fitting, via, ending, pauses, nap, heeds, Finding.NOT_DONE);
  }

  private record Go(int steps, long seed) {}

  private static Action.Independent<Simulation> go() {
    return shown(
        Combinators.combine(
                Arbitraries.integers().between(1, 30), Arbitraries.longs().between(0, 1_000_000))
            .as(Go::new),
        Go::toString,
        (simulation, it) -> {
          Random random = new Random(it.seed());
          for (int i = 0; i < it.steps(); i++) {
            simulation.happen(random);
          }
        });
  }

  private record Meet(int message, Fate fate) {}

  private static Action.Independent<Simulation> meet() {
    return shown(
        Combinators.combine(index(), fates()).as(Meet::new),
        Meet::toString,
        (simulation, it) ->
            simulation
                .pending(it.message())
                .ifPresent(message -> simulation.lines.meet(message, it.fate())));
  }

  /** What leaves its sender in the dark comes more often. */
  private static Arbitrary<Fate> fates() {
    return Arbitraries.frequencyOf(
        Tuple.of(4, Arbitraries.of(Fate.values())),
        Tuple.of(5, Arbitraries.of(Fate.REQUEST_LOST, Fate.REPLY_LOST, Fate.HELD_BACK)),
        Tuple.of(1, Arbitraries.just(Fate.SLOW)));
  }

  private record Weather(int process, Fate fate, int messages, Optional<Kind> on) {}

  private static Action.Independent<Simulation> weather() {
    return shown(
        Combinators.combine(
                index(),
                fates(),
                Arbitraries.of(0, 6, 40),
                Arbitraries.of(Kind.values()).optional(0.7))
            .as(Weather::new),
        Weather::toString,
        (simulation, it) ->
            simulation
                .process(it.process())
                .ifPresent(
                    process -> {
                      process.weather = it.fate();
                      process.weatherOn = it.on().orElse(null);
                      process.weatherLeft = it.messages();
                    }));
  }

  private static Action.Independent<Simulation> pass() {
    Arbitrary<Duration> times =
        Arbitraries.frequencyOf(
                Tuple.of(8, Arbitraries.of(10L, 45L, 90L, 150L, 250L, 320L)),
                Tuple.of(8, Arbitraries.of(500L, 900L, 1_100L, 2_200L, 2_900L, 3_200L)),
                Tuple.of(1, Arbitraries.of(10_000L, 610_000L, 1_300_000L)))
            .map(Duration::ofMillis);
    return of("pass %s", times, (simulation, it) -> simulation.pass(it.toNanos()));
  }

  private record Deliver(int message, boolean keep) {}

  private static Action.Independent<Simulation> deliver() {
    return shown(
        Combinators.combine(index(), Arbitraries.of(false, true)).as(Deliver::new),
        Deliver::toString,
        (simulation, it) -> simulation.lines.deliverHeld(it.message(), it.keep()));
  }

  /** Most of the time most things work. */
  private static boolean isRemedy(int choice) {
    return choice > 7;
  }

  private static void stopOrGoOn(Simulation simulation, int process) {
    if (isRemedy(process)) {
      simulation.processes.forEach(it -> it.stopped = false);
    } else {
      simulation.process(process).ifPresent(it -> it.stopped = true);
    }
  }

  private static Arbitrary<Duration> jumps() {
    return Arbitraries.of(3_652L, -3_652L, 1L, -1L).map(Duration::ofDays);
  }

  private static void jumpWall(Simulation simulation, Duration by) {
    simulation.distrustWallClocks();
    simulation.process((int) simulation.step()).ifPresent(it -> it.jumpWall(by));
  }

  private static void freezeOrThaw(Simulation simulation, int process) {
    simulation.distrustWallClocks();
    if (isRemedy(process)) {
      simulation.processes.forEach(it -> it.frozen = it.wallFrozen = false);
    } else {
      simulation.process(process).ifPresent(it -> it.frozen = it.wallFrozen = true);
    }
  }

  private static void leap(Simulation simulation, int process) {
    simulation
        .process(process)
        .ifPresent(it -> it.leap(Duration.ofMillis(500L * (process + 1)).toNanos()));
  }

  private static void interrupt(Simulation simulation, int choice) {
    var strands =
        simulation.processes.stream()
            .flatMap(each -> each.strands.stream())
            .filter(each -> each.isCaller && !each.call.isAsync())
            .toList();
    if (!strands.isEmpty()) {
      Strand strand = strands.get(choice % strands.size());
      strand.call.interrupted = true;
      strand.interrupt();
    }
  }

  private static void resolve(Simulation simulation, int choice) {
    simulation.ledger.resolve(choice % SimulatedKeys.keys(), choice % 2 == 0);
  }

  private static void close(Simulation simulation, int process) {
    simulation
        .process(process)
        .ifPresent(
            it -> {
              it.closed = true;
              it.idempotency.close();
            });
  }

  private static void refuseWork(Simulation simulation, int process) {
    if (isRemedy(process)) {
      simulation.processes.forEach(it -> it.refusesWork = false);
    } else {
      simulation.process(process).ifPresent(it -> it.refusesWork = true);
    }
  }
}
