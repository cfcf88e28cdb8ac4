package io.idem4j.examples.payments;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Plays a transcript: sends its requests to a service of its own and writes down what came back.
 * Lines begin with
 *
 * <ul>
 *   <li>{@code #} for what is said to the reader;
 *   <li>{@code @serve OPTIONS}: starts the service, on empty stores; {@code @store down} and {@code
 *       @store up}; {@code @start}: the next request goes over a second connection, and the one
 *       after it is sent when this one has made its effect; {@code @await}: here its response came;
 *   <li>{@code >} for a request, and {@code <} for its response.
 * </ul>
 *
 * Ids that are made at random have a name, the same wherever the same id is.
 */
final class Transcript implements AutoCloseable {
  private static final Pattern RANDOM =
      Pattern.compile("(req_)?[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  private static final Pattern BEARER = Pattern.compile("Authorization: Bearer (\\S+)");

  private final List<String> written = new ArrayList<>();
  private final Map<String, String> names = new HashMap<>();
  private Switchable keys = new Switchable();
  private Service service;
  private Socket running;
  private boolean isToBeStarted;

  /** Keys in memory, which can be out of reach. */
  private static final class Switchable implements KeyStore {
    private final MemoryKeyStore memory = new MemoryKeyStore(1_000);
    private volatile boolean isDown;

    private void check() {
      if (isDown) {
        throw KeyStoreException.notApplied(Reason.UNAVAILABLE, "down", null);
      }
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      check();
      return memory.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      check();
      return memory.find(id);
    }
  }

  /** Plays it and returns it as it went. */
  static String play(String text) throws Exception {
    try (Transcript transcript = new Transcript()) {
      List<String> request = new ArrayList<>();
      for (String line : text.lines().toList()) {
        if (line.startsWith("> ") || line.equals(">")) {
          request.add(line.substring(Math.min(2, line.length())));
          transcript.written.add(line);
          continue;
        }
        if (!request.isEmpty()) {
          transcript.send(request);
          request.clear();
        }
        if (!line.startsWith("<")) {
          transcript.written.add(line);
        }
        if (line.startsWith("@")) {
          transcript.obey(line);
        }
      }
      if (!request.isEmpty()) {
        transcript.send(request);
      }
      return String.join("\n", transcript.written) + "\n";
    }
  }

  private void obey(String line) throws Exception {
    switch (line) {
      case "@store down" -> keys.isDown = true;
      case "@store up" -> keys.isDown = false;
      case "@start" -> isToBeStarted = true;
      case "@await" -> {
        receive(running);
        running = null;
      }
      default -> {
        close();
        List<String> options = new ArrayList<>(List.of("--port", "0", "--store", "memory"));
        for (String option : line.substring("@serve".length()).strip().split(" ", -1)) {
          options.add(option);
        }
        keys = new Switchable();
        service =
            Service.start(
                Settings.parse(options),
                new Backend(keys, new MemoryLedger(), () -> {}),
                entry -> {});
      }
    }
  }

  private void send(List<String> request) throws Exception {
    int end = request.indexOf("");
    List<String> head = end < 0 ? request : request.subList(0, end);
    String body = end < 0 ? "" : String.join("\n", request.subList(end + 1, request.size()));
    String bytes =
        String.join("\r\n", head)
            + "\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    Matcher bearer = BEARER.matcher(bytes);
    String tenant = bearer.find() ? bearer.group(1) : "";
    Client client = new Client(service.port());
    long made = isToBeStarted ? client.effects(tenant).payments() : 0;
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port());
    socket.setSoTimeout(20_000);
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    if (isToBeStarted) {
      isToBeStarted = false;
      running = socket;
      if (!client.awaitPayments(tenant, made + 1)) {
        throw new AssertionError("the request that was started made no payment");
      }
    } else {
      receive(socket);
    }
  }

  /**
   * Writes a response down as it came, but for the date, and with its fields in the order of their
   * names, which says nothing (RFC 9110, section 5.3).
   */
  private void receive(Socket socket) throws IOException {
    String response;
    try (socket) {
      response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
    int end = response.indexOf("\r\n\r\n");
    List<String> head = List.of(response.substring(0, end).split("\r\n", -1));
    written.add("< " + head.get(0));
    head.stream()
        .skip(1)
        .filter(line -> !line.startsWith("Date: "))
        .sorted()
        .forEach(line -> written.add("< " + named(line)));
    String body = response.substring(end + 4);
    if (!body.isEmpty()) {
      written.add("<");
      body.lines().forEach(line -> written.add("< " + named(line)));
    }
  }

  private String named(String line) {
    return RANDOM
        .matcher(line)
        .replaceAll(
            id ->
                names.computeIfAbsent(
                    id.group(),
                    it -> "{" + (id.group(1) == null ? "id" : "request") + names.size() + "}"));
  }

  @Override
  public void close() {
    if (service != null) {
      service.close();
    }
  }
}
