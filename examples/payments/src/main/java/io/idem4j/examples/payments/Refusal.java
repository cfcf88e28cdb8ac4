package io.idem4j.examples.payments;

/** Ends a request with a reply that is not recorded. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Reply reply;

  Refusal(Reply reply) {
    super(reply.note(), null, false, false);
    this.reply = reply;
  }

  Reply reply() {
    return reply;
  }
}
