package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That what other libraries are measured at was done by them. */
final class PeersTest {
  private static final byte[] ANSWER = {1, 2, 3};

  @ParameterizedTest
  @EnumSource(
      value = Peers.class,
      names = {"CAMEL", "SPRING_INTEGRATION", "SHEDLOCK"})
  void peerOnH2_runsOnce_andRefusesWhatIsNotTheFirst(Peers peer) throws Exception {
    try (OpenedStore opened = StoreType.H2.open()) {
      runsOnceAndRefuses(peer, opened);
    }
  }

  @Test
  void jdempotentInMemory_runsOnce_andReplaysTheRecordedAnswer() throws Exception {
    try (OpenedStore opened = StoreType.MEMORY.open()) {
      runsOnceAndRefuses(Peers.JDEMPOTENT, opened);
      try (Contender jdempotent = Peers.JDEMPOTENT.on(opened).orElseThrow()) {
        Object key = jdempotent.prepare("k");
        assertThat(jdempotent.first(key, ANSWER)).isEqualTo(ANSWER);
        assertThat((byte[]) jdempotent.replay(key)).containsExactly(ANSWER);
        assertThatThrownBy(() -> jdempotent.first(key, new byte[] {4}))
            .isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void lockClient_runsOnce_andRefusesWhatIsNotTheFirst() throws Exception {
    assumeThat(System.getProperty(StoreType.ADDRESS + StoreType.DYNAMODB.storeName()))
        .as("no server: it takes -D" + StoreType.ADDRESS + "dynamodb=ADDRESS")
        .isNotNull();
    try (OpenedStore opened = StoreType.DYNAMODB.open()) {
      runsOnceAndRefuses(Peers.DYNAMODB_LOCK_CLIENT, opened);
    }
  }

  /** What each peer is to do on a store for which it is made; it can be done again there. */
  static void runsOnceAndRefuses(ContenderProvider peer, OpenedStore opened) throws Exception {
    // Twice: what the first leaves behind would be in the way of the second.
    for (int round = 0; round < 2; round++) {
      try (Contender contender = peer.on(opened).orElseThrow()) {
        Object fresh = contender.prepare("fresh");
        assertThat(contender.first(fresh, ANSWER)).isEqualTo(ANSWER);

        Object answered = contender.prepare("answered");
        contender.answered(answered, ANSWER);
        contender.replay(answered);
        contender.replay(answered);
        assertThatThrownBy(() -> contender.first(answered, ANSWER))
            .as("not the first")
            .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> contender.replay(contender.prepare("another")))
            .as("not a duplicate")
            .isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Peers.class)
  void peer_isMadeForItsStoreAlone(Peers peer) throws Exception {
    boolean memory = peer == Peers.JDEMPOTENT;
    boolean database =
        List.of(Peers.CAMEL, Peers.SPRING_INTEGRATION, Peers.SHEDLOCK).contains(peer);
    try (OpenedStore opened = StoreType.MEMORY.open()) {
      assertThat(peer.on(opened).isPresent()).isEqualTo(memory);
    }
    try (OpenedStore opened = StoreType.H2.open()) {
      try (Contender made = peer.on(opened).orElse(null)) {
        assertThat(made != null).isEqualTo(database);
      }
    }
  }

  @Test
  void names_areThoseOfTheDocumentation() {
    assertThat(Arrays.stream(Peers.values()).map(Peers::contenderName))
        .containsExactly(
            "camel", "springintegration", "shedlock", "jdempotent", "dynamodblockclient");
    assertThat(Peers.all()).contains(Peers.values());
  }
}
