package io.idem4j.jmh;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * The program. Its arguments are JMH's ({@code -h} lists them), but that forks are made in rounds:
 * each runs every benchmark once, so that what is compared was measured side by side, whatever the
 * machine did in the course of the run. What each call allocates, and how often it goes to the
 * server, is measured beside its time.
 *
 * <pre>
 * java -jar jmh/target/benchmarks.jar CallBenchmark -p store=memory,h2
 * java -jar jmh/target/benchmarks.jar goals
 * java -jar jmh/target/benchmarks.jar report
 * </pre>
 *
 * <p>{@code goals} runs what the project's goals are about, on all its stores; JMH's arguments may
 * follow. The results of all rounds are written as JSON ({@code -rff}, by default {@code
 * benchmarks.json}), of which {@code report} makes a page and tables.
 */
public final class Benchmarks {
  private static final List<String> ASKING = List.of("-h", "-l", "-lp", "-lprof", "-lrf");
  private static final int ROUNDS = 3;
  private static final String RESULTS = "benchmarks.json";
  private static final String WARMUPS = "-wi";

  /** What {@link Goals} compares, and what stands beside it. */
  private static final List<String> GOALS =
      List.of(
          "CallBenchmark -p store=memory -p answer=0,256 -p by=byhand,idem4j,jdempotent",
          "CallBenchmark -p store=memory -p answer=0 -p by=byhand,idem4j -t 2",
          "CallBenchmark -p store=h2 -p by=byhand,idem4j",
          "CallBenchmark -p store=postgresql"
              + " -p by=byhand,idem4j,camel,springintegration,shedlock",
          "CallBenchmark -p store=mariadb,redis -p by=byhand,idem4j",
          // The SDK is compiled for half a minute and more, on the processors that are measured.
          "CallBenchmark -p store=dynamodb -p by=byhand,idem4j,dynamodblockclient -wi 60",
          "LeaseBenchmark.refusal -p store=postgresql,mariadb,redis,dynamodb",
          "HotKeyBenchmark -p store=memory,postgresql -p callers=64 -p waiting=true",
          "HotAnswerBenchmark -p store=postgresql",
          "GrowthBenchmark -p store=memory -p records=10000,1000000 -p by=byhand,idem4j",
          "GrowthBenchmark -p store=postgresql,redis -p records=10000,1000000 -p by=idem4j",
          "PurgeBenchmark -p store=postgresql -p records=1000000");

  private final List<CommandLineOptions> parts;
  private final CommandLineOptions common;
  private final List<String> failures = new ArrayList<>();

  private Benchmarks(List<CommandLineOptions> parts) {
    this.parts = parts;
    this.common = parts.get(0);
  }

  /** Runs benchmarks, or makes the report. */
  public static void main(String[] arguments) throws Exception {
    List<String> all = List.of(arguments);
    if (all.contains("report")) {
      Report.main(all.stream().skip(1).toArray(String[]::new));
    } else if (all.stream().anyMatch(ASKING::contains)) {
      org.openjdk.jmh.Main.main(arguments);
    } else {
      List<String> failures;
      try {
        failures = new Benchmarks(parts(all)).run(shown(all));
      } catch (CommandLineOptionException e) {
        failures = List.of(e.getMessage());
      }
      failures.forEach(System.err::println);
      System.exit(failures.isEmpty() ? 0 : 1);
    }
  }

  /** The command, but for the name of the user's file. */
  private static String shown(List<String> arguments) {
    StringBuilder shown = new StringBuilder("java -jar jmh/target/benchmarks.jar");
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).equals("-rff")) {
        i++;
      } else {
        shown.append(' ').append(arguments.get(i));
      }
    }
    return shown.toString();
  }

  static List<CommandLineOptions> parts(List<String> arguments) throws CommandLineOptionException {
    if (arguments.isEmpty() || !arguments.get(0).equals("goals")) {
      return List.of(new CommandLineOptions(arguments.toArray(String[]::new)));
    }
    List<String> more = arguments.subList(1, arguments.size());
    List<CommandLineOptions> parts = new ArrayList<>();
    for (String each : GOALS) {
      List<String> part = new ArrayList<>(List.of(each.split(" ", -1)));
      int own = part.indexOf(WARMUPS);
      if (own >= 0 && more.contains(WARMUPS)) {
        part.subList(own, own + 2).clear();
      }
      part.addAll(more);
      parts.add(new CommandLineOptions(part.toArray(String[]::new)));
    }
    return parts;
  }

  private List<String> run(String command) throws IOException, SQLException {
    List<StartedServer> servers = new ArrayList<>();
    try {
      List<String> addresses = new ArrayList<>();
      Map<String, Map<String, String>> settings = new TreeMap<>();
      for (StoreType each : stores()) {
        String address = given(each);
        if (address.isEmpty() && !each.serverName().isEmpty()) {
          System.out.println("Starting a server for " + each.storeName());
          StartedServer server = StartedServer.start(each.serverName());
          servers.add(server);
          address = server.address();
          addresses.add("-D" + StoreType.ADDRESS + each.storeName() + "=" + address);
        }
        settings.put(each.storeName(), Settings.of(each, address));
      }
      Path file = Path.of(common.getResult().orElse(RESULTS));
      int rounds = common.getForkCount().orElse(ROUNDS);
      Collection<RunResult> results = runRounds(rounds, addresses);
      ResultFormatFactory.getInstance(
              common.getResultFormat().orElse(ResultFormatType.JSON), file.toString())
          .writeOut(results);
      Surroundings.ofThisMachine(command, rounds, settings).write(Surroundings.beside(file));
      System.out.printf("%nResults: %s. A page of them: report %s%n", file, file);
      return failures;
    } finally {
      servers.forEach(StartedServer::close);
    }
  }

  /** The stores of this project that are asked for. */
  private Set<StoreType> stores() {
    Set<StoreType> stores = EnumSet.noneOf(StoreType.class);
    for (CommandLineOptions part : parts) {
      Collection<String> names =
          part.getParameter("store").orElse(List.of(StoreType.MEMORY.storeName()));
      Arrays.stream(StoreType.values())
          .filter(it -> names.contains(it.storeName()))
          .forEach(stores::add);
    }
    return stores;
  }

  /** Where a server is that was there before; empty if none is named. */
  private String given(StoreType type) {
    String option = "-D" + StoreType.ADDRESS + type.storeName() + "=";
    return common.getJvmArgsAppend().orElse(List.of()).stream()
        .filter(it -> it.startsWith(option))
        .map(it -> it.substring(option.length()))
        .findFirst()
        .orElse("");
  }

  private Collection<RunResult> runRounds(int rounds, List<String> addresses) {
    Map<String, RunResult> all = new TreeMap<>();
    for (int round = 1; round <= rounds; round++) {
      System.out.printf("Round %d of %d%n", round, rounds);
      for (CommandLineOptions part : parts) {
        for (RunResult each : runOnce(part, addresses)) {
          all.merge(id(each.getParams()), each, Benchmarks::together);
        }
      }
    }
    return all.values();
  }

  private Collection<RunResult> runOnce(CommandLineOptions part, List<String> addresses) {
    List<String> jvm = new ArrayList<>(part.getJvmArgsAppend().orElse(List.of()));
    jvm.addAll(addresses);
    // Pools and drivers tell of each connection.
    jvm.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
    OptionsBuilder once = new OptionsBuilder();
    once.parent(part).forks(1).shouldFailOnError(true).jvmArgsAppend(jvm.toArray(String[]::new));
    once.addProfiler(GCProfiler.class).addProfiler(CountsProfiler.class);
    try {
      return new Runner(once.build()).run();
    } catch (RunnerException e) {
      failures.add("failed: " + part.getIncludes() + ": " + e.getMessage());
      return List.of();
    }
  }

  private static String id(BenchmarkParams params) {
    StringBuilder id =
        new StringBuilder(params.getBenchmark()).append(' ').append(params.getThreads());
    params.getParamsKeys().forEach(key -> id.append(' ').append(params.getParam(key)));
    return id.toString();
  }

  private static RunResult together(RunResult before, RunResult more) {
    List<BenchmarkResult> results = new ArrayList<>(before.getBenchmarkResults());
    results.addAll(more.getBenchmarkResults());
    return new RunResult(before.getParams(), results);
  }
}
