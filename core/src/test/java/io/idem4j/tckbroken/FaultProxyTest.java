package io.idem4j.tckbroken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.tck.FaultProxy;
import io.idem4j.tck.FaultProxy.Strike;
import io.idem4j.tck.NetworkFault;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the proxy lets through, seen from both ends, with a server that echoes ten bytes. */
final class FaultProxyTest {
  private static final int LENGTH = 10;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** What arrived at the server, one for each connection. */
  private final List<ByteArrayOutputStream> arrived = new CopyOnWriteArrayList<>();

  private ServerSocket server;
  private FaultProxy proxy;
  private Socket client;

  @BeforeEach
  void open() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "echo");
    thread.setDaemon(true);
    thread.start();
    proxy = new FaultProxy(new InetSocketAddress("localhost", server.getLocalPort()));
    client = connect();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    proxy.close();
    server.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  private void serve() {
    try {
      while (true) {
        Socket peer = server.accept();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        arrived.add(all);
        Thread thread = new Thread(() -> echo(peer, all), "echo");
        thread.setDaemon(true);
        thread.start();
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private static void echo(Socket peer, ByteArrayOutputStream all) {
    try (peer) {
      int answered = 0;
      for (int next = peer.getInputStream().read();
          next >= 0;
          next = peer.getInputStream().read()) {
        all.write(next);
        if (all.size() - answered == LENGTH) {
          peer.getOutputStream().write(all.toByteArray(), answered, LENGTH);
          answered = all.size();
        }
      }
      all.write('.');
    } catch (IOException e) {
      all.write('!');
    }
  }

  private void send(String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private String receive(int length) throws IOException {
    InputStream in = client.getInputStream();
    return new String(in.readNBytes(length), StandardCharsets.US_ASCII);
  }

  private void hearsNothing() throws IOException {
    client.setSoTimeout(90);
    assertThatThrownBy(() -> receive(1)).isInstanceOf(SocketTimeoutException.class);
    client.setSoTimeout((int) PATIENCE.toMillis());
  }

  private void awaitArrival(String text) throws InterruptedException {
    long start = System.nanoTime();
    while (!arrived.get(0).toString(StandardCharsets.US_ASCII).equals(text)) {
      assertThat(System.nanoTime() - start).as("%s", arrived).isLessThan(PATIENCE.toNanos());
      Thread.sleep(5);
    }
  }

  @Test
  void withoutAPlan_everythingPasses() throws Exception {
    send("0123456789");
    assertThat(receive(LENGTH)).isEqualTo("0123456789");
    send("abcdefghij");
    assertThat(receive(LENGTH)).isEqualTo("abcdefghij");
    assertThat(proxy.exchanges()).isEqualTo(2);
  }

  @Test
  void plan_strikesTheExchangeThatItNames_once() throws Exception {
    Strike strike = proxy.plan(NetworkFault.REPLY_LOST_CLOSED, 2);
    send("0123456789");
    assertThat(receive(LENGTH)).hasSize(LENGTH);
    assertThat(strike.hasStruck()).isFalse();
    send("0123456789");
    assertThat(receive(LENGTH)).isEmpty();
    assertThat(strike.hasStruck()).isTrue();
    client = connect();
    send("0123456789");
    assertThat(receive(LENGTH)).hasSize(LENGTH);
  }

  @Test
  void planTakenBack_strikesNothing() throws Exception {
    Strike strike = proxy.plan(NetworkFault.REQUEST_LOST, 1);
    proxy.takeBack();
    send("0123456789");
    assertThat(receive(LENGTH)).hasSize(LENGTH);
    assertThat(strike.hasStruck()).isFalse();
  }

  @Test
  void requestLost_nothingArrives_andTheClientHearsNothing() throws Exception {
    proxy.plan(NetworkFault.REQUEST_LOST, 1);
    send("0123456789");
    hearsNothing();
    client.close();
    awaitArrival(".");
  }

  @ParameterizedTest
  @EnumSource(
      value = NetworkFault.class,
      names = {
        "REQUEST_CUT_AFTER_A_BYTE",
        "REQUEST_CUT_IN_THE_MIDDLE",
        "REQUEST_CUT_BEFORE_THE_END"
      })
  void requestCut_thatMuchArrives_andBothEndsSeeTheEnd(NetworkFault fault) throws Exception {
    proxy.plan(fault, 1);
    send("0123456789");
    assertThat(receive(1)).isEmpty();
    awaitArrival(
        switch (fault) {
          case REQUEST_CUT_AFTER_A_BYTE -> "0.";
          case REQUEST_CUT_IN_THE_MIDDLE -> "01234.";
          default -> "012345678.";
        });
  }

  @ParameterizedTest
  @EnumSource(
      value = NetworkFault.class,
      names = {"REPLY_CUT_AFTER_A_BYTE", "REPLY_CUT_IN_THE_MIDDLE", "REPLY_CUT_BEFORE_THE_END"})
  void replyCut_thatMuchIsHeard(NetworkFault fault) throws Exception {
    proxy.plan(fault, 1);
    send("0123456789");
    assertThat(receive(LENGTH))
        .isEqualTo(
            switch (fault) {
              case REPLY_CUT_AFTER_A_BYTE -> "0";
              case REPLY_CUT_IN_THE_MIDDLE -> "01234";
              default -> "012345678";
            });
    assertThat(arrived.get(0).toString(StandardCharsets.US_ASCII)).startsWith("0123456789");
  }

  @Test
  void reset_isSeenAsOne() throws Exception {
    proxy.plan(NetworkFault.REPLY_LOST_RESET, 1);
    send("0123456789");
    assertThatThrownBy(() -> receive(1)).isInstanceOf(SocketException.class);
  }

  @Test
  void requestLate_arrivesWhenItIsDelivered_thoughTheClientIsGone() throws Exception {
    Strike strike = proxy.plan(NetworkFault.REQUEST_LATE, 1);
    send("0123456789");
    hearsNothing();
    client.close();
    assertThat(strike.awaitLanding(Duration.ofMillis(50))).isFalse();
    assertThat(arrived.get(0).toString(StandardCharsets.US_ASCII)).isEmpty();
    strike.deliver();
    assertThat(strike.awaitLanding(PATIENCE)).isTrue();
    assertThat(arrived.get(0).toString(StandardCharsets.US_ASCII)).startsWith("0123456789");
  }

  @Test
  void replyHalfLate_isHeardByTheNextCallOnTheConnection() throws Exception {
    Strike strike = proxy.plan(NetworkFault.REPLY_HALF_LATE, 1);
    send("0123456789");
    assertThat(receive(5)).isEqualTo("01234");
    hearsNothing();
    strike.deliver();
    assertThat(strike.awaitLanding(PATIENCE)).isTrue();
    send("abcdefghij");
    assertThat(receive(15)).isEqualTo("56789abcdefghij");
  }

  @ParameterizedTest
  @EnumSource(
      value = NetworkFault.class,
      names = {"REQUEST_SLOW", "REPLY_SLOW", "REPLY_IN_PIECES"})
  void pause_changesNothing(NetworkFault fault) throws Exception {
    Strike strike = proxy.plan(fault, 1);
    send("0123456789");
    assertThat(receive(LENGTH)).isEqualTo("0123456789");
    assertThat(strike.hasStruck()).isTrue();
  }

  @Test
  void halfOpen_answersOnceAndNeverAgain() throws Exception {
    proxy.plan(NetworkFault.SILENT_AFTERWARDS, 1);
    send("0123456789");
    assertThat(receive(LENGTH)).isEqualTo("0123456789");
    send("abcdefghij");
    hearsNothing();
    assertThat(arrived.get(0).toString(StandardCharsets.US_ASCII)).isEqualTo("0123456789");
  }

  @Test
  void allRepliesLost_onEveryConnectionUntilTakenBack() throws Exception {
    proxy.plan(NetworkFault.REPLIES_ALL_LOST, 1);
    for (int i = 0; i < 3; i++) {
      send("0123456789");
      assertThatThrownBy(() -> receive(1)).isInstanceOf(SocketException.class);
      client = connect();
    }
    proxy.takeBack();
    send("0123456789");
    assertThat(receive(LENGTH)).isEqualTo("0123456789");
    assertThat(arrived).hasSize(4);
  }

  @Test
  void close_endsConnections() throws Exception {
    send("0123456789");
    assertThat(receive(LENGTH)).hasSize(LENGTH);
    proxy.close();
    assertThat(receive(1)).isEmpty();
    assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
  }
}
