package io.idem4j.examples.payments;

import io.idem4j.IdempotencyException;
import io.idem4j.examples.payments.EmbeddedServer.UnavailableException;
import io.idem4j.examples.payments.Settings.UsageException;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;

/**
 * The payments example. Without arguments it makes a tour and exits with 0 if each expectation
 * held; {@code serve --port N} runs the service until it is stopped, and {@code server NAME} a
 * store's server alone.
 */
public final class Payments {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  /** No exit status: the process lives on, and ends by a signal. */
  private static final int RUNNING = -1;

  private Payments() {}

  /** Runs the tour, the service, or a server alone. */
  public static void main(String[] args) {
    List<String> arguments = Arrays.asList(args);
    if (arguments.contains("--help") || arguments.contains("-h")) {
      System.out.print(Settings.USAGE);
      return;
    }
    int status = run(arguments);
    if (status != RUNNING) {
      System.exit(status);
    }
  }

  /** Returns the exit status, or {@link #RUNNING}. */
  private static int run(List<String> arguments) {
    try {
      if (arguments.isEmpty() || arguments.get(0).startsWith("--")) {
        return new Tour(System.out, Settings.parseTour(arguments)).run() ? 0 : FAILED;
      }
      List<String> options = arguments.subList(1, arguments.size());
      return switch (arguments.get(0)) {
        case "serve" -> serve(Settings.parse(options));
        case "server" -> server(Settings.parseServer(options));
        default -> throw new UsageException("unknown command: " + arguments.get(0));
      };
    } catch (UsageException e) {
      System.err.println(e.getMessage());
      System.err.println();
      System.err.print(Settings.USAGE);
      return MISUSED;
    } catch (IdempotencyException e) {
      System.err.println("cannot open the store: " + e.getMessage());
    } catch (IOException e) {
      System.err.println("cannot listen on this port: " + e.getClass().getName());
    } catch (SQLException e) {
      // Never the driver's text: it may quote the URL, and that a password.
      System.err.println(
          "cannot open the store: " + e.getClass().getName() + ", SQL state " + e.getSQLState());
    } catch (UnavailableException e) {
      System.err.println(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      System.err.println("interrupted");
    } catch (RuntimeException e) {
      System.err.println("cannot start: " + e.getClass().getName());
    }
    return FAILED;
  }

  private static int serve(Settings settings)
      throws IOException, SQLException, UnavailableException, InterruptedException {
    if (!settings.store().isToBeStarted()) {
      serve(settings, () -> {});
      return RUNNING;
    }
    EmbeddedServer server = EmbeddedServer.start(settings.store().kind(), System.out);
    boolean isServing = false;
    try {
      System.out.println(
          "it is at " + server.store().text() + " and ends, with its data, with this process");
      serve(settings.withStore(server.store()), server::close);
      isServing = true;
      return RUNNING;
    } finally {
      if (!isServing) {
        server.close();
      }
    }
  }

  private static void serve(Settings settings, Runnable atTheEnd) throws IOException, SQLException {
    Service service = Service.start(settings, System.out::println);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  service.close();
                  atTheEnd.run();
                },
                "payments-stop"));
    System.out.println("listening on http://127.0.0.1:" + service.port());
  }

  private static int server(StoreOption.Kind kind)
      throws UnavailableException, InterruptedException {
    EmbeddedServer server = EmbeddedServer.start(kind, System.out);
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "payments-stop"));
    System.out.println("ready for --store " + server.store().text());
    server.join();
    System.err.println("the server has ended");
    return FAILED;
  }
}
