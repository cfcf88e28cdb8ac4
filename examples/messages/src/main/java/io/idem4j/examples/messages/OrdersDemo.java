package io.idem4j.examples.messages;

import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import io.idem4j.memory.MemoryKeyStore;
import jakarta.jms.Connection;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.h2.jdbcx.JdbcConnectionPool;

/** Sends two orders, one of them twice, and shows what is done. */
public final class OrdersDemo {
  private OrdersDemo() {}

  /** Runs the demonstration, which ends by itself. */
  public static void main(String[] arguments) throws Exception {
    JdbcConnectionPool database = JdbcConnectionPool.create("jdbc:h2:mem:orders", "", "");
    Ledger ledger = new Ledger(database);
    Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(100_000)).build();
    try (Broker broker = new Broker("shop", "warehouse");
        Connection producing = Broker.connect(broker.url(), "shop", 1000);
        Connection consuming = Broker.connect(broker.url(), "warehouse", 1000)) {
      Session session = consuming.createSession(true, Session.SESSION_TRANSACTED);
      session
          .createConsumer(session.createQueue("orders"))
          .setMessageListener(
              new IdempotentListener(
                  session,
                  session.createQueue("orders.dead"),
                  idempotency,
                  "orders",
                  OperationPolicy.rerun(),
                  10,
                  (body, context) -> {
                    String item = new String(body, StandardCharsets.UTF_8);
                    ledger.run(context.derivedUuid("order"), item);
                    ledger.order(context.derivedUuid("order"), item);
                    System.out.println("ordered " + item);
                  }));
      Session sending = producing.createSession(false, Session.AUTO_ACKNOWLEDGE);
      MessageProducer producer = sending.createProducer(sending.createQueue("orders"));
      for (List<String> order :
          List.of(List.of("k1", "tea"), List.of("k2", "coffee"), List.of("k1", "tea"))) {
        TextMessage message = sending.createTextMessage(order.get(1));
        message.setStringProperty(IdempotentListener.KEY, order.get(0));
        producer.send(message);
        System.out.println("sent " + order);
      }
      while (broker.depth("orders") > 0) {
        Thread.sleep(50);
      }
      System.out.println("orders: " + ledger.orders());
    } finally {
      idempotency.close();
      database.dispose();
    }
  }
}
