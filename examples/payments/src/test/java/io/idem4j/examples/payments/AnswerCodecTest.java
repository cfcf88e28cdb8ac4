package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class AnswerCodecTest {
  private static final Answer FULL =
      Answer.json(201, "{\"x\":\"\u00e9\ud83d\ude00\"}").at("/payments/1");

  @Test
  void decode_encoded_isEqual() throws IOException {
    for (Answer answer : new Answer[] {FULL, Answer.empty(204), Answer.json(422, "")}) {
      assertThat(AnswerCodec.decode(AnswerCodec.encode(answer))).isEqualTo(answer);
    }
  }

  @Test
  void encode_form_staysAsItWas() throws IOException {
    byte[] bytes = AnswerCodec.encode(Answer.json(201, "{}").at("/p"));
    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo(
            "0100c9"
                + "000000022f70"
                + "00000010"
                + HexFormat.of().formatHex("application/json".getBytes(StandardCharsets.US_ASCII))
                + "000000027b7d");
  }

  @Test
  void bad25_decode_truncatedOrContinued_isRefused() throws IOException {
    byte[] bytes = AnswerCodec.encode(FULL);
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> AnswerCodec.decode(cut)).isInstanceOf(IOException.class);
    }
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> AnswerCodec.decode(longer)).isInstanceOf(IOException.class);
  }

  @Test
  void bad25_decode_damaged_isRefused() throws IOException {
    for (String hex :
        new String[] {
          "0200c9ffffffffffffffff00000000", // version 2
          "010064ffffffffffffffff00000000", // status 100
          "0100c97fffffffffffffff00000000", // a length of 2 GiB
          "0100c9fffffffeffffffff00000000", // a length of -2
          "0100c9ffffffffffffffffffffffff", // no body
          "0100c9ffffffffffffffff00000001c3" // half a character
        }) {
      byte[] bytes = HexFormat.of().parseHex(hex);
      assertThatThrownBy(() -> AnswerCodec.decode(bytes)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void bad28_headerWithLineBreak_isRefusedBothWays() throws IOException {
    Answer split = Answer.empty(201).at("/x\r\nSet-Cookie: a=b");
    assertThatThrownBy(() -> AnswerCodec.encode(split)).isInstanceOf(IOException.class);
    byte[] bytes = AnswerCodec.encode(Answer.empty(201).at("/xy"));
    bytes[8] = '\n';
    assertThatThrownBy(() -> AnswerCodec.decode(bytes)).isInstanceOf(IOException.class);
  }
}
