package io.idem4j;

import io.idem4j.Outcome.OwnRun;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns an operation's answers into payloads and back. Safe for use by many threads. */
final class Answers<T extends @Nullable Object> {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private final String operation;
  private final Codec<T> codec;
  private final String type;
  private final byte[] typeUtf8;
  private final int maximumPayload;
  private final byte[] withoutBody;

  Answers(String operation, Codec<T> codec, int maximumPayload) {
    this.operation = operation;
    this.codec = codec;
    this.maximumPayload = maximumPayload;
    this.type = codec.type();
    this.typeUtf8 = Text.utf8(type, "a codec's type");
    if (type.isBlank() || typeUtf8.length > Codec.TYPE_LENGTH) {
      throw new MisuseException("a codec's type has 1 to " + Codec.TYPE_LENGTH + " bytes");
    }
    this.withoutBody = Envelope.notKept(type);
  }

  /** The payload of an operation that completed and of whose answer nothing was kept. */
  byte[] withoutBody() {
    return withoutBody;
  }

  /** The payload of an answer that is too large: what its codec keeps of it, or nothing. */
  byte[] withoutBody(T value, KeyId id) {
    try {
      Optional<byte[]> kept = codec.encodeWithoutBody(value, id);
      if (kept.isPresent() && kept.get().length <= maximumPayload) {
        return Envelope.answer(type, kept.get());
      }
    } catch (Throwable e) {
      warn(id, "the codec threw " + e.getClass().getName());
    }
    return withoutBody;
  }

  /** The effect is made by now: whatever goes wrong here, the completion is recorded. */
  byte[] seal(T value, KeyId id) {
    String why;
    try {
      byte[] bytes = Objects.requireNonNull(codec.encode(value, id), "bytes");
      if (bytes.length <= maximumPayload) {
        return Envelope.answer(type, bytes);
      }
      why = "the answer of " + bytes.length + " bytes is over the limit";
    } catch (Throwable e) {
      // An error of the virtual machine too: an answer that does not fit into memory is too large.
      why = "the codec threw " + e.getClass().getName();
    }
    warn(id, why);
    return withoutBody(value, id);
  }

  /** The payload of an answer as it is, or what its codec throws. */
  byte[] sealWhole(T value, KeyId id) throws Exception {
    return Envelope.answer(type, Objects.requireNonNull(codec.encode(value, id), "bytes"));
  }

  private void warn(KeyId id, String why) {
    log.warn(
        "operation {}, key {}: {}; recorded without the body", operation, id.shortDigest(), why);
  }

  /** The payload of a failure that is an answer; bytes over the limit are not kept. */
  byte[] seal(RecordedFailure failure) {
    byte[] bytes = failure.bytes();
    return bytes.length <= maximumPayload
        ? Envelope.failure(failure.code(), bytes)
        : withoutBytes(failure);
  }

  byte[] withoutBytes(RecordedFailure failure) {
    return Envelope.failure(failure.code(), new byte[0]);
  }

  /** Makes an outcome of a recorded answer or failure. */
  Outcome<T> replay(KeyRecord record, Optional<OwnRun> ownRun) {
    KeyId id = record.keyId();
    Envelope envelope = Envelope.open(id, record.slots().payload());
    boolean failed = record.state() == KeyState.FAILED_FINAL;
    if (failed != (envelope.kind() == Envelope.Kind.FAILURE)) {
      throw KeyStoreException.unreadable(id, "state and payload contradict each other");
    }
    if (failed) {
      return new Outcome.Failed<>(failure(id, envelope), ownRun);
    }
    if (envelope.kind() == Envelope.Kind.NOT_KEPT) {
      return new Outcome.Replayed<>(Optional.empty(), false, ownRun, record.reference());
    }
    return new Outcome.Replayed<>(
        Optional.ofNullable(decode(id, envelope)), true, ownRun, record.reference());
  }

  private static RecordedFailure failure(KeyId id, Envelope envelope) {
    try {
      return new RecordedFailure(envelope.label(), envelope.bytes());
    } catch (MisuseException e) {
      throw KeyStoreException.unreadable(id, "its failure has no code");
    }
  }

  T decode(KeyId id, Envelope envelope) {
    if (!envelope.isLabelled(typeUtf8)) {
      throw new CodecException(
          "operation %s, key %s: the recorded answer bears another type label than the codec's %s"
              .formatted(operation, id.shortDigest(), type));
    }
    try {
      return codec.decode(envelope.bytes(), id);
    } catch (CodecException e) {
      // Our own, which quotes nothing.
      throw e;
    } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
      // A codec's message may quote the bytes, so it is neither attached nor quoted.
      throw new CodecException(
          "operation %s, key %s: the codec could not read the recorded answer and threw %s"
              .formatted(operation, id.shortDigest(), e.getClass().getName()));
    }
  }
}
