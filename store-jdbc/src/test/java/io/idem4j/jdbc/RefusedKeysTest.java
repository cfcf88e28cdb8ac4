package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.tck.Samples;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class RefusedKeysTest {
  private final RefusedKeys keys = new RefusedKeys();

  private static KeyId same(KeyId id) {
    return KeyId.of(id.bytes());
  }

  @Test
  void keyThatWasAdded_isContained_untilItIsRemoved() {
    KeyId id = Samples.keyId();
    assertThat(keys.contains(id)).isFalse();
    keys.add(id);
    assertThat(keys.contains(same(id))).isTrue();
    keys.remove(same(id));
    assertThat(keys.contains(id)).isFalse();
  }

  @Test
  void asManyAsThereIsRoomFor_areKept_theLastOfEachPlace() {
    List<KeyId> ids = Stream.generate(Samples::keyId).limit(20L * RefusedKeys.PLACES).toList();
    ids.forEach(keys::add);
    assertThat(keys.contains(ids.get(ids.size() - 1))).isTrue();
    assertThat(ids.stream().filter(keys::contains).count())
        .isBetween(RefusedKeys.PLACES * 9L / 10, (long) RefusedKeys.PLACES);
  }

  @Test
  void removal_takesNoOthersPlace() {
    List<KeyId> ids = Stream.generate(Samples::keyId).limit(20L * RefusedKeys.PLACES).toList();
    ids.forEach(keys::add);
    List<KeyId> kept = ids.stream().filter(keys::contains).toList();
    ids.stream().filter(id -> !keys.contains(id)).forEach(keys::remove);
    assertThat(kept).allMatch(keys::contains);
  }
}
