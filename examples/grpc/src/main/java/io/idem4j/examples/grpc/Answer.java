package io.idem4j.examples.grpc;

import io.grpc.Metadata;
import io.grpc.Status;
import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.OperationPolicy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a call was answered: a status, and the response message if that is OK. Nobody changes the
 * arrays.
 *
 * @param code the status
 * @param description its description, if it has one
 * @param details its {@code grpc-status-details-bin}, if it has one
 * @param message the response message as marshalled, if there is one
 */
@SuppressWarnings("ArrayRecordComponent") // held between the call and the codec, never compared
record Answer(
    Status.Code code,
    @Nullable String description,
    byte @Nullable [] details,
    byte @Nullable [] message) {

  static final Codec<Answer> CODEC = Codec.of("grpc-answer", Answer::encode, Answer::decode);

  private static final int FORMAT = 1;

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  static Answer of(Status status, Metadata trailers, byte @Nullable [] message) {
    return new Answer(status.getCode(), status.getDescription(), trailers.get(DETAILS), message);
  }

  Status status() {
    return Status.fromCode(code).withDescription(description);
  }

  Metadata trailers() {
    Metadata trailers = new Metadata();
    if (details != null) {
      trailers.put(DETAILS, details);
    }
    return trailers;
  }

  /**
   * Returns what is recorded instead of the answer; empty for one that stands, and is replayed.
   * After the defaults of the HTTP layer: what the handler says about the request stands; what it
   * says about the moment (who calls, how often) releases the key, as no effect was made; what may
   * have struck half-way is a failure, and the policy says what that costs.
   */
  Optional<Verdict> standing(OperationPolicy.Mode mode) {
    return switch (code) {
      case OK, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE ->
          Optional.empty();
      case UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED ->
          Optional.of(Verdict.retryable());
      case CANCELLED,
          UNKNOWN,
          DEADLINE_EXCEEDED,
          ABORTED,
          UNIMPLEMENTED,
          INTERNAL,
          UNAVAILABLE,
          DATA_LOSS ->
          Optional.of(mode == OperationPolicy.Mode.RERUN ? Verdict.retryable() : Verdict.inDoubt());
    };
  }

  private static byte[] encode(Answer answer) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeByte(FORMAT);
    out.writeByte(answer.code.value());
    write(
        out,
        answer.description == null ? null : answer.description.getBytes(StandardCharsets.UTF_8));
    write(out, answer.details);
    write(out, answer.message);
    return bytes.toByteArray();
  }

  private static Answer decode(byte[] bytes) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(bytes));
    int format = in.readByte();
    if (format != FORMAT) {
      throw new IOException("an answer of format " + format);
    }
    Status.Code code = Status.fromCodeValue(in.readByte()).getCode();
    byte[] description = read(in);
    byte[] details = read(in);
    byte[] message = read(in);
    return new Answer(
        code,
        description == null ? null : new String(description, StandardCharsets.UTF_8),
        details,
        message);
  }

  private static void write(DataOutputStream out, byte @Nullable [] part) throws IOException {
    out.writeInt(part == null ? -1 : part.length);
    if (part != null) {
      out.write(part);
    }
  }

  private static byte @Nullable [] read(DataInputStream in) throws IOException {
    int length = in.readInt();
    return length < 0 ? null : in.readNBytes(length);
  }

  @Override
  public String toString() {
    return "Answer[" + code + "]";
  }
}
