package io.idem4j.examples.payments;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;

/**
 * DynamoDB Local, which runs in this process. It is found by name: its licence is not an open
 * source one, and it is no part of this program.
 */
record DynamoDbServer(Object server, int port) implements ServerProcess.Server {
  private static final String PACKAGE = "software.amazon.dynamodb.services.local.";

  static DynamoDbServer start(int port) throws ReflectiveOperationException {
    String[] arguments = {"-inMemory", "-disableTelemetry", "-port", Integer.toString(port)};
    Object server =
        Class.forName(PACKAGE + "main.ServerRunner")
            .getMethod("createServerFromCommandLineArgs", String[].class)
            .invoke(null, (Object) arguments);
    bindToLoopback(server);
    call(server, "start");
    return new DynamoDbServer(server, port);
  }

  /** It has no option for it, and would listen on all interfaces. */
  private static void bindToLoopback(Object server) throws ReflectiveOperationException {
    Field field = server.getClass().getDeclaredField("server");
    field.setAccessible(true);
    for (Object connector : (Object[]) call(field.get(server), "getConnectors")) {
      connector.getClass().getMethod("setHost", String.class).invoke(connector, "127.0.0.1");
    }
  }

  private static Object call(Object target, String method) throws ReflectiveOperationException {
    return target.getClass().getMethod(method).invoke(target);
  }

  @Override
  public String address() {
    return "http://127.0.0.1:" + port;
  }

  @Override
  public void stop() throws NoSuchMethodException, IllegalAccessException {
    try {
      server.getClass().getMethod("stop").invoke(server);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException("DynamoDB Local does not stop", e.getCause());
    }
  }
}
