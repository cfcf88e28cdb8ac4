package io.idem4j;

import java.nio.charset.StandardCharsets;

/** What the record of a run must hold. */
final class ExpectedRecord {
  private ExpectedRecord() {}

  static byte[] payload(SimulatedCall by) {
    String type = Codec.text().type();
    if (by.failure instanceof Plan.Refusal refusal) {
      byte[] whole = Envelope.failure(refusal.recorded.code(), refusal.recorded.bytes());
      return isTooLong(by, whole) ? Envelope.failure(refusal.recorded.code(), new byte[0]) : whole;
    }
    return isBodyKept(by)
        ? Envelope.answer(type, by.value.getBytes(StandardCharsets.UTF_8))
        : Envelope.notKept(type);
  }

  static boolean isBodyKept(SimulatedCall by) {
    byte[] body = by.value.getBytes(StandardCharsets.UTF_8);
    return body.length <= SimulatedProcess.MAXIMUM_PAYLOAD
        && !isTooLong(by, Envelope.answer(Codec.text().type(), body));
  }

  static boolean isTooLong(SimulatedCall by, byte[] payload) {
    return by.process.hasNarrowLine() && payload.length > SimulatedProcess.NARROW;
  }
}
