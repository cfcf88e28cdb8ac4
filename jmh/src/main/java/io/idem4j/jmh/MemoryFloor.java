package io.idem4j.jmh;

import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** A map: what is remembered as long as the process lives, without leases, fences or retention. */
final class MemoryFloor implements Contender {
  private static final byte[] LOCKED = new byte[0];

  private final ConcurrentMap<String, byte[]> answers = new ConcurrentHashMap<>();

  @Override
  public String prepare(String key) {
    return key;
  }

  @Override
  public byte[] first(Object prepared, byte[] answer) {
    String key = (String) prepared;
    if (answers.putIfAbsent(key, LOCKED) != null || !answers.replace(key, LOCKED, answer)) {
      throw new IllegalStateException("not the first call");
    }
    return answer;
  }

  @Override
  public byte[] replay(Object prepared) {
    return Objects.requireNonNull(answers.get((String) prepared), "run again");
  }
}
