package io.idem4j.examples.messages;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.Operation;
import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.RecordedFailure;
import io.idem4j.Scope;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageListener;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles each message once per key, however often it is sent and delivered.
 *
 * <p><b>What it gives.</b> The broker delivers at least once; this makes of it one completed run
 * for each key within the retention, which must be longer than the broker may keep a message. A
 * message is acknowledged only when its completion is known to be recorded. Where a consumer is
 * killed between effect and completion, {@link OperationPolicy#rerun()} runs the handler again when
 * the lease is over: the effect repeats, unless it bears an id of {@link
 * OperationContext#derivedUuid}, of which there can be one. {@link OperationPolicy#hold()} runs
 * nothing again and dead-letters the message as {@code outcome-unknown}.
 *
 * <p><b>Key.</b> The property {@value #KEY}, which the producer chooses once for what it wants done
 * and repeats with each send; JMS allows no hyphen in the name. The JMSMessageID will not do: a
 * producer that sends again because an acknowledgement was lost gets another one, and so does a
 * message that is moved from queue to queue. A message without a key is dead-lettered. The scope is
 * the JMSXUserID, which the broker must set to the user that it authenticated; what the producer
 * claims in other properties does not count. The fingerprint is over kind and bytes of the body;
 * other properties that the handler's work depends on belong into it.
 *
 * <p><b>Later.</b> Whatever is not settled is rolled back and delivered again: a message whose
 * first delivery is still running elsewhere, a handler that threw, a store that is down. The
 * broker's or the client's redelivery delay keeps that from being a hot loop, and must not be
 * bounded by a count; the {@code maximumAttempts} here counts runs, those that killed their process
 * too, and not deliveries.
 *
 * <p><b>Dead letters</b> go, in the transaction that acknowledges the message, with {@value
 * #REASON} and {@value #PRODUCER}: {@code key-missing}, {@code key-malformed}, {@code
 * producer-unknown}, {@code body-unsupported} (neither text nor bytes), {@code key-reused} (with
 * another body), {@code outcome-unknown}, or the code of the {@link PoisonMessageException}, {@code
 * attempts-exhausted} for one. None of these will be run under its key again. Those with {@code
 * attempts-exhausted}, {@code outcome-unknown} and a handler's code were, and may have made their
 * effect: never send them again under a new key.
 *
 * <p><b>Not covered.</b> What the handler sends by JMS, unless by another session and with a
 * derived key. The order of messages: a later one overtakes one that waits for its redelivery.
 *
 * <p>One listener serves one transacted session, on that session's thread. Give each consumer its
 * own.
 */
public final class IdempotentListener implements MessageListener {
  /** The property that holds the key. */
  public static final String KEY = "idempotency_key";

  /** The property of a dead letter that says why it is one. */
  public static final String REASON = "dead_letter_reason";

  /** The property of a dead letter that says who sent the message. */
  public static final String PRODUCER = "dead_letter_producer";

  private static final Logger log = LoggerFactory.getLogger(IdempotentListener.class);

  private final Session session;
  private final MessageProducer deadLetters;
  private final Operation<@Nullable Void> operation;
  private final int maximumAttempts;
  private final MessageHandler handler;

  /**
   * Makes a listener, to be set as a consumer's of the same session.
   *
   * @param name the stable name of the operation, such as the queue's
   * @param maximumAttempts after how many runs a message is poison
   * @throws IllegalArgumentException if the session is not transacted
   */
  public IdempotentListener(
      Session session,
      Queue deadLetters,
      Idempotency idempotency,
      String name,
      OperationPolicy policy,
      int maximumAttempts,
      MessageHandler handler)
      throws JMSException {
    if (!session.getTransacted()) {
      throw new IllegalArgumentException("the session must be transacted");
    }
    this.session = session;
    this.deadLetters = session.createProducer(deadLetters);
    this.operation =
        idempotency.operation(
            name,
            Codec.nothing(),
            policy.withFinal(PoisonMessageException.class, e -> RecordedFailure.of(e.code())));
    this.maximumAttempts = maximumAttempts;
    this.handler = handler;
  }

  /** What becomes of a message. */
  private record End(boolean isSettled, Optional<String> deadLetter) {
    static final End DONE = new End(true, Optional.empty());
    static final End LATER = new End(false, Optional.empty());

    static End dead(String reason) {
      return new End(true, Optional.of(reason));
    }
  }

  @Override
  public void onMessage(Message message) {
    boolean isAcknowledged = false;
    boolean isInterrupted = false;
    try {
      End end = handle(message);
      if (end.deadLetter().isPresent()) {
        bury(message, end.deadLetter().get());
      }
      if (end.isSettled()) {
        session.commit();
        isAcknowledged = true;
      }
    } catch (Throwable e) {
      // What ran is recorded or will run again: the next delivery tells. An error would end the
      // session's thread, and with it the consumer.
      log.warn("{}: a message is left for later: {}", operation, e.getClass().getName());
      isInterrupted = e instanceof InterruptedException;
    } finally {
      if (!isAcknowledged) {
        rollback(); // Or the next commit would acknowledge this message too.
      }
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void rollback() {
    try {
      session.rollback();
    } catch (JMSException e) {
      log.warn("{}: the broker is gone: {}", operation, e.getClass().getName());
    }
  }

  private End handle(Message message) throws Exception {
    String value = message.getStringProperty(KEY);
    String producer = message.getStringProperty("JMSXUserID");
    byte[] body = body(message);
    if (value == null) {
      return End.dead("key-missing");
    } else if (producer == null) {
      return End.dead("producer-unknown");
    } else if (body == null) {
      return End.dead("body-unsupported");
    }
    IdempotencyKey key;
    try {
      key = operation.key(Scope.of(producer), value);
    } catch (IllegalKeyException e) {
      return End.dead("key-malformed");
    }
    Fingerprint fingerprint =
        Fingerprint.sha256()
            .part("kind", message instanceof TextMessage ? "text" : "bytes")
            .part("body", body)
            .build();
    return end(execute(key, fingerprint, body));
  }

  @SuppressWarnings("NullAway") // null is the one value that Void has
  private Outcome<@Nullable Void> execute(IdempotencyKey key, Fingerprint fingerprint, byte[] body)
      throws Exception {
    return operation.execute(key, fingerprint, context -> run(body, context));
  }

  private @Nullable Void run(byte[] body, OperationContext context) throws Exception {
    // Here and not after a failure: a run that killed its process never came so far.
    if (context.attempt() > maximumAttempts) {
      throw new PoisonMessageException("attempts-exhausted");
    }
    handler.handle(body, context);
    return null;
  }

  private static End end(Outcome<@Nullable Void> outcome) {
    return outcome.fold(
        executed -> executed.recorded() ? End.DONE : End.LATER,
        replayed -> End.DONE,
        recovered -> recovered.recorded() ? End.DONE : End.LATER,
        inFlight -> End.LATER,
        reused -> End.dead("key-reused"),
        failed -> End.dead(failed.failure().code()),
        inDoubt -> End.dead("outcome-unknown"));
  }

  private static byte @Nullable [] body(Message message) throws JMSException {
    if (message instanceof TextMessage text) {
      String content = text.getText();
      return content == null ? new byte[0] : content.getBytes(StandardCharsets.UTF_8);
    } else if (message instanceof BytesMessage bytes) {
      byte[] content = new byte[Math.toIntExact(bytes.getBodyLength())];
      bytes.reset(); // A redelivery may bring the same object, read to its end.
      bytes.readBytes(content);
      return content;
    }
    return null;
  }

  private void bury(Message message, String reason) throws JMSException {
    log.warn("{}: a message is dead-lettered: {}", operation, reason);
    Map<String, Object> properties = new HashMap<>();
    Enumeration<?> names = message.getPropertyNames();
    while (names.hasMoreElements()) {
      String name = names.nextElement().toString();
      if (!name.startsWith("JMS")) {
        properties.put(name, message.getObjectProperty(name));
      }
    }
    String producer = message.getStringProperty("JMSXUserID");
    message.clearProperties(); // Those that came are read-only.
    for (Map.Entry<String, Object> property : properties.entrySet()) {
      message.setObjectProperty(property.getKey(), property.getValue());
    }
    message.setStringProperty(REASON, reason);
    message.setStringProperty(PRODUCER, producer);
    deadLetters.send(message);
  }
}
