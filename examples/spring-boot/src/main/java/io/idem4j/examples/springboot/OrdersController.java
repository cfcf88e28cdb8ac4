package io.idem4j.examples.springboot;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Orders, each of which has an effect: it is counted. Knows no keys beyond the annotation. */
@RestController
class OrdersController {
  private final AtomicInteger effects = new AtomicInteger();

  @PostMapping("/orders")
  @Idempotent(operation = "POST /orders", policy = "keyOptional")
  ResponseEntity<byte[]> order(@RequestParam Map<String, String> query, InputStream body)
      throws Exception {
    int number = effects.incrementAndGet();
    String digest = digest(body);
    if (query.containsKey("fail")) {
      throw new IllegalStateException("failed on request");
    } else if (query.containsKey("status")) {
      return text(Integer.parseInt(query.get("status")), "status " + query.get("status"));
    } else if (query.containsKey("empty")) {
      return ResponseEntity.noContent().build();
    } else if (query.containsKey("delay")) {
      Thread.sleep(Integer.parseInt(query.get("delay")));
    }
    return ResponseEntity.created(URI.create("/orders/" + number))
        .header("Set-Cookie", "session=" + number)
        .contentType(MediaType.TEXT_PLAIN)
        .body(utf8("order " + number + ": " + digest));
  }

  @PostMapping("/strict")
  @Idempotent(operation = "POST /strict", policy = "keyRequired")
  ResponseEntity<byte[]> strict(@RequestParam Map<String, String> query, InputStream body)
      throws Exception {
    return order(query, body);
  }

  @PostMapping("/plain")
  ResponseEntity<byte[]> plain() {
    return text(200, "plain " + effects.incrementAndGet());
  }

  @GetMapping("/effects")
  ResponseEntity<byte[]> effects() {
    return text(200, Integer.toString(effects.get()));
  }

  private static ResponseEntity<byte[]> text(int status, String text) {
    return ResponseEntity.status(status).contentType(MediaType.TEXT_PLAIN).body(utf8(text));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String digest(InputStream body) throws IOException, NoSuchAlgorithmException {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    sha256.update(body.readAllBytes());
    return HexFormat.of().formatHex(sha256.digest());
  }
}
