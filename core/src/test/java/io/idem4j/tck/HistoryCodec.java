package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History.Answer;
import io.idem4j.tck.History.Call;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Calls and deeds as bytes, and back; lengths and sums are the file's. Stateless. */
final class HistoryCodec {
  private HistoryCodec() {}

  static byte[] encode(Call call) {
    return bytes(
        out -> {
          out.write(call.id().bytes());
          out.writeInt(call.thread());
          out.writeLong(call.invoked());
          out.writeLong(call.returned());
          out.writeUTF(call.answer().name());
          out.write(call.expected().bytes());
          out.writeBoolean(call.next().isPresent());
          if (call.next().isPresent()) {
            write(out, call.next().get());
          }
          out.writeBoolean(call.seen().isPresent());
          if (call.seen().isPresent()) {
            write(out, call.seen().get());
          }
        });
  }

  static Call decodeCall(byte[] bytes) {
    return from(
        bytes,
        in -> {
          KeyId id = KeyId.of(in.readNBytes(KeyId.LENGTH));
          int thread = in.readInt();
          long invoked = in.readLong();
          long returned = in.readLong();
          Answer answer = Answer.valueOf(in.readUTF());
          Stamp expected = Stamp.of(in.readNBytes(Stamp.LENGTH));
          Optional<KeyRecord> next =
              in.readBoolean() ? Optional.of(readWritten(in, id)) : Optional.empty();
          Optional<StoredRecord> seen =
              in.readBoolean() ? Optional.of(readSeen(in, id)) : Optional.empty();
          return new Call(id, thread, invoked, returned, answer, expected, next, seen);
        });
  }

  static byte[] encode(Deed deed) {
    return bytes(
        out -> {
          out.write(deed.id().bytes());
          out.writeInt(deed.caller());
          out.writeUTF(deed.kind().name());
          out.writeLong(deed.invoked());
          out.writeLong(deed.returned());
          out.writeInt(deed.offered().size());
          for (FingerprintDigest each : deed.offered()) {
            out.writeUTF(each.algorithm());
            out.write(each.digest());
          }
          write(out, deed.answer().orElse(null));
          out.writeBoolean(deed.code().isPresent());
          out.writeUTF(deed.code().orElse(""));
          out.writeBoolean(deed.fence().isPresent());
          out.writeLong(deed.fence().orElse(0));
          out.writeBoolean(deed.attempt().isPresent());
          out.writeInt(deed.attempt().orElse(0));
        });
  }

  static Deed decodeDeed(byte[] bytes) {
    return from(
        bytes,
        in -> {
          KeyId id = KeyId.of(in.readNBytes(KeyId.LENGTH));
          int caller = in.readInt();
          Kind kind = Kind.valueOf(in.readUTF());
          long invoked = in.readLong();
          long returned = in.readLong();
          List<FingerprintDigest> offered = new ArrayList<>();
          for (int left = in.readInt(); left > 0; left--) {
            offered.add(
                new FingerprintDigest(in.readUTF(), in.readNBytes(FingerprintDigest.LENGTH)));
          }
          Optional<byte[]> answer = Optional.ofNullable(readBytes(in));
          Optional<String> code = optional(in.readBoolean(), in.readUTF());
          boolean hasFence = in.readBoolean();
          long fence = in.readLong();
          boolean hasAttempt = in.readBoolean();
          int attempt = in.readInt();
          return new Deed(
              id,
              caller,
              kind,
              invoked,
              returned,
              List.copyOf(offered),
              answer,
              code,
              hasFence ? OptionalLong.of(fence) : OptionalLong.empty(),
              hasAttempt ? OptionalInt.of(attempt) : OptionalInt.empty());
        });
  }

  /** A record as it was written; its slots may be unchanged, which no stored record's are. */
  private static void write(DataOutputStream out, KeyRecord record) throws IOException {
    boolean unchanged = record.slots().isUnchanged();
    out.writeBoolean(unchanged);
    KeyRecord whole = unchanged ? record.toBuilder().slots(Slots.EMPTY).build() : record;
    write(out, RecordCodec.encode(whole));
    write(out, record.lease());
    write(out, record.retention());
  }

  private static KeyRecord readWritten(DataInputStream in, KeyId id) throws IOException {
    boolean unchanged = in.readBoolean();
    StoredRecord read = RecordCodec.decode(id, readBytes(in), Duration.ZERO, Duration.ZERO);
    KeyRecord.Builder record =
        read.record().toBuilder().lease(readDuration(in)).retention(readDuration(in));
    return (unchanged ? record.slots(Slots.UNCHANGED) : record).build();
  }

  private static void write(DataOutputStream out, StoredRecord seen) throws IOException {
    boolean isReadable = seen.format() == KeyRecord.FORMAT;
    out.writeBoolean(isReadable);
    if (isReadable) {
      write(out, RecordCodec.encode(seen.record()));
    } else {
      out.write(seen.keyId().bytes());
      out.write(seen.stamp().bytes());
      out.writeInt(seen.format());
    }
    write(out, seen.leaseLeft());
    write(out, seen.retentionLeft());
  }

  private static StoredRecord readSeen(DataInputStream in, KeyId id) throws IOException {
    if (in.readBoolean()) {
      return RecordCodec.decode(id, readBytes(in), readDuration(in), readDuration(in));
    }
    KeyId own = KeyId.of(in.readNBytes(KeyId.LENGTH));
    Stamp stamp = Stamp.of(in.readNBytes(Stamp.LENGTH));
    int format = in.readInt();
    readDuration(in);
    return StoredRecord.ofUnknownFormat(own, stamp, format, readDuration(in));
  }

  private static void write(DataOutputStream out, Duration length) throws IOException {
    out.writeLong(length.getSeconds());
    out.writeInt(length.getNano());
  }

  private static Duration readDuration(DataInputStream in) throws IOException {
    return Duration.ofSeconds(in.readLong(), in.readInt());
  }

  private static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    return length < 0 ? null : in.readNBytes(length);
  }

  private static <T> Optional<T> optional(boolean isPresent, T value) {
    return isPresent ? Optional.of(value) : Optional.empty();
  }

  private interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private interface Reading<T> {
    T from(DataInputStream in) throws IOException;
  }

  private static byte[] bytes(Writing writing) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
      writing.to(new DataOutputStream(bytes));
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static <T> T from(byte[] bytes, Reading<T> reading) {
    try {
      return reading.from(new DataInputStream(new ByteArrayInputStream(bytes)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
