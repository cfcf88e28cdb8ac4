package io.idem4j.examples.payments;

import com.fasterxml.jackson.databind.JsonNode;
import io.idem4j.examples.payments.Ledger.BalanceOutOfRange;
import io.idem4j.examples.payments.Ledger.Effects;
import io.idem4j.examples.payments.Ledger.Payment;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpResponse;
import java.math.BigDecimal;
import java.net.URI;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** Routes requests and answers them. Safe for use by many threads. */
final class Handlers {
  private static final String PAYMENTS = "/payments";
  private static final String PAYMENT = "/payments/";
  private static final String ACCOUNT = "/accounts/";
  private static final String EFFECTS = "/effects";

  private static final Pattern ACCOUNT_NAME = Pattern.compile("[A-Za-z0-9._~@:+-]{1,64}");

  /** Where the policies are published. */
  static final URI POLICY = URI.create("/idempotency-policy");

  private final Ledger ledger;
  private final HttpIdempotency http;
  private final Guard payments;
  private final Guard increments;

  Handlers(Ledger ledger, HttpIdempotency http, HttpPolicy policy, Profile profile) {
    this.ledger = ledger;
    this.http = http;
    this.payments = new Guard(http.operation("POST /payments", policy), profile);
    this.increments = new Guard(http.operation("PATCH /accounts/{name}", policy), profile);
  }

  /** Returns the reply to a request that needs no tenant; empty if this is none. */
  Optional<Reply> handlePublic(String method, String path) {
    if (!path.equals(POLICY.getPath())) {
      return Optional.empty();
    }
    return Optional.of(
        method.equals("GET")
            ? Reply.of(HttpResponse.of(200, "application/json", http.policyDocument()), "read")
            : Problem.methodNotAllowed("GET"));
  }

  /** Answers one request; whatever it throws has made no reply. */
  Reply handle(Request request) throws Exception {
    String path = request.path();
    if (path.equals(PAYMENTS)) {
      return switch (request.method()) {
        case "POST" -> pay(request);
        default -> Problem.methodNotAllowed("POST");
      };
    } else if (path.startsWith(PAYMENT) && !path.equals(PAYMENT)) {
      String id = path.substring(PAYMENT.length());
      return switch (request.method()) {
        case "GET" -> payment(request, id);
        case "DELETE" -> delete(request, id);
        default -> Problem.methodNotAllowed("GET, DELETE");
      };
    } else if (path.startsWith(ACCOUNT)) {
      String name = path.substring(ACCOUNT.length());
      return switch (request.method()) {
        case "GET" -> account(request, name);
        case "PATCH" -> increment(request, name);
        default -> Problem.methodNotAllowed("GET, PATCH");
      };
    } else if (path.equals(EFFECTS)) {
      return switch (request.method()) {
        case "GET" -> effects(request);
        default -> Problem.methodNotAllowed("GET");
      };
    }
    return Problem.notFound();
  }

  private Reply pay(Request sent) throws Exception {
    Experiment experiment = Experiment.parse(sent.query());
    Request request = sent.comparing(experiment.rest());
    var key = payments.key(request);
    // Before the claim: a body that is refused binds no key, and may be corrected under it.
    JsonNode json = Json.parse(request.readBody());
    BigDecimal amount = Json.amount(json);
    String currency = Json.currency(json);
    return payments.run(
        request,
        key,
        id -> ledger.check(request.tenant(), new Payment(id, amount, currency)),
        id ->
            experiment.run(
                () ->
                    response(201, ledger.pay(request.tenant(), new Payment(id, amount, currency)))
                        .withHeader("Location", PAYMENT + id)));
  }

  private Reply increment(Request sent, String name) throws Exception {
    requireAccountName(name);
    Experiment experiment = Experiment.parse(sent.query());
    Request request = sent.comparing(experiment.rest());
    var key = increments.key(request);
    long by = Json.incrementBy(Json.parse(request.readBody()));
    return increments.run(
        request,
        key,
        id -> ledger.checkIncrement(request.tenant(), name, id, by),
        id ->
            experiment.run(
                () -> {
                  try {
                    return account(name, ledger.increment(request.tenant(), name, id, by));
                  } catch (BalanceOutOfRange e) {
                    return Problem.answer(
                        409,
                        "balance-out-of-range",
                        "The balance would be out of range",
                        "A balance has 64 bits. Nothing was added.");
                  }
                }));
  }

  private Reply payment(Request request, String id) throws SQLException {
    Optional<UUID> uuid = uuid(id);
    return (uuid.isEmpty() ? Optional.<Payment>empty() : find(request, uuid.get()))
        .map(it -> Reply.of(response(200, it), "read"))
        .orElseGet(Problem::notFound);
  }

  private Optional<Payment> find(Request request, UUID id) throws SQLException {
    return ledger.payment(request.tenant(), id);
  }

  private Reply delete(Request request, String id) throws SQLException {
    Optional<UUID> uuid = uuid(id);
    return uuid.isPresent() && ledger.delete(request.tenant(), uuid.get())
        ? Reply.of(HttpResponse.of(204), "deleted")
        : Problem.notFound();
  }

  private Reply account(Request request, String name) throws SQLException, Refusal {
    requireAccountName(name);
    return Reply.of(account(name, ledger.balance(request.tenant(), name)), "read");
  }

  private Reply effects(Request request) throws SQLException {
    Effects effects = ledger.effects(request.tenant());
    return Reply.of(
        Json.response(
            200,
            Json.object()
                .put("payments", effects.payments())
                .put("increments", effects.increments())),
        "read");
  }

  private static HttpResponse account(String name, long balance) {
    return Json.response(200, Json.object().put("name", name).put("balance", balance));
  }

  private static HttpResponse response(int status, Payment payment) {
    return Json.response(
        status,
        Json.object()
            .put("id", payment.id().toString())
            .put("amount", payment.amount())
            .put("currency", payment.currency()));
  }

  /** The lenient {@link UUID#fromString} would give one payment many names. */
  private static Optional<UUID> uuid(String text) {
    try {
      return Optional.of(UUID.fromString(text)).filter(it -> it.toString().equals(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static void requireAccountName(String name) throws Refusal {
    if (!ACCOUNT_NAME.matcher(name).matches()) {
      throw new Refusal(
          Problem.badRequest(
              "An account's name has 1 to 64 characters: letters, digits and . _ ~ @ : + -"));
    }
  }
}
