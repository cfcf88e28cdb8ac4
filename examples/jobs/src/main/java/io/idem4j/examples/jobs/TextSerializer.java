package io.idem4j.examples.jobs;

import com.github.kagkarlsson.scheduler.serializer.Serializer;
import java.nio.charset.StandardCharsets;

/** Keeps a job's data as the text that it is; db-scheduler's own default is Java serialization. */
final class TextSerializer implements Serializer {
  @Override
  public byte[] serialize(Object data) {
    return ((String) data).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public <T> T deserialize(Class<T> type, byte[] bytes) {
    return type.cast(new String(bytes, StandardCharsets.UTF_8));
  }
}
