package io.idem4j.examples.payments;

import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpPresets;
import io.idem4j.http.HttpProblem.Kind;
import io.idem4j.http.ProblemRenderer;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Whose idempotency the service speaks. */
enum Profile {
  /** This library's defaults. */
  DEFAULT,
  /** The IETF draft. */
  IETF,
  /** Stripe. */
  STRIPE,
  /** Adyen. */
  ADYEN,
  /** GoCardless. */
  GOCARDLESS;

  /** Returns the profile of this name. */
  static Optional<Profile> of(String word) {
    return Arrays.stream(values()).filter(it -> it.word().equals(word)).findFirst();
  }

  /** Returns the names of all. */
  static String words() {
    return Arrays.stream(values()).map(Profile::word).collect(Collectors.joining(", "));
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the policy of both operations. The vendors' presets protect POST alone, because they
   * offer nothing else that is to be repeated; here a PATCH adds money, so it is protected as well.
   *
   * @param documentation where the policies are published
   */
  HttpPolicy policy(OperationPolicy operation, URI documentation) {
    ProblemRenderer problems = ProblemRenderer.problemJson(Problem.TYPE);
    return switch (this) {
      case DEFAULT ->
          HttpPolicy.of(operation).withRenderer(problems).withDocumentation(documentation);
      case IETF -> HttpPresets.ietfDraft(operation, documentation).withRenderer(problems);
      case STRIPE -> protectingAll(HttpPresets.stripe(operation), documentation);
      case ADYEN -> protectingAll(HttpPresets.adyen(operation), documentation);
      case GOCARDLESS -> protectingAll(HttpPresets.goCardless(operation), documentation);
    };
  }

  private static HttpPolicy protectingAll(HttpPolicy preset, URI documentation) {
    return preset.withMethods("POST", "PATCH").withDocumentation(documentation);
  }

  /** Says whether each response bears the id of its request. */
  boolean namesRequests() {
    return this == STRIPE;
  }

  /** Returns as what a request is refused whose effect bears the id of another one. */
  Kind reused() {
    // GoCardless compares nothing: whatever bears the key is told what was made under it.
    return this == GOCARDLESS ? Kind.ALREADY_COMPLETED : Kind.KEY_REUSED;
  }
}
