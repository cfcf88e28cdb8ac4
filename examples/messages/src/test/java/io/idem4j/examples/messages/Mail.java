package io.idem4j.examples.messages;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Sends orders, and reads dead letters. */
final class Mail implements AutoCloseable {
  private final Broker broker;
  private final Connection reading;
  private final Map<String, Connection> producing = new HashMap<>();

  Mail(Broker broker) throws Exception {
    this.broker = broker;
    this.reading = Broker.connect(broker.url(), "operator", 100);
  }

  /** Makes a message. */
  interface Making {
    Message make(Session session) throws JMSException;
  }

  void send(String user, String key, String item) throws Exception {
    send(
        user,
        session -> {
          TextMessage message = session.createTextMessage(item);
          if (key != null) {
            message.setStringProperty(IdempotentListener.KEY, key);
          }
          return message;
        });
  }

  void send(String user, Making making) throws Exception {
    Connection connection = producing.get(user);
    if (connection == null) {
      connection = Broker.connect(broker.url(), user, 100);
      producing.put(user, connection);
    }
    try (Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageProducer producer = session.createProducer(session.createQueue("orders"))) {
      producer.send(making.make(session));
    }
  }

  void awaitEmpty(String queue) throws Exception {
    awaitDepth(queue, 0);
  }

  void awaitDepth(String queue, long depth) throws Exception {
    for (int time = 0; time < 600 && broker.depth(queue) != depth; time++) {
      Thread.sleep(50);
    }
    if (broker.depth(queue) != depth) {
      throw new AssertionError(queue + " holds " + broker.depth(queue));
    }
  }

  /** Waits for so many dead letters, and returns text, reason and producer of each. */
  List<String> deadLetters(int count) throws Exception {
    List<String> letters = new ArrayList<>();
    for (Message letter : deadMessages(count)) {
      letters.add(
          (letter instanceof TextMessage text ? text.getText() : letter.getClass().getSimpleName())
              + " "
              + letter.getStringProperty(IdempotentListener.REASON)
              + " "
              + letter.getStringProperty(IdempotentListener.PRODUCER));
    }
    return letters;
  }

  List<Message> deadMessages(int count) throws Exception {
    awaitDepth("orders.dead", count);
    List<Message> messages = new ArrayList<>();
    try (Session session = reading.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageConsumer consumer = session.createConsumer(session.createQueue("orders.dead"))) {
      while (messages.size() < count) {
        Message letter = consumer.receive(20_000);
        if (letter == null) {
          throw new AssertionError("a dead letter is missing");
        }
        messages.add(letter);
      }
    }
    return messages;
  }

  @Override
  public void close() throws JMSException {
    reading.close();
    for (Connection connection : producing.values()) {
      connection.close();
    }
  }
}
