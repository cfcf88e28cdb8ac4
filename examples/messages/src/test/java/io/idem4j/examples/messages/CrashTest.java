package io.idem4j.examples.messages;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy.Mode;
import io.idem4j.examples.messages.ConsumerChild.Point;
import java.nio.file.Path;
import java.util.Random;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Consumers that are killed with SIGKILL, over a broker that lives on. */
@Timeout(120)
final class CrashTest {
  @TempDir private Path directory;

  private Path database;
  private Broker broker;
  private Mail mail;

  @BeforeEach
  void start() throws Exception {
    database = directory.resolve("orders");
    broker = new Broker("producer", "consumer", "operator");
    mail = new Mail(broker);
  }

  @AfterEach
  void stop() throws Exception {
    mail.close();
    broker.close();
  }

  private void killAt(Point point, Mode mode) throws Exception {
    try (ConsumerChild child = ConsumerChild.start(broker.url(), database, point, mode)) {
      child.awaitLine("ready");
      child.awaitLine("at " + point);
    }
    assertThat(broker.depth("orders")).isEqualTo(1);
  }

  private void consumeAll(Mode mode) throws Exception {
    try (ConsumerChild child = ConsumerChild.start(broker.url(), database, Point.NONE, mode)) {
      child.awaitLine("ready");
      mail.awaitEmpty("orders");
    }
  }

  private void assertLedger(int orders, int runs) throws Exception {
    JdbcConnectionPool pool = ConsumerChild.open(database);
    try {
      Ledger ledger = new Ledger(pool);
      assertThat(ledger.orders()).isEqualTo(orders);
      assertThat(ledger.runs()).isEqualTo(runs);
    } finally {
      pool.dispose();
    }
  }

  @Test
  void row44_killedAtEachPlaceInTurn_theMessageTakesEffectOnce() throws Exception {
    mail.send("producer", "k1", "tea");
    killAt(Point.BEGUN, Mode.RERUN);
    assertLedger(0, 1);
    killAt(Point.EFFECT, Mode.RERUN);
    assertLedger(1, 2);
    // The effect is repeated, and the derived id makes one of the two.
    killAt(Point.COMPLETED, Mode.RERUN);
    assertLedger(1, 3);
    // What was recorded is not run again: the message is only acknowledged.
    consumeAll(Mode.RERUN);
    assertLedger(1, 3);
    assertThat(mail.deadLetters(0)).isEmpty();
  }

  @Test
  void row44_killedAfterTheEffectUnderHold_isInDoubtAndDeadLettered() throws Exception {
    mail.send("producer", "k1", "tea");
    killAt(Point.EFFECT, Mode.HOLD);
    consumeAll(Mode.HOLD);
    assertLedger(1, 1);
    assertThat(mail.deadLetters(1)).containsExactly("tea outcome-unknown producer");
  }

  @Test
  void row44_killedAmongMessages_eachMessageTakesEffectOnce() throws Exception {
    long seed = System.nanoTime();
    System.out.println("CrashTest: seed " + seed);
    Random random = new Random(seed);
    int messages = 30;
    for (int number = 0; number < messages; number++) {
      mail.send("producer", "k" + number, "item " + number);
    }
    for (int kills = 2; kills > 0; kills--) {
      long left = 10L * kills + random.nextInt(10);
      try (ConsumerChild child =
          ConsumerChild.start(broker.url(), database, Point.NONE, Mode.RERUN)) {
        child.awaitLine("ready");
        while (broker.depth("orders") > left) {
          Thread.sleep(1);
        }
        Thread.sleep(random.nextInt(5));
      }
    }
    consumeAll(Mode.RERUN);
    JdbcConnectionPool pool = ConsumerChild.open(database);
    try {
      Ledger ledger = new Ledger(pool);
      assertThat(ledger.orders()).as("seed %d", seed).isEqualTo(messages);
      assertThat(ledger.runs()).as("seed %d", seed).isBetween(messages, messages + 2);
    } finally {
      pool.dispose();
    }
    assertThat(mail.deadLetters(0)).as("seed %d", seed).isEmpty();
  }
}
