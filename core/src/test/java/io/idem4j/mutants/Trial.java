package io.idem4j.mutants;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import net.jqwik.api.Property;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Runs tests on what a {@link MutantLoader} loads. */
final class Trial {
  private static final long LONGEST_SECONDS = 60;

  private final MutantLoader loader;
  private final Path scratch;

  Trial(MutantLoader loader, Path scratch) {
    this.loader = loader;
    this.scratch = scratch;
  }

  /** How one test ended: the failure is null if it succeeded. */
  record Ended(String test, Throwable failure) {
    /** Says whether it failed by a throwable of this simple name, or of a subclass of it. */
    boolean failedBy(String type) {
      if (failure != null) {
        for (Class<?> each = failure.getClass(); each != null; each = each.getSuperclass()) {
          if (each.getSimpleName().equals(type)) {
            return true;
          }
        }
      }
      return false;
    }
  }

  /** Runs one test method. */
  Ended run(String type, String method) throws Exception {
    Class<?> loaded = loader.loadClass(type);
    Method test = methodOf(loaded, method);
    String engine = AnnotationSupport.isAnnotated(test, Property.class) ? "jqwik" : "junit-jupiter";
    List<Ended> ended = apart(engine, selectMethod(loaded, test));
    return ended.stream()
        .filter(each -> each.failure() != null)
        .findFirst()
        .orElseGet(() -> only(ended, method));
  }

  /** Runs all tests of a class, by both engines. */
  List<Ended> runAll(String type) throws Exception {
    Class<?> loaded = loader.loadClass(type);
    List<Ended> ended = new ArrayList<>();
    for (String engine : List.of("junit-jupiter", "jqwik")) {
      ended.addAll(apart(engine, selectClass(loaded)));
    }
    return ended;
  }

  private static Ended only(List<Ended> ended, String method) {
    if (ended.isEmpty()) {
      throw new AssertionError("nothing was run for " + method);
    }
    return ended.get(0);
  }

  private static Method methodOf(Class<?> type, String name) {
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      for (Method method : each.getDeclaredMethods()) {
        if (method.getName().equals(name)) {
          return method;
        }
      }
    }
    throw new AssertionError(type.getName() + " has no test " + name);
  }

  /** On a thread of its own, so that no interrupt and no nested call is left behind. */
  private List<Ended> apart(String engine, DiscoverySelector selector) throws Exception {
    FutureTask<List<Ended>> run = new FutureTask<>(() -> execute(engine, selector));
    Thread thread = new Thread(run, "mutant");
    thread.setDaemon(true);
    thread.setContextClassLoader(loader);
    // Log lines of a mutant tell nobody anything.
    PrintStream errors = System.err;
    System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    try {
      thread.start();
      return run.get(LONGEST_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      return List.of(new Ended("all that was left", e));
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } finally {
      System.setErr(errors);
    }
  }

  private List<Ended> execute(String engine, DiscoverySelector selector) {
    return EngineTestKit.engine(engine)
        .selectors(selector)
        .configurationParameter("junit.jupiter.execution.timeout.default", "20 s")
        .configurationParameter("jqwik.database", scratch.resolve("jqwik").toString())
        .configurationParameter("jqwik.shrinking.default", "OFF")
        .configurationParameter("jqwik.tries.default", "5000")
        .configurationParameter("jqwik.reporting.onlyfailures", "true")
        .configurationParameter("jqwik.reporting.usejunitplatform", "true")
        .execute()
        .allEvents()
        .finished()
        .filter(event -> event.getTestDescriptor().isTest() || !isSuccess(event))
        .map(Trial::ended)
        .toList();
  }

  private static boolean isSuccess(Event event) {
    return result(event).getStatus() == TestExecutionResult.Status.SUCCESSFUL;
  }

  private static TestExecutionResult result(Event event) {
    return event.getRequiredPayload(TestExecutionResult.class);
  }

  private static Ended ended(Event event) {
    TestExecutionResult result = result(event);
    Throwable failure =
        isSuccess(event)
            ? null
            : result.getThrowable().orElseGet(() -> new IllegalStateException("aborted"));
    return new Ended(event.getTestDescriptor().getDisplayName(), failure);
  }
}
