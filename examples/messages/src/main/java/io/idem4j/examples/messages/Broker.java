package io.idem4j.examples.messages;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import java.util.List;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.ActiveMQPrefetchPolicy;
import org.apache.activemq.RedeliveryPolicy;
import org.apache.activemq.broker.BrokerPlugin;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.command.ActiveMQQueue;
import org.apache.activemq.security.AuthenticationUser;
import org.apache.activemq.security.SimpleAuthenticationPlugin;

/**
 * An ActiveMQ broker in this process, on a port of the loopback interface. Keeps messages in
 * memory.
 */
public final class Broker implements AutoCloseable {
  private final BrokerService service;

  /**
   * Starts a broker.
   *
   * @param users who may connect; each has its own name for a password
   */
  public Broker(String... users) throws Exception {
    service = new BrokerService();
    service.setPersistent(false);
    service.setUseJmx(false);
    service.setUseShutdownHook(false);
    // The JMSXUserID is who was authenticated, whatever a producer says.
    service.setPopulateJMSXUserID(true);
    service.setPlugins(
        new BrokerPlugin[] {
          new SimpleAuthenticationPlugin(
              List.of(users).stream()
                  .map(user -> new AuthenticationUser(user, user, "users"))
                  .toList())
        });
    service.addConnector("tcp://127.0.0.1:0");
    service.start();
    service.waitUntilStarted();
  }

  /** Returns the address for clients. */
  public String url() throws Exception {
    return service.getTransportConnectors().get(0).getPublishableConnectString();
  }

  /**
   * Returns a started connection as a consumer should have it.
   *
   * @param redeliveryDelay the first delay in milliseconds; it doubles up to 30 s
   */
  public static Connection connect(String url, String user, long redeliveryDelay)
      throws JMSException {
    var factory = new ActiveMQConnectionFactory(user, user, url);
    factory.setNonBlockingRedelivery(true); // Other messages are handled during a delay.
    var prefetch = new ActiveMQPrefetchPolicy();
    prefetch.setQueuePrefetch(1); // What a busy consumer has fetched is kept from the others.
    factory.setPrefetchPolicy(prefetch);
    var redelivery = new RedeliveryPolicy();
    redelivery.setInitialRedeliveryDelay(redeliveryDelay);
    redelivery.setUseExponentialBackOff(true);
    redelivery.setBackOffMultiplier(2);
    redelivery.setMaximumRedeliveryDelay(30_000);
    // A message that is being handled elsewhere is not poison, however often it is delivered.
    redelivery.setMaximumRedeliveries(RedeliveryPolicy.NO_MAXIMUM_REDELIVERIES);
    factory.setRedeliveryPolicy(redelivery);
    Connection connection = factory.createConnection();
    connection.start();
    return connection;
  }

  /** Returns how many messages the queue holds, those included that are being handled. */
  public long depth(String queue) throws Exception {
    var destination = service.getDestination(new ActiveMQQueue(queue));
    return destination.getDestinationStatistics().getMessages().getCount();
  }

  @Override
  public void close() {
    try {
      service.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the broker does not stop", e);
    }
  }
}
