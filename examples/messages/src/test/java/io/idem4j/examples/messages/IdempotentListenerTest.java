package io.idem4j.examples.messages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.idem4j.Idempotency;
import io.idem4j.IdempotencyListener;
import io.idem4j.OperationPolicy;
import io.idem4j.spi.KeyState;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages over a real broker, and consumers in this process. */
@Timeout(60)
final class IdempotentListenerTest {
  private static final OperationPolicy RERUN = OperationPolicy.rerun();
  private static final long DELAY = 100;

  private final UnreliableStore store = new UnreliableStore();
  private final List<String> runs = new CopyOnWriteArrayList<>();
  private final List<Long> inFlight = new CopyOnWriteArrayList<>();
  private final CountDownLatch recordedUnknown = new CountDownLatch(1);
  private final List<AutoCloseable> closing = new ArrayList<>();
  private Idempotency idempotency;
  private Broker broker;
  private Mail mail;

  @BeforeEach
  void start() throws Exception {
    broker = new Broker("a", "b", "consumer", "operator");
    mail = new Mail(broker);
    idempotency =
        Idempotency.builder(store)
            .listener(
                new IdempotencyListener() {
                  @Override
                  public void inFlight(Event event) {
                    inFlight.add(System.nanoTime());
                  }

                  @Override
                  public void recordedUnknown(Event event) {
                    recordedUnknown.countDown();
                  }
                })
            .build();
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : closing) {
      each.close();
    }
    mail.close();
    broker.close();
    idempotency.close();
  }

  private void consume(OperationPolicy policy, MessageHandler handler) throws Exception {
    Connection connection = Broker.connect(broker.url(), "consumer", DELAY);
    closing.add(connection);
    Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
    session
        .createConsumer(session.createQueue("orders"))
        .setMessageListener(
            new IdempotentListener(
                session,
                session.createQueue("orders.dead"),
                idempotency,
                "orders",
                policy,
                3,
                (body, context) -> {
                  runs.add(new String(body, StandardCharsets.UTF_8));
                  handler.handle(body, context);
                }));
  }

  @Test
  void row01_row02_sentThreeTimes_takesEffectOnceAndIsAcknowledged() throws Exception {
    for (int time = 0; time < 3; time++) {
      mail.send("a", "k1", "tea");
    }
    consume(RERUN, (body, context) -> {});
    mail.awaitEmpty("orders");
    assertThat(runs).containsExactly("tea");
    assertThat(mail.deadLetters(0)).isEmpty();
  }

  @Test
  void bytesAndEmptyBodies_areHandledAsTheyAre() throws Exception {
    mail.send("a", "k1", "");
    for (int time = 0; time < 2; time++) {
      mail.send(
          "a",
          session -> {
            var message = session.createBytesMessage();
            message.writeBytes("coffee".getBytes(StandardCharsets.UTF_8));
            message.setStringProperty(IdempotentListener.KEY, "k2");
            return message;
          });
    }
    consume(RERUN, (body, context) -> {});
    mail.awaitEmpty("orders");
    assertThat(runs).containsExactly("", "coffee");
    assertThat(mail.deadLetters(0)).isEmpty();
  }

  @Test
  void h10_keyReusedWithAnotherBody_isDeadLetteredAndNeverRun() throws Exception {
    mail.send("a", "k1", "tea");
    mail.send("a", "k1", "coffee");
    // The same bytes as another kind are another message.
    mail.send(
        "a",
        session -> {
          var message = session.createBytesMessage();
          message.writeBytes("tea".getBytes(StandardCharsets.UTF_8));
          message.setStringProperty(IdempotentListener.KEY, "k1");
          return message;
        });
    consume(RERUN, (body, context) -> {});
    mail.awaitEmpty("orders");
    assertThat(runs).containsExactly("tea");
    assertThat(mail.deadLetters(2))
        .containsExactly("coffee key-reused a", "ActiveMQBytesMessage key-reused a");
  }

  @Test
  void h34_messagesWithoutAUsableKeyOrBody_areDeadLetteredBeforeTheStoreIsAsked() throws Exception {
    mail.send("a", (String) null, "tea");
    mail.send("a", " ", "tea");
    mail.send("a", "k".repeat(256), "tea");
    mail.send(
        "a",
        session -> {
          var message = session.createMapMessage();
          message.setStringProperty(IdempotentListener.KEY, "k1");
          return message;
        });
    consume(RERUN, (body, context) -> {});
    mail.awaitEmpty("orders");
    assertThat(mail.deadLetters(4))
        .containsExactly(
            "tea key-missing a",
            "tea key-malformed a",
            "tea key-malformed a",
            "ActiveMQMapMessage body-unsupported a");
    assertThat(runs).isEmpty();
    assertThat(store.writes).hasValue(0);
  }

  @Test
  void h35_twoProducersWithOneKey_neverMeetWhateverTheyClaim() throws Exception {
    mail.send("a", "k1", "tea");
    mail.send(
        "b",
        session -> {
          TextMessage message = session.createTextMessage("coffee");
          message.setStringProperty(IdempotentListener.KEY, "k1");
          message.setStringProperty("JMSXUserID", "a");
          return message;
        });
    consume(RERUN, (body, context) -> {});
    mail.awaitEmpty("orders");
    assertThat(runs).containsExactly("tea", "coffee");
    assertThat(mail.deadLetters(0)).isEmpty();
  }

  @Test
  void deadLetter_keepsWhatTheProducerSet() throws Exception {
    mail.send(
        "a",
        session -> {
          TextMessage message = session.createTextMessage("tea");
          message.setStringProperty(IdempotentListener.KEY, "k1");
          message.setIntProperty("cups", 2);
          message.setJMSCorrelationID("c1");
          return message;
        });
    consume(
        RERUN,
        (body, context) -> {
          throw new PoisonMessageException("unknown-article");
        });
    Message letter = mail.deadMessages(1).get(0);
    assertThat(letter.getIntProperty("cups")).isEqualTo(2);
    assertThat(letter.getStringProperty(IdempotentListener.KEY)).isEqualTo("k1");
    assertThat(letter.getJMSCorrelationID()).isEqualTo("c1");
    assertThat(letter.getStringProperty(IdempotentListener.PRODUCER)).isEqualTo("a");
  }

  @Test
  void poison_isRecordedAndDeadLettered_andNotRunWhenItIsSentAgain() throws Exception {
    consume(
        RERUN,
        (body, context) -> {
          throw new PoisonMessageException("unknown-article");
        });
    mail.send("a", "k1", "tea");
    assertThat(mail.deadLetters(1)).containsExactly("tea unknown-article a");
    mail.send("a", "k1", "tea");
    assertThat(mail.deadLetters(1)).containsExactly("tea unknown-article a");
    assertThat(runs).containsExactly("tea");
    mail.awaitEmpty("orders");
  }

  @Test
  void handlerFailsTwice_isRunAgainLaterWithTheSameDerivedId() throws Exception {
    List<String> ids = new CopyOnWriteArrayList<>();
    consume(
        RERUN,
        (body, context) -> {
          ids.add(context.attempt() + " " + context.derivedUuid("order"));
          if (context.attempt() < 3) {
            throw new IllegalStateException("on purpose");
          }
        });
    mail.send("a", "k1", "tea");
    mail.awaitEmpty("orders");
    assertThat(runs).hasSize(3);
    assertThat(ids).extracting(id -> id.substring(0, 1)).containsExactly("1", "2", "3");
    assertThat(ids).extracting(id -> id.substring(2)).containsOnly(ids.get(0).substring(2));
    assertThat(mail.deadLetters(0)).isEmpty();
  }

  @Test
  void handlerFailsEveryTime_isPoisonAfterTheMaximumOfAttempts() throws Exception {
    consume(
        RERUN,
        (body, context) -> {
          throw new IllegalStateException("on purpose");
        });
    mail.send("a", "k1", "tea");
    assertThat(mail.deadLetters(1)).containsExactly("tea attempts-exhausted a");
    assertThat(runs).hasSize(3);
  }

  @Test
  void handlerFailsUnderHold_isInDoubtAndDeadLettered() throws Exception {
    consume(
        OperationPolicy.hold(),
        (body, context) -> {
          throw new IllegalStateException("on purpose");
        });
    mail.send("a", "k1", "tea");
    assertThat(mail.deadLetters(1)).containsExactly("tea outcome-unknown a");
    assertThat(runs).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void messageThatFails_isNotAcknowledgedWithTheNextOne(boolean isError) throws Exception {
    mail.send("a", "k1", "bad");
    mail.send("a", "k2", "good");
    consume(
        RERUN,
        (body, context) -> {
          if (runs.size() == 1) {
            if (isError) {
              throw new AssertionError("on purpose");
            }
            throw new IllegalStateException("on purpose");
          }
        });
    mail.awaitEmpty("orders");
    assertThat(runs).startsWith("bad").containsExactlyInAnyOrder("bad", "good", "bad");
  }

  @Test
  void row12_runningAtAnotherConsumer_isNotAcknowledgedAndComesAgainAfterADelay() throws Exception {
    var started = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    MessageHandler handler =
        (body, context) -> {
          if (new String(body, StandardCharsets.UTF_8).equals("slow")) {
            started.countDown();
            assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
          }
        };
    consume(RERUN, handler);
    mail.send("a", "k1", "slow");
    assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
    // The busy one fetches one more, and what follows is the other's.
    mail.send("a", "k3", "fetched");
    consume(RERUN, handler);
    mail.send("a", "k1", "slow");
    mail.send("a", "k2", "quick");
    for (int time = 0; time < 400 && (inFlight.size() < 3 || runs.size() < 2); time++) {
      Thread.sleep(25);
    }
    // Others are handled meanwhile, and the one that waits is kept.
    assertThat(runs).containsExactly("slow", "quick");
    assertThat(broker.depth("orders")).isEqualTo(3);
    go.countDown();
    mail.awaitEmpty("orders");
    assertThat(runs).containsExactly("slow", "quick", "fetched");
    assertThat(mail.deadLetters(0)).isEmpty();
    assertThat(inFlight).hasSizeGreaterThanOrEqualTo(3);
    for (int number = 1; number < inFlight.size(); number++) {
      long apart = TimeUnit.NANOSECONDS.toMillis(inFlight.get(number) - inFlight.get(number - 1));
      assertThat(apart).isGreaterThanOrEqualTo(DELAY / 2);
    }
  }

  @Test
  void storeDown_isNotAcknowledgedAndRunsWhenItIsBack() throws Exception {
    store.failing = next -> true;
    consume(RERUN.withLease(Duration.ofMillis(300)), (body, context) -> {});
    mail.send("a", "k1", "tea");
    for (int time = 0; time < 400 && store.writes.get() < 2; time++) {
      Thread.sleep(25);
    }
    assertThat(runs).isEmpty();
    assertThat(broker.depth("orders")).isEqualTo(1);
    store.failing = next -> false;
    mail.awaitEmpty("orders");
    assertThat(runs).containsExactly("tea");
  }

  @Test
  void row17_completionNotKnownToBeRecorded_isNotAcknowledgedBeforeItIs() throws Exception {
    store.failing = next -> next.state() == KeyState.COMPLETED;
    consume(RERUN.withLease(Duration.ofMillis(600)), (body, context) -> {});
    mail.send("a", "k1", "tea");
    assertThat(recordedUnknown.await(20, TimeUnit.SECONDS)).isTrue();
    Thread.sleep(100);
    assertThat(broker.depth("orders")).isEqualTo(1);
    store.failing = next -> false;
    mail.awaitEmpty("orders");
    assertThat(runs).isNotEmpty().containsOnly("tea");
    assertThat(mail.deadLetters(0)).isEmpty();
  }

  @Test
  void listener_onASessionWithoutTransactions_isRefused() throws Exception {
    try (Connection connection = Broker.connect(broker.url(), "consumer", DELAY)) {
      Session session = connection.createSession(false, Session.CLIENT_ACKNOWLEDGE);
      var dead = session.createQueue("orders.dead");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  new IdempotentListener(
                      session, dead, idempotency, "orders", RERUN, 3, (body, context) -> {}))
          .withMessageContaining("transacted");
    }
  }
}
