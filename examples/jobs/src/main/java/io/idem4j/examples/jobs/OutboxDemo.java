package io.idem4j.examples.jobs;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Idempotency;
import io.idem4j.Scope;
import io.idem4j.examples.jobs.OrderDesk.Mode;
import io.idem4j.jdbc.JdbcKeyStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Places two orders, one of them twice, and sends what is in the outbox. */
public final class OutboxDemo {
  private OutboxDemo() {}

  /** Runs the demonstration, which ends by itself. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("idem4j-outbox");
    try (FakePartners partners = new FakePartners(directory.resolve("ledger"));
        HikariDataSource database = JobDatabase.open(JobDatabase.h2(directory.resolve("jobs")))) {
      JdbcKeyStore store = JobDatabase.store(database);
      Idempotency idempotency = Idempotency.builder(store).build();
      OrderDesk desk = new OrderDesk(store, idempotency, Scope.of("shop"), Duration.ofSeconds(30));
      for (String number : List.of("order-1", "order-2", "order-1")) {
        System.out.println(number + ": " + desk.place(Mode.ATOMIC, number));
      }
      // The first answer is lost, so the message is sent again, with the same id.
      partners.fail(FakePartners.Fault.LOSE_REPLY, "POST reserve", 1);
      Partners warehouse = new HttpPartners(partners.uri(), Duration.ofSeconds(2));
      boolean isLeft = true;
      while (isLeft) {
        try {
          isLeft = Outbox.relay(database, (id, text) -> warehouse.reserve(id.toString(), text));
        } catch (IOException e) {
          System.out.println("the relay is not sure: " + e.getClass().getSimpleName());
        }
      }
      System.out.println("the warehouse's ledger:");
      partners.ledger().forEach(line -> System.out.println("  " + line));
      idempotency.close();
    }
  }
}
