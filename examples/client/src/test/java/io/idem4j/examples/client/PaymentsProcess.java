package io.idem4j.examples.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The payments service as a process of its own, one for all tests; it ends with this JVM. */
final class PaymentsProcess {
  private static final Pattern LISTENING = Pattern.compile("listening on http://[^:]+:([0-9]+)");
  private static final Pattern COUNTS = Pattern.compile("\\{\"payments\":([0-9]+),.*");

  private static int port;

  private PaymentsProcess() {}

  static synchronized InetSocketAddress address() throws Exception {
    if (port == 0) {
      Process process =
          java("io.idem4j.examples.payments.Payments", "serve", "--port", "0", "--store", "memory");
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      CompletableFuture<String> ready = new CompletableFuture<>();
      readLines(process, new CopyOnWriteArrayList<>(), LISTENING, ready);
      port = Integer.parseInt(ready.get(60, TimeUnit.SECONDS));
    }
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Starts a program that is on this class path. */
  static Process java(String... arguments) throws IOException {
    Stream<String> java =
        Stream.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"));
    List<String> command = Stream.concat(java, Stream.of(arguments)).toList();
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Reads all there is: an unread pipe stops its writer once it is full. */
  static void readLines(
      Process process, List<String> all, Pattern wanted, CompletableFuture<String> found) {
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                  all.add(line);
                  Matcher matcher = wanted.matcher(line);
                  if (matcher.find()) {
                    found.complete(matcher.group(1));
                  }
                }
              } catch (IOException e) {
                all.add(e.toString());
              }
              found.completeExceptionally(new IOException("not said: " + wanted + ", but: " + all));
            },
            "output");
    reader.setDaemon(true);
    reader.start();
  }

  /** Asks the service, past whatever stands before it, how many payments a tenant has. */
  static long effects(String tenant) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + address().getPort() + "/effects");
    String counts =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + tenant).build(),
                BodyHandlers.ofString())
            .body();
    Matcher matcher = COUNTS.matcher(counts);
    if (!matcher.matches()) {
      throw new IOException(counts);
    }
    return Long.parseLong(matcher.group(1));
  }

  /** A payment of a tenant through a port; the query steers the service's handler. */
  static KeyedCall payment(int through, String tenant, String query, String amount) {
    String body = "{\"amount\":" + amount + ",\"currency\":\"EUR\"}";
    return KeyedCall.of(
            "POST",
            URI.create("http://127.0.0.1:" + through + "/payments" + query),
            body.getBytes(StandardCharsets.UTF_8))
        .withHeader("Authorization", "Bearer " + tenant)
        .withHeader("Content-Type", "application/json");
  }
}
