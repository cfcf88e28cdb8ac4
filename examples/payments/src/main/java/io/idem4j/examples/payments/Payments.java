package io.idem4j.examples.payments;

import io.idem4j.IdempotencyException;
import io.idem4j.examples.payments.Settings.UsageException;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;

/**
 * The payments example. Without arguments it makes a tour and exits with 0 if each expectation
 * held; {@code serve --port N} runs the service until it is stopped.
 */
public final class Payments {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private Payments() {}

  /** Runs the tour or the service. */
  public static void main(String[] args) {
    List<String> arguments = Arrays.asList(args);
    if (arguments.isEmpty()) {
      System.exit(new Tour(System.out).run() ? 0 : FAILED);
    } else if (arguments.contains("--help") || arguments.contains("-h")) {
      System.out.print(Settings.USAGE);
    } else {
      int status = serve(arguments);
      if (status != 0) {
        System.exit(status);
      }
    }
  }

  private static int serve(List<String> arguments) {
    try {
      if (!arguments.get(0).equals("serve")) {
        throw new UsageException("unknown command: " + arguments.get(0));
      }
      Settings settings = Settings.parse(arguments.subList(1, arguments.size()));
      Service service = Service.start(settings, System.out::println);
      Runtime.getRuntime().addShutdownHook(new Thread(service::close, "payments-stop"));
      System.out.println("listening on http://127.0.0.1:" + service.port());
      return 0;
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
    } catch (RuntimeException e) {
      System.err.println("cannot start: " + e.getClass().getName());
    }
    return FAILED;
  }
}
