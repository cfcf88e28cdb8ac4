package io.idem4j.http;

/** How a retry is answered once the first request succeeded. */
enum OnCompleted {
  REPLAY("the recorded response"),
  CONFLICT_WITH_REFERENCE("409 with a reference to what the first request made"),
  REBUILD("a response made from the current state");

  private final String description;

  OnCompleted(String description) {
    this.description = description;
  }

  String describe() {
    return description;
  }
}
