package io.idem4j.examples.outbound;

import io.idem4j.examples.outbound.Ledger.Kind;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What the provider does with requests that reach it: {@code promises.txt} says what each of its
 * four services promises. Each request is handled whole, one at a time. Safe for use by many
 * threads.
 */
final class Desks {
  /** A request as it arrived. */
  record Request(
      String method,
      String path,
      Map<String, String> query,
      Map<String, String> headers,
      Map<String, String> form) {
    /** Returns a header's value, by its name in lower case; empty if it is missing. */
    String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  private record Charge(Map<String, String> form, Reply reply) {}

  private final Ledger ledger;
  private final Duration maximumDelay;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Charge> charges = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> shipments = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> invoices = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> transfers = new LinkedHashMap<>();
  private int lastId;

  Desks(Ledger ledger, Duration maximumDelay) {
    this.ledger = ledger;
    this.maximumDelay = maximumDelay;
  }

  void forgetKeys() {
    lock.lock();
    try {
      charges.clear();
    } finally {
      lock.unlock();
    }
  }

  Reply handle(Request request) {
    lock.lock();
    try {
      String[] path = request.path().substring(1).split("/", -1);
      boolean isWrite = !request.method().equals("GET") && !request.method().equals("DELETE");
      if (isWrite
          && path.length < 3
          && !request.form().getOrDefault("amount", "").matches("[1-9][0-9]*")) {
        return Reply.error(422, "amount-invalid");
      }
      return switch (request.method() + " " + path[0] + " " + path.length) {
        case "POST charges 1" -> charge(request);
        case "PUT shipments 2" -> ship(path[1], request);
        case "GET shipments 2" -> one(shipments, path[1]);
        case "POST invoices 1" -> draft(request);
        case "POST invoices 3" -> commit(path[1]);
        case "DELETE invoices 2" -> drop(path[1]);
        case "GET invoices 1" -> list(invoices, request);
        case "POST transfers 1" -> transfer(request);
        case "GET transfers 1" -> list(transfers, request);
        default -> Reply.error(404, "no-such-service");
      };
    } finally {
      lock.unlock();
    }
  }

  private Reply charge(Request request) {
    String key = request.header("idempotency-key");
    Charge first = key.isEmpty() ? null : charges.get(key);
    if (first != null) {
      return first.form().equals(request.form()) ? first.reply() : Reply.error(422, "key-reused");
    }
    Reply reply = Reply.of(201, Map.of("id", made(Kind.CHARGES, "ch", request)));
    if (!key.isEmpty()) {
      charges.put(key, new Charge(request.form(), reply));
    }
    return reply;
  }

  private Reply ship(String id, Request request) {
    if (shipments.putIfAbsent(id, with(request.form(), "id", id)) != null) {
      return Reply.error(409, "id-exists");
    }
    ledger.add(Kind.SHIPMENTS, order(request));
    return Reply.of(201, Map.of("id", id));
  }

  private Reply draft(Request request) {
    String id = id("in");
    invoices.put(id, with(with(request.form(), "id", id), "state", "draft"));
    return Reply.of(201, Map.of("id", id));
  }

  private Reply commit(String id) {
    Map<String, String> invoice = invoices.get(id);
    if (invoice == null) {
      return Reply.error(404, "no-such-invoice");
    }
    if ("draft".equals(invoice.put("state", "committed"))) {
      ledger.add(Kind.INVOICES, invoice.getOrDefault("order", ""));
    }
    return Reply.of(200, Map.of("id", id));
  }

  private Reply drop(String id) {
    Map<String, String> invoice = invoices.get(id);
    if (invoice != null && "committed".equals(invoice.get("state"))) {
      return Reply.error(409, "committed");
    }
    invoices.remove(id);
    return new Reply(200, "");
  }

  private Reply transfer(Request request) {
    Instant sent;
    try {
      sent = Instant.parse(request.header("request-time"));
    } catch (DateTimeParseException e) {
      return Reply.error(422, "request-time-missing");
    }
    if (Instant.now().isAfter(sent.plus(maximumDelay))) {
      return Reply.error(410, "request-expired");
    }
    String id = made(Kind.TRANSFERS, "tr", request);
    transfers.put(id, with(request.form(), "id", id));
    return Reply.of(201, Map.of("id", id));
  }

  private static Reply one(Map<String, Map<String, String>> things, String id) {
    Map<String, String> thing = things.get(id);
    return thing == null ? Reply.error(404, "no-such-thing") : Reply.of(200, thing);
  }

  /** Lists what has all the values that the query names. */
  private static Reply list(Map<String, Map<String, String>> things, Request request) {
    Predicate<Map<String, String>> isAsked =
        thing -> thing.entrySet().containsAll(request.query().entrySet());
    return new Reply(
        200,
        things.values().stream()
            .filter(isAsked)
            .map(Form::encode)
            .collect(Collectors.joining("\n")));
  }

  private String made(Kind kind, String prefix, Request request) {
    ledger.add(kind, order(request));
    return id(prefix);
  }

  private String id(String prefix) {
    lastId++;
    return prefix + "_" + lastId;
  }

  private static String order(Request request) {
    return request.form().getOrDefault("order", "");
  }

  private static Map<String, String> with(Map<String, String> fields, String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(fields);
    more.put(name, value);
    return more;
  }
}
