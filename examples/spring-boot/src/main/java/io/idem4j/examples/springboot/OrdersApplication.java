package io.idem4j.examples.springboot;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** The service on Spring Boot, with keys in memory. */
@SpringBootApplication
public class OrdersApplication {
  /** Made by Spring. */
  public OrdersApplication() {}

  /**
   * Serves on the loopback interface.
   *
   * @param arguments the port
   */
  public static void main(String[] arguments) {
    start(Integer.parseInt(arguments[0]));
  }

  static ConfigurableApplicationContext start(int port, String... profiles) {
    SpringApplication application = new SpringApplication(OrdersApplication.class);
    application.setAdditionalProfiles(profiles);
    application.setDefaultProperties(
        Map.of("server.address", "127.0.0.1", "server.port", Integer.toString(port)));
    return application.run();
  }
}
