package io.idem4j.http;

import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.request;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IllegalKeyException;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import java.net.URI;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The scenarios of the project's design, statements from practice: those that speak of HTTP. */
class HttpScenarioRowsTest {
  private static final String UUID_4 = "0b5c8bd4-5f3c-4c0e-9a55-2b4a9a6de0f1";
  private static final String STRIPES = "KG5LxwFBepaKHyUD";

  private final HttpBench bench = new HttpBench();

  private static HttpRequest keyed(String method, String target, String key, String body) {
    return request(method, target, HttpHeaders.of("Idempotency-Key", key), body);
  }

  private void replays(HttpOperation operation, HttpRequest request) {
    int before = bench.effects.get();
    assertThat(field(bench.send(operation, request), "Idempotent-Replayed")).isEqualTo("true");
    assertThat(bench.effects).hasValue(before);
  }

  private void runs(HttpOperation operation, HttpRequest request) {
    int before = bench.effects.get();
    assertThat(field(bench.send(operation, request), "Idempotent-Replayed")).isEmpty();
    assertThat(bench.effects).hasValue(before + 1);
  }

  @Test
  void row03_operationThatConverges_isOptedOutAndLocksAndComparesNothing() {
    HttpPolicy ignoring = RERUN.withKeyRequirement(KeyRequirement.IGNORED);
    HttpOperation status = bench.http.operation("POST /orders/{id}/status", ignoring);
    HttpOperation create = bench.operation(RERUN);
    Map<String, String> statuses = new HashMap<>();

    for (String to : List.of("COMPLETED", "COMPLETED", "ARCHIVED")) {
      HttpResponse response =
          bench.send(
              TENANT,
              status,
              keyed("POST", "/orders/7/status", "k", to),
              context -> {
                assertThat(context).as("of a key").isEmpty();
                statuses.put("7", to);
                return HttpResponse.of(204);
              });
      assertThat(response.status()).as("no request is another's retry").isEqualTo(204);
    }

    assertThat(statuses).containsExactly(Map.entry("7", "ARCHIVED"));
    assertThat(bench.engine.calls()).isZero();
    assertThat(bench.engine.events()).hasSize(3).containsOnly("bypassed POST /orders/{id}/status");
    runs(create, post("k", "a"));
    replays(create, post("k", "a"));
  }

  @Test
  void row20_byDefault_theClientsTokenIsTheKeyAndNotThePayload() {
    HttpOperation payments = bench.operation(RERUN);

    runs(payments, post("token-1", "ten euros"));
    runs(payments, post("token-2", "ten euros"));
    replays(payments, post("token-1", "ten euros"));
    runs(payments, bare("POST", "ten euros"));
    assertThat(bench.engine.records()).isEqualTo(2);
  }

  @Test
  void row22_methodsThatAreIdempotentAlready_areLeftAlone() {
    HttpOperation operation = bench.operation(RERUN);
    for (String method : List.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")) {
      runs(operation, keyed(method, "/articles/1", "k", ""));
      runs(operation, keyed(method, "/articles/1", "not, a key", ""));
    }
    assertThat(bench.engine.calls()).isZero();

    for (String safe : List.of("GET", "HEAD", "OPTIONS", "TRACE", "trace")) {
      assertThatThrownBy(() -> RERUN.withMethods("POST", safe))
          .as(safe)
          .isInstanceOf(MisuseException.class);
    }
    for (String protectable : List.of("POST", "PATCH")) {
      runs(operation, keyed(protectable, "/articles", protectable, ""));
      replays(operation, keyed(protectable, "/articles", protectable, ""));
    }
  }

  @Test
  void row23_put_firesItsTriggerTwiceUnlessTheOperationOptsIn() {
    HttpRequest put = keyed("PUT", "/articles/1", "k", "text");
    HttpOperation optedIn = bench.http.operation("PUT /articles/{id}", RERUN.withMethods("PUT"));

    runs(bench.operation(RERUN), put);
    runs(bench.operation(RERUN), put);
    runs(optedIn, put);
    replays(optedIn, put);
  }

  @Test
  void row24_secondDeleteUnderTheKey_gets204AndNot404() {
    Map<String, String> articles = new HashMap<>(Map.of("1", "text"));
    HttpHandler<RuntimeException> delete =
        context -> HttpResponse.of(articles.remove("1") == null ? 404 : 204);
    HttpOperation optedIn =
        bench.http.operation("DELETE /articles/{id}", RERUN.withMethods("DELETE"));
    HttpRequest request = keyed("DELETE", "/articles/1", "k", "");

    assertThat(bench.send(TENANT, optedIn, request, delete).status()).isEqualTo(204);
    assertThat(bench.send(TENANT, optedIn, request, delete).status()).isEqualTo(204);

    assertThat(bench.send(TENANT, bench.operation(RERUN), request, delete).status())
        .as("without: what the resource says")
        .isEqualTo(404);
  }

  @Test
  void row25_operation_isNamedByTheServiceAndNotInferredFromTheRequest() {
    HttpOperation command = bench.http.operation("close the month", RERUN);
    HttpOperation trigger = bench.http.operation("start the export", RERUN);
    HttpHeaders form =
        HttpHeaders.of("Idempotency-Key", "k")
            .with("Content-Type", "application/x-www-form-urlencoded");
    HttpRequest request = request("POST", "/commands", form, "name=any");

    runs(command, request);
    runs(trigger, request);
    replays(command, request);
    replays(trigger, request);

    assertThatThrownBy(() -> bench.http.operation(" ", RERUN))
        .isInstanceOf(IllegalKeyException.class);
  }

  /** Whether the room is free is what the handler asks: it is taken by the very same booking. */
  @Test
  void row26_guestWhoGaveUpAndBooksAgain_isNeverToldThatTheRoomIsTaken() {
    HttpOperation bookings = bench.http.operation("POST /bookings", RERUN);
    Set<String> taken = new HashSet<>();
    HttpHandler<RuntimeException> book =
        context ->
            taken.add("7")
                ? HttpResponse.of(201, "text/plain", "booked")
                : HttpResponse.of(409, "text/plain", "taken");
    HttpRequest request = keyed("POST", "/bookings", "k", "room 7");

    HttpLease running = bench.granted(bookings, request);
    HttpResponse first = book.handle(Optional.empty());
    HttpResponse meanwhile = bench.send(TENANT, bookings, request, book);
    assertThat(type(meanwhile)).isEqualTo("in-flight");
    assertThat(field(meanwhile, "Retry-After")).isNotEmpty();

    running.finish(first);
    HttpResponse again = bench.send(TENANT, bookings, request, book);
    assertThat(again).isEqualTo(first.withHeader("Idempotent-Replayed", "true"));
    HttpResponse another =
        bench.send(TENANT, bookings, keyed("POST", "/bookings", "k2", "room 7"), book);
    assertThat(body(another)).as("another guest").isEqualTo("taken");
  }

  @Test
  void row27_uuidInTheHeader_quotedOrBare_getsTheFirstResponse() {
    HttpOperation payments = bench.operation(RERUN);
    HttpResponse first = bench.send(payments, post(UUID_4, "a"));

    for (String again : List.of(UUID_4, '"' + UUID_4 + '"', "  " + UUID_4 + " ")) {
      HttpResponse second = bench.send(payments, post(again, "a"));
      assertThat(second).isEqualTo(first.withHeader("Idempotent-Replayed", "true"));
    }
    runs(payments, post("\"any other text: 1\"", "a"));
    assertThat(bench.effects).hasValue(2);
  }

  @Test
  void row30_keyOfSixteenUnquotedCharacters_isTakenUnlessThePolicyIsStricter() {
    HttpOperation standard = bench.operation(RERUN);
    runs(standard, post(STRIPES, "a"));
    replays(standard, post(STRIPES, "a"));
    HttpOperation stripe =
        bench.http.operation("POST /charges", HttpPresets.stripe(OperationPolicy.rerun()));
    runs(stripe, post(STRIPES, "a"));
    replays(stripe, post(STRIPES, "a"));

    for (HttpPolicy strict :
        List.of(
            RERUN.withKeyFormat(KeyFormat.any().withLength(20, 255)),
            RERUN.withKeyFormat(KeyFormat.uuid()),
            HttpPresets.ietfDraft(OperationPolicy.rerun(), URI.create("https://api.example/")))) {
      HttpResponse refused = bench.send(bench.operation(strict), post(STRIPES, "a"));
      assertThat(type(refused)).isEqualTo("key-malformed");
    }
  }

  @Test
  void row33_patch_isProtectedByContentTypeTooAndMayOptOut() {
    HttpOperation standard = bench.http.operation("PATCH /articles/{id}", RERUN);
    HttpOperation optedOut = bench.http.operation("PATCH /settings", RERUN.withMethods("POST"));
    String body = "{\"title\":null}";

    runs(standard, patch("application/merge-patch+json", body));
    replays(standard, patch("application/merge-patch+json", body));
    assertThat(type(bench.send(standard, patch("application/json", body))))
        .as("the same bytes mean something else")
        .isEqualTo("key-reused");

    runs(optedOut, patch("application/merge-patch+json", body));
    runs(optedOut, patch("application/merge-patch+json", body));
  }

  private static HttpRequest patch(String contentType, String body) {
    HttpHeaders headers = HttpHeaders.of("Idempotency-Key", "k");
    return request("PATCH", "/articles/1", headers.with("Content-Type", contentType), body);
  }

  @Test
  void row34_incrementBy_isAddedOncePerKeyWhateverTheResource() {
    HttpOperation increment = bench.http.operation("POST /counters/{id}/increment", RERUN);
    int[] counters = {0, 0};
    String[][] sent = {{"0", "k1"}, {"0", "k1"}, {"0", "k2"}, {"0", "k2"}, {"1", "k1"}};
    int[] statuses = new int[sent.length];
    for (int i = 0; i < sent.length; i++) {
      int id = Integer.parseInt(sent[i][0]);
      HttpRequest request = keyed("POST", "/counters/" + id + "/increment", sent[i][1], "5");
      statuses[i] =
          bench
              .send(
                  TENANT,
                  increment,
                  request,
                  context -> HttpResponse.of(200, "text/plain", "" + (counters[id] += 5)))
              .status();
    }

    assertThat(counters).containsExactly(10, 0);
    assertThat(statuses)
        .as("the key of one resource is no new key at another")
        .containsExactly(200, 200, 200, 200, 422);
  }

  @Test
  void row35_withoutAFramework_eachWayToCallAnswersTheOthersRetry() throws Exception {
    HttpOperation payments = bench.operation(RERUN);
    HttpResponse byFunction = bench.send(payments, post("1", "a"));
    HttpResponse byHalves = bench.granted(payments, post("2", "a")).finish(bench.created());
    HttpResponse byFuture =
        payments
            .handleAsync(
                TENANT,
                post("3", "a"),
                Runnable::run,
                context -> CompletableFuture.completedFuture(bench.created()))
            .get();

    assertThat(List.of(body(byFunction), body(byHalves), body(byFuture)))
        .containsExactly("{\"payment\":1}", "{\"payment\":2}", "{\"payment\":3}");
    assertThat(body(bench.denied(payments, post("1", "a")))).isEqualTo(body(byFunction));
    HttpResponse replay =
        payments
            .handleAsync(
                TENANT,
                post("2", "a"),
                Runnable::run,
                context -> CompletableFuture.completedFuture(bench.created()))
            .get();
    assertThat(body(replay)).isEqualTo(body(byHalves));
    assertThat(body(bench.send(payments, post("3", "a")))).isEqualTo(body(byFuture));
    assertThat(bench.effects).hasValue(3);
  }

  @Test
  void row36_keysAreRolledOut_optionalFirstAndCountedThenRequiredByOperation() {
    HttpOperation old = bench.http.operation("POST /old", RERUN);
    HttpOperation strict =
        bench.http.operation("POST /new", RERUN.withKeyRequirement(KeyRequirement.REQUIRED));

    runs(old, bare("POST", "a"));
    runs(old, bare("POST", "a"));
    runs(old, post("k", "a"));
    replays(old, post("k", "a"));
    assertThat(bench.engine.events())
        .as("keyed and unkeyed traffic can be told apart and counted")
        .containsExactly(
            "bypassed POST /old", "bypassed POST /old", "claimed", "completed", "replayed");

    int effects = bench.effects.get();
    assertThat(type(bench.send(strict, bare("POST", "a")))).isEqualTo("key-missing");
    assertThat(bench.effects).hasValue(effects);
    runs(strict, post("k", "a"));
  }

  @Test
  void row37_replaysAndConflicts_areEventsOfTheirOwn() {
    HttpOperation payments = bench.operation(RERUN);
    HttpOperation hold = bench.http.operation("POST /transfers", HttpBench.HOLD);
    bench.send(payments, post("done", "a"));
    bench.granted(payments, post("running", "a"));
    bench.send(hold, post("lost", "a"), 500);
    bench.engine.events().clear();

    bench.send(payments, post("done", "a"));
    bench.send(payments, post("done", "b"));
    bench.send(payments, post("running", "a"));
    bench.send(hold, post("lost", "a"));

    assertThat(bench.engine.events()).containsExactly("replayed", "reused", "inFlight", "inDoubt");
  }

  @Test
  void row38_trackingId_isAKeyBesideTheStandardField() {
    HttpPolicy both = RERUN.withKeyHeaders("tracking-id", "Idempotency-Key");
    HttpOperation payments = bench.operation(both);
    HttpRequest tracked = request("POST", "/payments", HttpHeaders.of("Tracking-Id", "k"), "a");

    runs(payments, tracked);
    replays(payments, tracked);
    replays(payments, post("k", "a"));
    runs(bench.operation(RERUN), tracked);
    assertThat(bench.engine.events()).containsOnlyOnce("bypassed " + OPERATION);
  }
}
