package io.idem4j.http;

/**
 * Says what a handler's response means for its key. Asked for responses alone: what a handler
 * throws is judged by the operation's policy, and a request that never reached its handler changed
 * nothing. One that throws is taken to have said {@link Disposition#RECORD}. Safe for use by many
 * threads.
 */
@FunctionalInterface
public interface ResponseClassifier {
  /** What becomes of the key after a response. */
  enum Disposition {
    /** It is completed, and the response is replayed. */
    RECORD,
    /** It is released: the next request runs. For responses that made no effect. */
    RELEASE,
    /** It has failed for good: the response is replayed, and kept for the failure retention. */
    FINAL,
    /** Nobody knows whether the effect was made: nothing runs until somebody settles it. */
    IN_DOUBT,
    /** As for an exception: released under a policy that re-runs, in doubt under one that holds. */
    FAILURE
  }

  /** Returns what the response means. */
  Disposition classify(HttpResponse response);

  /**
   * Returns the default: 401, 403, 425 and 429 are released, since they say more about the moment
   * than about the request; 5xx, 408 and any other error that names a time to retry after are
   * failures: what a handler passes on, from a nested operation too, may have made an effect;
   * everything else is recorded.
   */
  static ResponseClassifier standard() {
    return response ->
        switch (response.status()) {
          case 401, 403, 425, 429 -> Disposition.RELEASE;
          case 408 -> Disposition.FAILURE;
          default ->
              response.status() >= 500 || isPassing(response)
                  ? Disposition.FAILURE
                  : Disposition.RECORD;
        };
  }

  private static boolean isPassing(HttpResponse response) {
    return response.status() >= 400 && response.headers().first("Retry-After").isPresent();
  }
}
