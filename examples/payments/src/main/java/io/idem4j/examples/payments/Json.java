package io.idem4j.examples.payments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.idem4j.http.HttpResponse;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.regex.Pattern;

/** Reads the bodies of requests strictly, and makes those of answers. */
final class Json {
  /** The most digits before the point of an amount. */
  static final int INTEGER_DIGITS = 18;

  /** The most digits after the point of an amount. */
  static final int FRACTION_DIGITS = 18;

  private static final Pattern CURRENCY = Pattern.compile("[A-Z]{3}");

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Returns the text of an object, with amounts as plain decimals. */
  static String text(ObjectNode object) {
    try {
      return MAPPER.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree could not be written", e);
    }
  }

  static HttpResponse response(int status, ObjectNode object) {
    return HttpResponse.of(status, "application/json", text(object));
  }

  /** Reads a body that is exactly one JSON object. */
  static JsonNode parse(byte[] body) throws Refusal {
    JsonNode tree;
    try {
      tree = MAPPER.readTree(body);
    } catch (IOException | NumberFormatException e) {
      // Jackson lets the latter through for exponents that no int holds.
      throw bad("The body is not JSON that can be read.");
    }
    if (!tree.isObject()) {
      throw bad("The body is not a JSON object.");
    }
    return tree;
  }

  /** Returns the amount, with as many digits after the point as were sent. */
  static BigDecimal amount(JsonNode body) throws Refusal {
    JsonNode node = body.path("amount");
    if (!node.isNumber()) {
      throw bad("'amount' must be a number.");
    }
    BigDecimal amount = node.decimalValue();
    if (amount.signum() <= 0) {
      throw bad("'amount' must be positive.");
    }
    // Compared as digits and scale: 1e1000000000 is a small object until somebody expands it.
    if ((long) amount.precision() - amount.scale() > INTEGER_DIGITS
        || amount.scale() > FRACTION_DIGITS) {
      throw bad(
          "'amount' may have "
              + INTEGER_DIGITS
              + " digits before and "
              + FRACTION_DIGITS
              + " after the point.");
    }
    return amount.scale() < 0 ? amount.setScale(0) : amount;
  }

  static String currency(JsonNode body) throws Refusal {
    JsonNode node = body.path("currency");
    if (!node.isTextual() || !CURRENCY.matcher(node.textValue()).matches()) {
      throw bad("'currency' must be a string of three letters A to Z.");
    }
    return node.textValue();
  }

  static long incrementBy(JsonNode body) throws Refusal {
    JsonNode node = body.path("incrementBy");
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw bad("'incrementBy' must be an integer of at most 64 bits.");
    }
    return node.longValue();
  }

  private static Refusal bad(String detail) {
    return new Refusal(Problem.badRequest(detail));
  }
}
